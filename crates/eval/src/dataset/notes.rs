//! Which turns are notes.

use std::collections::HashSet;

use super::{Conversation, Session};

/// Says of every turn whether it is a note. If the data set says it of no turn, a session in which one
/// voice speaks is a list of notes.
pub(super) fn settle_notes(conversations: &mut [Conversation]) {
    let is_said = conversations.iter().any(|c| c.turns().any(|(_, turn)| turn.note.is_some()));
    for session in conversations.iter_mut().flat_map(|c| &mut c.sessions) {
        let are_notes = !is_said && one_voice_speaks(session);
        for turn in &mut session.turns {
            turn.note.get_or_insert(are_notes);
        }
    }
}

fn one_voice_speaks(session: &Session) -> bool {
    let voices: HashSet<_> =
        session.turns.iter().map(|turn| (turn.role.as_str(), &turn.speaker)).collect();
    voices.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(mut conversation: Conversation) -> Vec<bool> {
        settle_notes(std::slice::from_mut(&mut conversation));
        conversation.turns().map(|(_, turn)| turn.note.unwrap()).collect()
    }

    fn conversation() -> Conversation {
        serde_json::from_str(
            r#"{"id":"a","sessions":[
                {"id":"notes","date":"2026-03-02","turns":[
                  {"id":"1","role":"user","speaker":"Ana","text":"Milk."},
                  {"id":"2","role":"user","speaker":"Ana","text":"Eggs."}]},
                {"id":"two people","date":"2026-03-02","turns":[
                  {"id":"3","role":"user","speaker":"Ana","text":"Hi."},
                  {"id":"4","role":"user","speaker":"Bo","text":"Hi."}]},
                {"id":"chat","date":"2026-03-02","turns":[
                  {"id":"5","role":"user","text":"Hi."},
                  {"id":"6","role":"assistant","text":"Hi."}]}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn where_one_voice_speaks_there_are_notes() {
        assert_eq!(notes(conversation()), [true, true, false, false, false, false]);
    }

    #[test]
    fn where_the_data_set_says_it_nothing_is_guessed() {
        let mut said = conversation();
        said.sessions[2].turns[0].note = Some(true);
        assert_eq!(notes(said), [false, false, false, false, true, false]);
    }
}
