//! Questions that were asked before.

use std::collections::BTreeSet;

use longmem_core::Role;

use super::{Conversation, Dataset, Session, Turn};

impl Dataset {
    /// The same conversations after each of their questions was asked `times` times already, by the
    /// user at the end of the conversation, each time in a session of its own and without an answer.
    #[must_use]
    pub fn echoed(&self, times: usize) -> Self {
        let mut echoed = self.clone();
        for conversation in &mut echoed.conversations {
            conversation.settle_times();
            conversation.sessions.extend(echoes(conversation, times));
        }
        echoed
    }
}

fn echoes(conversation: &Conversation, times: usize) -> Vec<Session> {
    let Some(date) = conversation.end() else { return Vec::new() };
    let speaker = only_speaker(conversation);
    let session = |question: usize, round: usize, text: &str| {
        let turn = Turn {
            id: format!("echo/{question}/{round}/turn"),
            role: Role::User,
            speaker: speaker.clone(),
            text: text.to_owned(),
            time: None,
            note: Some(false),
        };
        Session { id: format!("echo/{question}/{round}"), date, turns: vec![turn] }
    };
    let questions = conversation.questions.iter().enumerate();
    questions
        .flat_map(|(place, question)| (0..times).map(move |round| (place, round, &question.text)))
        .map(|(place, round, text)| session(place, round, text))
        .collect()
}

/// The name of the user, if all that users say is by one.
fn only_speaker(conversation: &Conversation) -> Option<String> {
    let by_users = conversation.turns().filter(|(_, turn)| turn.role == Role::User);
    let names: BTreeSet<_> = by_users.filter_map(|(_, turn)| turn.speaker.clone()).collect();
    if names.len() == 1 { names.into_iter().next() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::{Layout, Repairs};
    use super::*;

    #[test]
    fn each_question_was_asked_in_sessions_of_its_own() {
        let conversation: Conversation = serde_json::from_str(
            r#"{"id":"ana","sessions":[{"id":"s","date":"2026-03-02","turns":[
                 {"id":"t","role":"user","speaker":"Ana","text":"I moved."}]}],
                "questions":[{"id":"q1","text":"Who?"},{"id":"q2","text":"Where?"}]}"#,
        )
        .unwrap();
        let set = Dataset {
            name: "set".to_owned(),
            layout: Layout::Neutral,
            conversations: vec![conversation],
            repairs: Repairs::default(),
        };
        let echoed = set.echoed(2);
        let conversation = &echoed.conversations[0];
        let said: Vec<_> =
            conversation.turns().map(|(s, turn)| (s.id.as_str(), turn.text.as_str())).collect();
        let expected = [
            ("s", "I moved."),
            ("echo/0/0", "Who?"),
            ("echo/0/1", "Who?"),
            ("echo/1/0", "Where?"),
            ("echo/1/1", "Where?"),
        ];
        assert_eq!(said, expected);
        let echo = &conversation.sessions[1].turns[0];
        assert_eq!((echo.speaker.as_deref(), echo.note), (Some("Ana"), Some(false)));
        assert_eq!(conversation.questions[0].asked_at, set.conversations[0].end());
    }
}
