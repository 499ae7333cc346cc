//! The records of a line that holds more, or less, than one.
//!
//! A program that is killed while it writes leaves a torn record, and the next record is written
//! behind it, on the same line. Two programs that write to one file can leave two records on a line.

use serde_json::Value;
use serde_json::value::RawValue;

use super::parse::parse;

/// The records of a line that is not one value.
#[derive(Debug, Default, PartialEq)]
pub(super) struct LineRecords {
    /// The records at the beginning of the line, up to the damage, if there is any.
    pub(super) values: Vec<Value>,
    /// Whether part of the line is not a record.
    pub(super) damaged: bool,
    /// What looks like records behind the damage. It could also be a part of a torn record.
    pub(super) after_damage: Vec<Value>,
}

/// Takes apart a line that is not one value.
pub(super) fn records_of(line: &str, max_parts: usize) -> LineRecords {
    let mut records = LineRecords::default();
    let mut stream = serde_json::Deserializer::from_str(line).into_iter::<Box<RawValue>>();
    let mut whole_until = 0;
    while let Some(Ok(raw)) = stream.next() {
        // Words and numbers on a line are no records, but text that is not JSON.
        let Ok(value @ Value::Object(_)) = parse(raw.get(), max_parts) else { break };
        records.values.push(value);
        whole_until = stream.byte_offset();
    }
    let mut rest = line[whole_until..].trim_end();
    records.damaged = !rest.trim_start().is_empty();
    while let Some(start) = last_object(rest) {
        let Ok(value) = parse(&rest[start..], max_parts) else { break };
        records.after_damage.push(value);
        rest = rest[..start].trim_end();
    }
    records.after_damage.reverse();
    records
}

/// Where the object begins with which a text ends. It is found from the end in one pass, so that a
/// long torn record costs no more than its length.
fn last_object(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.last() != Some(&b'}') {
        return None;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut at = bytes.len();
    while at > 0 {
        at -= 1;
        match bytes[at] {
            b'"' => {
                let backslashes =
                    bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
                // An escaped quote does not end a string.
                if backslashes % 2 == 0 {
                    in_string = !in_string;
                }
                at -= backslashes;
            }
            _ if in_string => {}
            b'}' | b']' => depth += 1,
            b'{' | b'[' => {
                depth -= 1;
                if depth == 0 {
                    return (bytes[at] == b'{').then_some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn records(line: &str) -> (Vec<Value>, bool, Vec<Value>) {
        let records = records_of(line, usize::MAX);
        (records.values, records.damaged, records.after_damage)
    }

    #[test]
    fn whole_records_are_found_beside_torn_ones() {
        let (a, b) = (json!({"a": {"x": "}\"{"}}), json!({"b": [1]}));
        assert_eq!(records(&format!("{a}{b}")), (vec![a.clone(), b.clone()], false, vec![]));
        assert_eq!(records(&format!("{a} {b} ")), (vec![a.clone(), b.clone()], false, vec![]));
        assert_eq!(
            records(&format!("{{\"type\":\"user\",\"text\":\"half a {a}{b}")),
            (vec![], true, vec![a.clone(), b.clone()])
        );
        assert_eq!(
            records(&format!("{a}{{\"c\":{{\"d\":1}}, {b}")),
            (vec![a.clone()], true, vec![b.clone()])
        );
        assert_eq!(records(&format!("{a}{{\"c\":")), (vec![a], true, vec![]));
        assert_eq!(records("not json"), (vec![], true, vec![]));
        assert_eq!(records("17 words"), (vec![], true, vec![]));
    }

    proptest! {
        #[test]
        fn a_record_behind_any_torn_one_is_found(text in any::<String>(), at in 0usize..200) {
            let whole = json!({"text": text, "more": [{"text": text}]}).to_string();
            let mut torn = whole.clone();
            torn.truncate(whole.floor_char_boundary(at.min(whole.len() - 1)));
            let found = records_of(&format!("{torn}{whole}"), usize::MAX);
            prop_assert_ne!(found.values.is_empty(), torn.is_empty());
            let last = found.after_damage.last().or(found.values.last());
            prop_assert_eq!(last, Some(&serde_json::from_str(&whole).unwrap()));
        }
    }
}
