//! What else a user has stored, beside a conversation of a data set.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::{Conversation, Dataset, Session, Turn, read};
use crate::{DatasetFlaw, EvalError};

/// Other sessions that a user has stored beside each conversation, so that there is more to search
/// and nothing more to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// The conversations that the sessions come from; their questions are not asked.
    conversations: Vec<Conversation>,
}

/// Reads what is stored beside each conversation: all conversations of a data set, or one as
/// `PATH:CONVERSATION`; or any transcript that an import reads. Turns keep their times.
///
/// # Errors
/// Those of [`read`](read()) for a data set; [`EvalError::Transcript`] for what is neither a data set
/// nor a transcript; [`EvalError::UnknownConversation`].
///
/// # Examples
/// ```no_run
/// use longmem_eval::dataset::{read, read_beside};
///
/// let mut notes = read("notes.json")?;
/// notes.put_beside(&[read_beside("conversations.json")?, read_beside("locomo10.json:conv-30")?]);
/// # Ok::<(), longmem_eval::EvalError>(())
/// ```
pub fn read_beside(argument: &str) -> Result<Beside, EvalError> {
    let whole = Path::new(argument);
    let named = argument.rsplit_once(':').filter(|(path, _)| Path::new(path).exists());
    match named {
        Some((path, conversation)) if !whole.exists() => {
            let mut dataset = read(path)?;
            dataset.select(&[conversation.to_owned()])?;
            Ok(Beside { conversations: dataset.conversations })
        }
        _ => Ok(Beside { conversations: data_set_or_transcript(whole)? }),
    }
}

fn data_set_or_transcript(path: &Path) -> Result<Vec<Conversation>, EvalError> {
    if !path.is_dir() {
        match read(path) {
            Ok(dataset) => return Ok(dataset.conversations),
            Err(EvalError::UnknownLayout { .. } | EvalError::Json { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(vec![transcript(path)?])
}

/// The sessions of a transcript, in the order of their first turns in it.
fn transcript(path: &Path) -> Result<Conversation, EvalError> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    longmem_transcripts::read(path, None, &mut |imported, _progress| {
        let read = imported.turn;
        let place = *places.entry(read.session.as_str().to_owned()).or_insert_with(|| {
            let id = read.session.as_str().to_owned();
            sessions.push(Session { id, date: read.time, turns: Vec::new() });
            sessions.len() - 1
        });
        let turns = &mut sessions[place].turns;
        turns.push(Turn {
            id: format!("{place}/{}", turns.len()),
            role: read.role,
            speaker: read.speaker,
            text: read.text,
            time: Some(read.time),
            note: Some(false),
        });
        ControlFlow::Continue(())
    })?;
    if sessions.is_empty() {
        return Err(EvalError::Flaw { path: path.to_owned(), flaw: DatasetFlaw::NothingSaid });
    }
    Ok(Conversation { id: path.display().to_string(), sessions, questions: Vec::new() })
}

impl Dataset {
    /// Stores other sessions beside each conversation, under ids that it does not have. A conversation
    /// is not stored beside itself: one with its id is left out.
    pub fn put_beside(&mut self, others: &[Beside]) {
        for conversation in &mut self.conversations {
            conversation.settle_times();
            let prefix = free_prefix(conversation);
            let beside = others.iter().flat_map(|other| &other.conversations);
            let beside = beside.filter(|other| other.id != conversation.id);
            let sessions: Vec<&Session> = beside.flat_map(|other| &other.sessions).collect();
            conversation.sessions.extend(
                sessions.into_iter().enumerate().map(|(n, session)| numbered(session, &prefix, n)),
            );
        }
    }
}

/// A beginning that no id of a conversation has.
fn free_prefix(conversation: &Conversation) -> String {
    let mut prefix = "beside".to_owned();
    let is_taken = |prefix: &str| {
        let mut sessions = conversation.sessions.iter();
        sessions.any(|session| {
            session.id.starts_with(prefix)
                || session.turns.iter().any(|turn| turn.id.starts_with(prefix))
        })
    };
    while is_taken(&format!("{prefix}/")) {
        prefix.push('+');
    }
    prefix
}

/// A session under a number in place of its id, and its turns likewise.
fn numbered(session: &Session, prefix: &str, number: usize) -> Session {
    let mut numbered = session.clone();
    numbered.id = format!("{prefix}/{number}");
    for (place, turn) in numbered.turns.iter_mut().enumerate() {
        turn.id = format!("{prefix}/{number}/{place}");
    }
    numbered
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ANA: &str = r#"{"id":"ana","sessions":[{"id":"beside/0","date":"2026-03-02","turns":[
        {"id":"t1","role":"user","text":"I moved to Lisbon."}]}],
        "questions":[{"id":"q1","text":"Where?","evidence":["t1"]}]}"#;

    #[test]
    fn data_sets_and_transcripts_stand_beside_with_their_times_and_ids_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let set = folder.path().join("set.json");
        fs::write(&set, format!("{ANA}{}", ANA.replace("\"ana\"", "\"bo\""))).unwrap();
        let lines = folder.path().join("talk.jsonl");
        fs::write(
            &lines,
            r#"{"role":"human","text":"Hello?","time":"2026-05-01T10:00:00Z","session":"a"}"#,
        )
        .unwrap();
        let (set, lines) = (set.display().to_string(), lines.display().to_string());

        let mut ana = read(&set).unwrap();
        ana.select(&["ana".to_owned()]).unwrap();
        ana.put_beside(&[read_beside(&set).unwrap(), read_beside(&lines).unwrap()]);
        let [own, bo, talk] = &ana.conversations[0].sessions[..] else { panic!("{ana:?}") };
        assert_eq!((own.id.as_str(), bo.id.as_str()), ("beside/0", "beside+/0"));
        assert_eq!((talk.id.as_str(), talk.turns[0].id.as_str()), ("beside+/1", "beside+/1/0"));
        assert_eq!(talk.time_of(&talk.turns[0]).to_string(), "2026-05-01T10:00:00Z");
        assert_eq!((own.turns[0].note, talk.turns[0].note), (Some(true), Some(false)));
        let asked_at = ana.conversations[0].questions[0].asked_at.unwrap();
        assert_eq!(asked_at.to_string(), "2026-03-02T00:00:00Z", "not the end of what is beside");

        let one = read_beside(&format!("{set}:bo")).unwrap();
        assert_eq!(one.conversations.len(), 1);
        let error = read_beside(&format!("{set}:eve")).unwrap_err();
        assert!(matches!(error, EvalError::UnknownConversation { .. }), "{error}");
    }

    #[test]
    fn what_is_neither_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prose.txt");
        fs::write(&file, "Once upon a time").unwrap();
        let error = read_beside(&file.display().to_string()).unwrap_err();
        assert!(matches!(error, EvalError::Transcript(_)), "{error}");
        let error = read_beside("/no/such/file").unwrap_err();
        assert!(matches!(error, EvalError::Io(_)), "{error}");
    }
}
