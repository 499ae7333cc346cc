//! Finds the id of a request that cannot be read as a whole, so that whoever waits for its answer gets one.

use rmcp::model::RequestId;
use serde::Deserialize;

/// Bytes of the longest member that may be an id.
const MAX_MEMBER: usize = 512;

/// Looks at a JSON object piece by piece, keeps nothing of it but the member at hand, and finds the one named
/// `id`. Of text that is no JSON it may find anything or nothing.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each tells of a member of its own")]
pub(super) struct TopLevelId {
    found: Option<RequestId>,
    has_id: bool,
    has_method: bool,
    /// Brackets that are open.
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    /// The member of the object itself that is being read, as long as it may be the one.
    member: Vec<u8>,
    /// Whether that member holds brackets, or is too long.
    is_other: bool,
}

#[derive(Deserialize)]
struct Member {
    id: RequestId,
}

impl TopLevelId {
    /// Looks at a whole object.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut looking = Self::default();
        looking.look_at(text);
        looking
    }

    /// Looks at the next piece.
    pub(super) fn look_at(&mut self, piece: &[u8]) {
        for byte in piece {
            self.look_at_byte(*byte);
        }
    }

    /// Whether nobody waits for an answer: a notification has no id, and what is itself an answer has no method.
    pub(super) fn expects_nothing(&self) -> bool {
        self.has_id != self.has_method
    }

    /// What was found so far.
    pub(super) fn found(self) -> Option<RequestId> {
        self.found
    }

    fn look_at_byte(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            self.in_string = byte != b'"' || self.is_escaped;
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return;
        }
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.is_other = self.depth > 1;
            }
            b'}' | b']' => {
                if self.depth == 1 {
                    self.end_member();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.depth == 1 => self.end_member(),
            _ => {
                self.in_string = byte == b'"';
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth != 1 || self.is_other {
            return;
        }
        self.is_other = self.member.len() == MAX_MEMBER;
        self.member.push(byte);
    }

    fn end_member(&mut self) {
        let member = std::mem::take(&mut self.member);
        self.has_id |= member.trim_ascii_start().starts_with(b"\"id\"");
        self.has_method |= member.trim_ascii_start().starts_with(b"\"method\"");
        if std::mem::take(&mut self.is_other) {
            return;
        }
        let object = [b"{".as_slice(), &member, b"}"].concat();
        if let Ok(Member { id }) = serde_json::from_slice(&object) {
            self.found = Some(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn found(text: &str) -> Option<Value> {
        TopLevelId::of(text.as_bytes()).found().map(RequestId::into_json_value)
    }

    #[test]
    fn the_id_is_that_of_the_message_and_of_nothing_in_it() {
        assert_eq!(found(r#"{"id":7}"#), Some(json!(7)));
        assert_eq!(found(r#"{ "params" : {"id":1}, "id" : "a,}b" }"#), Some(json!("a,}b")));
        assert_eq!(found(r#"{"id":7,"params":{"id":1,"x":[{"id":2}]}}"#), Some(json!(7)));
        assert_eq!(found(r#"{"params":{"id":1},"text":"\",\"id\":3"}"#), None);
        assert_eq!(found(r#"{"id":null}"#), None);
        assert_eq!(found("]]},{"), None);
    }

    #[test]
    fn only_a_request_expects_an_answer() {
        for (text, expects) in [
            (r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#, true),
            (r#"{ "method" : "ping", "params":{"x":[1]}, "id" : {"no": "id"} }"#, true),
            (r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"id":1}}"#, false),
            (r#"{"jsonrpc":"2.0","id":7,"result":{"method":"ping"}}"#, false),
            (r#"{"jsonrpc":"2.0","id":null,"error":{}}"#, false),
            (r#"[{"id":7}]"#, true),
        ] {
            assert_eq!(!TopLevelId::of(text.as_bytes()).expects_nothing(), expects, "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((prop_oneof![Just("id".to_owned()), ".*"], inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_object_has_the_id_that_it_has(
            params in any_json(), id in any::<i64>(), text in ".{0,40}", cut in 0_usize..40
        ) {
            for id in [json!(id), json!(text)] {
                let message = json!({"a": params, "id": id, "method": "ping", "params": params});
                let message = message.to_string();
                let (head, tail) = message.as_bytes().split_at(cut.min(message.len()));
                let mut looking = TopLevelId::default();
                looking.look_at(head);
                looking.look_at(tail);
                prop_assert_eq!(looking.found().map(RequestId::into_json_value), Some(id));
            }
        }

        #[test]
        fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            TopLevelId::of(&bytes);
        }
    }
}
