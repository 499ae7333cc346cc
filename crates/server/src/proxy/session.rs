//! Which session a request belongs to.

use axum::http::HeaderMap;
use jiff::tz::TimeZone;
use longmem_core::{SessionName, Timestamp};

use super::conversation::Conversation;

/// Headers in which clients name their sessions: longmem's own, Claude Code's, those of Codex.
const HEADERS: [&str; 4] =
    ["x-longmem-session", "x-claude-code-session-id", "session-id", "thread-id"];

/// Hexadecimal digits that tell the sessions of a day apart.
const DIGITS: usize = 12;

/// The session that a request belongs to: the one that it names, else that of its first question and the day.
/// None for a request in which nobody asked anything.
pub(super) fn session(
    headers: &HeaderMap,
    conversation: &Conversation,
    now: Timestamp,
    time_zone: &TimeZone,
) -> Option<SessionName> {
    let in_header = |name: &&str| {
        let value = std::str::from_utf8(headers.get(*name)?.as_bytes()).ok()?;
        SessionName::new(value.trim()).ok()
    };
    let in_body = || SessionName::new(conversation.session.as_ref()?).ok();
    let by_question = || {
        let hash = conversation.questions.first()?.hash.0;
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let day = now.to_zoned(time_zone.clone()).date();
        SessionName::new(format!("proxy-{day}-{}", &digits[..DIGITS])).ok()
    };
    HEADERS.iter().find_map(in_header).or_else(in_body).or_else(by_question)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::api::RequestKind;
    use super::*;

    fn named(
        headers: &[(&'static str, &str)],
        messages: &Value,
        metadata: &Value,
    ) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let body = json!({"messages": messages, "metadata": metadata}).to_string();
        let conversation = Conversation::read(RequestKind::Messages, body.as_bytes()).unwrap();
        let now = "2026-03-08T23:30:00Z".parse().unwrap();
        let session = session(&map, &conversation, now, &TimeZone::fixed(jiff::tz::offset(2)));
        session.map(|session| session.as_str().to_owned())
    }

    #[test]
    fn a_session_is_the_one_that_is_named_or_that_of_the_first_question_and_the_day() {
        let first = json!([{"role": "user", "content": "hello"}]);
        let later = json!([
            {"role": "user", "content": [{"type": "text", "text": "hello"}]},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": "and now?"},
        ]);
        let none = json!({});
        let by_question = named(&[], &first, &none).unwrap();
        assert!(by_question.starts_with("proxy-2026-03-09-"), "{by_question}");
        assert_eq!(named(&[], &later, &none).unwrap(), by_question);
        assert_eq!(named(&[], &json!([]), &none), None);
        let in_body = json!({"user_id": "user_1_session_9482"});
        assert_eq!(named(&[], &first, &in_body).as_deref(), Some("9482"));
        assert_eq!(named(&[("thread-id", "t1")], &first, &in_body).as_deref(), Some("t1"));
        let both = [("thread-id", "t1"), ("x-longmem-session", " mine ")];
        assert_eq!(named(&both, &first, &in_body).as_deref(), Some("mine"));
        assert_eq!(named(&[("x-longmem-session", "")], &first, &none).unwrap(), by_question);
    }
}
