//! A conversation as messages of one person and answers to them.

use jiff::{SignedDuration, Timestamp};
use longmem_core::{InvalidName, Role, SessionName};
use longmem_eval::dataset::{Conversation, Turn};

/// What is said in one session.
pub(super) struct Talk<'a> {
    pub(super) session: SessionName,
    pub(super) exchanges: Vec<Exchange>,
    /// The name of the person who counts as the user, if several people have that role.
    user_speaker: Option<&'a str>,
}

/// A message and its answer; either may be empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) time: Timestamp,
    pub(super) message: String,
    pub(super) answer: String,
}

/// Cuts a conversation into talks, one for each session or a single one, in order of time. If no
/// assistant speaks, two people do, and the first to speak counts as the user.
pub(super) fn talks(
    conversation: &Conversation,
    one_session: bool,
) -> Result<Vec<Talk<'_>>, InvalidName> {
    let has_assistant = conversation.turns().any(|(_, turn)| turn.role == Role::Assistant);
    let first = conversation.turns().next().and_then(|(_, turn)| turn.speaker.as_deref());
    let user_speaker = if has_assistant { None } else { first };
    let mut sessions: Vec<_> = conversation.sessions.iter().collect();
    sessions.sort_by_key(|session| session.date);
    let mut talks: Vec<Talk<'_>> = Vec::new();
    for session in sessions {
        if talks.is_empty() || !one_session {
            let session = SessionName::new(&session.id)?;
            talks.push(Talk { session, exchanges: Vec::new(), user_speaker });
        }
        let talk = talks.last_mut().expect("one was pushed");
        for (place, turn) in session.turns.iter().enumerate() {
            // A session has a single time, and its turns come one after another.
            let later = SignedDuration::from_millis(place as i64);
            talk.add(turn, session.date.checked_add(later).unwrap_or(session.date));
        }
    }
    Ok(talks)
}

impl Talk<'_> {
    /// Adds a turn. Consecutive turns of one side are joined.
    fn add(&mut self, turn: &Turn, time: Timestamp) {
        let by_user = match (turn.role, self.user_speaker) {
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

fn join(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use longmem_eval::dataset::Session;

    use super::*;

    fn session(id: &str, date: &str, turns: &[(Role, &str, &str)]) -> Session {
        let turn = |(place, (role, speaker, text)): (usize, &(Role, &str, &str))| Turn {
            id: format!("{id}:{place}"),
            role: *role,
            speaker: Some((*speaker).to_owned()),
            text: (*text).to_owned(),
            time: None,
            note: None,
        };
        let turns = turns.iter().enumerate().map(turn).collect();
        Session { id: id.to_owned(), date: date.parse().unwrap(), turns }
    }

    fn texts<'a>(talk: &'a Talk<'_>) -> Vec<(&'a str, &'a str)> {
        talk.exchanges.iter().map(|e| (e.message.as_str(), e.answer.as_str())).collect()
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
        let each = talks(&conversation, false).unwrap();
        assert_eq!(texts(&each[0]), [("4", "5\n\n6")]);
        assert_eq!(texts(&each[1]), [("", "1"), ("2\n\n3", "")]);
        let one = talks(&conversation, true).unwrap();
        assert_eq!(texts(&one[0]), [("4", "5\n\n6\n\n1"), ("2\n\n3", "")]);
    }
}
