//! Makes haystacks larger.

use super::{Conversation, Dataset, Session};

impl Dataset {
    /// Pads each conversation with whole sessions of the others in `all`, until it has at least
    /// `turns` turns: there is more to search, and nothing more to find. Where the others have too
    /// few turns, their sessions are repeated. Repetitions are as near to a question as the originals
    /// are, so such a haystack is good for timing only.
    pub fn pad(&mut self, all: &Dataset, turns: usize) {
        for conversation in &mut self.conversations {
            conversation.settle_times();
            let mut missing = turns.saturating_sub(conversation.turns().count());
            let others: Vec<&Conversation> =
                all.conversations.iter().filter(|other| other.id != conversation.id).collect();
            let all_sessions =
                || others.iter().flat_map(|other| other.sessions.iter().map(move |s| (other, s)));
            if all_sessions().all(|(_, session)| session.turns.is_empty()) {
                continue;
            }
            for round in 0.. {
                for (other, session) in all_sessions() {
                    if missing == 0 {
                        break;
                    }
                    missing = missing.saturating_sub(session.turns.len());
                    conversation.sessions.push(renamed(session, &format!("{}/{round}", other.id)));
                }
                if missing == 0 {
                    break;
                }
            }
        }
    }
}

/// A session with a prefix before its own id and those of its turns.
pub(super) fn renamed(session: &Session, prefix: &str) -> Session {
    let mut renamed = session.clone();
    renamed.id = format!("{prefix}/{}", session.id);
    for turn in &mut renamed.turns {
        turn.id = format!("{prefix}/{}", turn.id);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::super::{Layout, Repairs};
    use super::*;

    fn conversation(id: &str, turns: usize) -> Conversation {
        let turns: Vec<String> = (0..turns)
            .map(|n| format!(r#"{{"id":"t{n}","role":"user","text":"{id} says {n}"}}"#))
            .collect();
        let text = format!(
            r#"{{"id":"{id}","sessions":[{{"id":"s","date":"2026-03-02","turns":[{}]}}]}}"#,
            turns.join(",")
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn whole_sessions_of_others_are_added_and_repeated_under_other_ids() {
        let conversations = vec![conversation("a", 3), conversation("b", 2), conversation("c", 1)];
        let repairs = Repairs::default();
        let all =
            Dataset { name: "set".to_owned(), layout: Layout::Neutral, conversations, repairs };
        let mut padded = all.clone();
        padded.select(&["a".to_owned()]).unwrap();
        padded.pad(&all, 7);
        let sessions: Vec<_> = padded.conversations[0].sessions.iter().map(|s| &*s.id).collect();
        assert_eq!(sessions, ["s", "b/0/s", "c/0/s", "b/1/s"]);
        assert_eq!(padded.conversations[0].sessions[3].turns[1].id, "b/1/t1");

        let mut alone = all.clone();
        alone.conversations.truncate(1);
        let before = alone.clone();
        alone.pad(&before, 1_000);
        assert_eq!(alone, before, "there is nothing to pad with");

        let mut asked = all;
        let question = serde_json::from_str(r#"{"id":"q","text":"Who?"}"#).unwrap();
        asked.conversations[0].questions.push(question);
        let others = asked.clone();
        asked.pad(&others, 7);
        let end = asked.conversations[0].sessions[0].date;
        assert_eq!(asked.conversations[0].questions[0].asked_at, Some(end));
    }
}
