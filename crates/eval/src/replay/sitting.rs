//! A conversation as what one person says and what is answered.

use jiff::{SignedDuration, Timestamp};
use longmem_core::{Role, SessionName};

use crate::EvalError;
use crate::dataset::{Conversation, Turn};

/// What is said in one session.
pub(super) struct Sitting<'a> {
    pub(super) session: SessionName,
    pub(super) exchanges: Vec<Exchange>,
    speaker: Option<&'a str>,
}

/// A message and its answer; either may be empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) time: Timestamp,
    pub(super) message: String,
    pub(super) answer: String,
}

/// Cuts a conversation into sittings, in order of time. Where no assistant speaks, two people do,
/// and the first of them to speak counts as the user.
pub(super) fn sittings(
    conversation: &Conversation,
    one_session: bool,
) -> Result<Vec<Sitting<'_>>, EvalError> {
    let has_assistant = conversation.turns().any(|(_, turn)| turn.role == Role::Assistant);
    let first = conversation.turns().next().and_then(|(_, turn)| turn.speaker.as_deref());
    let speaker = if has_assistant { None } else { first };
    let mut sessions: Vec<_> = conversation.sessions.iter().collect();
    sessions.sort_by_key(|session| session.date);
    let mut sittings: Vec<Sitting<'_>> = Vec::new();
    for session in sessions {
        if sittings.is_empty() || !one_session {
            let session = SessionName::new(&session.id)?;
            sittings.push(Sitting { session, exchanges: Vec::new(), speaker });
        }
        let sitting = sittings.last_mut().expect("one was pushed");
        for (place, turn) in session.turns.iter().enumerate() {
            // A session has one date; its turns follow each other.
            let later = SignedDuration::from_millis(place as i64);
            sitting.add(turn, session.date.checked_add(later).unwrap_or(session.date));
        }
    }
    Ok(sittings)
}

impl Sitting<'_> {
    /// Adds a turn; what one side says in a row is one message.
    fn add(&mut self, turn: &Turn, time: Timestamp) {
        let by_user = match (turn.role, self.speaker) {
            (Role::User, Some(speaker)) => turn.speaker.as_deref() == Some(speaker),
            (role, _) => role == Role::User,
        };
        match self.exchanges.last_mut() {
            Some(last) if by_user && last.answer.is_empty() => join(&mut last.message, &turn.text),
            Some(last) if !by_user => join(&mut last.answer, &turn.text),
            _ => {
                let (mut message, mut answer) = (String::new(), String::new());
                turn.text.clone_into(if by_user { &mut message } else { &mut answer });
                self.exchanges.push(Exchange { time, message, answer });
            }
        }
    }
}

fn join(said: &mut String, more: &str) {
    if !said.is_empty() {
        said.push_str("\n\n");
    }
    said.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Session;

    fn session(id: &str, date: &str, turns: &[(Role, &str, &str)]) -> Session {
        let turn = |(place, (role, speaker, text)): (usize, &(Role, &str, &str))| Turn {
            id: format!("{id}:{place}"),
            role: *role,
            speaker: Some((*speaker).to_owned()),
            text: (*text).to_owned(),
        };
        let turns = turns.iter().enumerate().map(turn).collect();
        Session { id: id.to_owned(), date: date.parse().unwrap(), turns }
    }

    fn said<'a>(sitting: &'a Sitting<'_>) -> Vec<(&'a str, &'a str)> {
        sitting.exchanges.iter().map(|e| (e.message.as_str(), e.answer.as_str())).collect()
    }

    #[test]
    fn of_two_people_the_first_to_speak_is_the_user() {
        let late = session(
            "late",
            "2026-03-02T10:00:00Z",
            &[(Role::User, "Bo", "1"), (Role::User, "Ana", "2"), (Role::User, "Ana", "3")],
        );
        let early = session(
            "early",
            "2026-03-01T10:00:00Z",
            &[(Role::User, "Ana", "4"), (Role::User, "Bo", "5"), (Role::User, "Bo", "6")],
        );
        let conversation =
            Conversation { id: "c".to_owned(), sessions: vec![early, late], questions: vec![] };
        let each = sittings(&conversation, false).unwrap();
        assert_eq!(said(&each[0]), [("4", "5\n\n6")]);
        assert_eq!(said(&each[1]), [("", "1"), ("2\n\n3", "")]);
        let one = sittings(&conversation, true).unwrap();
        assert_eq!(said(&one[0]), [("4", "5\n\n6\n\n1"), ("2\n\n3", "")]);
    }
}
