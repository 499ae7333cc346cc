//! One conversation inside the engine: remembered, indexed, and ready to be asked about.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::Path;

use longmem_core::{InvalidName, NewTurn, Scope, SessionName, SourceKey, Turn, TurnId, UserName};
use longmem_memory::{IndexEvent, IndexOptions, IndexProgress, Memory, MemoryError};

use crate::EvalError;
use crate::dataset::{self, Conversation, Question, Session};

/// A conversation and the store that holds it.
pub(crate) struct Haystack<'a> {
    pub(crate) memory: Memory,
    /// Everything that was said in it.
    pub(crate) scope: Scope,
    /// Its turns as they are stored, oldest first.
    pub(crate) turns: Vec<Turn>,
    written: HashMap<TurnId, (&'a Session, &'a dataset::Turn)>,
}

/// What a question's evidence comes to.
pub(crate) struct Evidence<'a> {
    /// The turns that are named.
    pub(crate) turns: BTreeSet<&'a str>,
    /// The sessions that are named, and those of the turns.
    pub(crate) sessions: BTreeSet<&'a str>,
}

impl<'a> Haystack<'a> {
    /// Puts a conversation into its store in the folder, as far as it is not there from an earlier
    /// run, and gives every turn its vectors.
    pub(crate) fn prepare(
        conversation: &'a Conversation,
        folder: &Path,
        open: &dyn Fn(&Path) -> Result<Memory, MemoryError>,
        progress: &mut dyn FnMut(&IndexProgress) -> ControlFlow<()>,
    ) -> Result<Self, EvalError> {
        fs_err::create_dir_all(folder)?;
        let path = folder.join(file_name(&conversation.id));
        let memory = open(&path)?;
        let user = UserName::new(&conversation.id)?;

        // Stored in the order of time, as it would be had it been stored while it was said.
        let mut written: Vec<_> = conversation.turns().collect();
        written.sort_by_key(|(session, _)| session.date);
        let new: Vec<NewTurn> = written
            .iter()
            .map(|(session, turn)| new_turn(session, turn))
            .collect::<Result<_, _>>()?;
        let ids: Vec<TurnId> =
            memory.remember(&user, &new)?.into_iter().map(|inserted| inserted.id).collect();
        let turns = memory.turns(&user, &ids)?;
        if !same(&turns, &new) || memory.stats()?.turns != new.len() as u64 {
            return Err(EvalError::OtherTurns { path, conversation: conversation.id.clone() });
        }

        let report = memory.index(IndexOptions::default(), &mut |event| match event {
            IndexEvent::Progress(so_far) => progress(&so_far),
            IndexEvent::Waiting => ControlFlow::Continue(()),
        })?;
        if report.remaining > 0 {
            return Err(EvalError::Stopped);
        }
        let written = ids.into_iter().zip(written).collect();
        Ok(Self { memory, scope: Scope::of(user), turns, written })
    }

    /// What the data set calls a turn.
    pub(crate) fn turn_name(&self, id: TurnId) -> &'a str {
        &self.written[&id].1.id
    }

    /// What the data set calls a turn's session.
    pub(crate) fn session_name(&self, id: TurnId) -> &'a str {
        &self.written[&id].0.id
    }

    /// Sorts a question's evidence into turns and sessions.
    pub(crate) fn evidence(&self, question: &Question) -> Evidence<'a> {
        let named: BTreeSet<&str> = question.evidence.iter().map(String::as_str).collect();
        let mut evidence = Evidence { turns: BTreeSet::new(), sessions: BTreeSet::new() };
        for (session, turn) in self.written.values() {
            let is_named = named.contains(turn.id.as_str());
            if is_named {
                evidence.turns.insert(&turn.id);
            }
            if is_named || named.contains(session.id.as_str()) {
                evidence.sessions.insert(&session.id);
            }
        }
        evidence
    }
}

fn new_turn(session: &Session, turn: &dataset::Turn) -> Result<NewTurn, InvalidName> {
    Ok(NewTurn {
        session: SessionName::new(&session.id)?,
        session_title: None,
        role: turn.role,
        speaker: turn.speaker.clone(),
        text: turn.text.clone(),
        time: session.date,
        source_key: Some(SourceKey(turn.id.clone())),
    })
}

/// Says whether a kept store holds what the data set says.
fn same(stored: &[Turn], new: &[NewTurn]) -> bool {
    stored.len() == new.len()
        && stored.iter().zip(new).all(|(stored, new)| {
            stored.session == new.session
                && stored.role == new.role
                && stored.speaker == new.speaker
                && stored.text == new.text
                && stored.time.as_millisecond() == new.time.as_millisecond()
        })
}

/// The name of a conversation's store: its id, with a hash of it behind where the id itself is no
/// file name.
fn file_name(id: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let plain: String = id.chars().take(64).map(|c| if is_plain(c) { c } else { '_' }).collect();
    if plain == id { format!("{plain}.db") } else { format!("{plain}-{:016x}.db", fnv1a(id)) }
}

fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_a_file_name_of_its_own() {
        assert_eq!(file_name("conv-26"), "conv-26.db");
        assert_ne!(file_name("../a"), file_name("../b"));
        assert!(file_name("../a").starts_with("___a-"));
        assert_ne!(file_name(&"x".repeat(200)), file_name(&"x".repeat(201)));
        assert!(file_name(&"é".repeat(128)).len() < 100);
    }
}
