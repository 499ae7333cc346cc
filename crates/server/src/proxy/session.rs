//! Which session a request belongs to.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use hashlink::LruCache;
use jiff::civil::Date;
use longmem_core::{SessionName, UserName};
use sha2::{Digest as _, Sha256};

use super::conversation::Conversation;
use super::exchange::hexadecimal;

/// Headers in which clients name their sessions: longmem's own, Claude Code's, those of Codex.
const HEADERS: [&str; 4] =
    ["x-longmem-session", "x-claude-code-session-id", "session-id", "thread-id"];

/// Hexadecimal digits that tell the sessions of a day apart.
const DIGITS: usize = 12;

/// Answers of which the session is known.
const ANSWERS: usize = 4_096;

/// The sessions of answers that OpenAI's API keeps: requests that go on from one do not say what was said before.
#[derive(Debug)]
pub(super) struct Responses(Mutex<LruCache<(UserName, String), SessionName>>);

impl Default for Responses {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(ANSWERS)))
    }
}

impl Responses {
    /// Keeps the session of an answer.
    pub(super) fn keep(&self, user: &UserName, id: String, session: SessionName) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert((user.clone(), id), session);
    }

    fn get(&self, user: &UserName, id: &str) -> Option<SessionName> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&(user.clone(), id.to_owned())).cloned()
    }
}

/// The session that a user's request belongs to: the one that it names, else that of the answer that it goes on
/// from, else that of its first question and the day. None for a request in which nobody asked anything.
pub(super) fn session(
    user: &UserName,
    headers: &HeaderMap,
    conversation: &Conversation,
    responses: &Responses,
    today: Date,
) -> Option<SessionName> {
    let in_header = |name: &&str| {
        let value = std::str::from_utf8(headers.get(*name)?.as_bytes()).ok()?;
        SessionName::new(value.trim()).ok()
    };
    let in_body = || SessionName::new(conversation.session.as_ref()?).ok();
    let of_answer = || responses.get(user, conversation.continues.as_ref()?);
    let kept = || {
        let digest = Sha256::digest(conversation.kept_as.as_ref()?);
        SessionName::new(format!("proxy-{}", digits(&digest))).ok()
    };
    let by_question = || {
        let first = conversation.questions.first()?;
        SessionName::new(format!("proxy-{today}-{}", digits(&first.hash.0))).ok()
    };
    let named = HEADERS.iter().find_map(in_header);
    named.or_else(in_body).or_else(of_answer).or_else(kept).or_else(by_question)
}

/// The first digits of a digest.
fn digits(digest: &[u8]) -> String {
    hexadecimal(&digest[..DIGITS / 2])
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
        let (user, today) = (UserName::new("ana").unwrap(), jiff::civil::date(2026, 3, 9));
        let session = session(&user, &map, &conversation, &Responses::default(), today);
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
    #[test]
    fn a_request_that_goes_on_belongs_to_the_session_of_the_answer() {
        let read = |body: &Value| {
            Conversation::read(RequestKind::Responses, body.to_string().as_bytes()).unwrap()
        };
        let (ana, bo) = (UserName::new("ana").unwrap(), UserName::new("bo").unwrap());
        let responses = Responses::default();
        let (none, today) = (HeaderMap::new(), jiff::civil::date(2026, 3, 9));
        let of = |user: &UserName, body: &Value| {
            session(user, &none, &read(body), &responses, today).unwrap()
        };
        let first = of(&ana, &json!({"input": "hello"}));
        responses.keep(&ana, "resp_1".to_owned(), first.clone());
        let next = json!({"input": "and?", "previous_response_id": "resp_1"});
        assert_eq!(of(&ana, &next), first);
        assert_ne!(of(&bo, &next), first);
        let kept = |input: &str| json!({"input": input, "conversation": {"id": "conv_1"}});
        assert_eq!(of(&ana, &kept("hello")), of(&ana, &kept("and?")));
        assert_ne!(of(&ana, &kept("hello")), first);
    }
}
