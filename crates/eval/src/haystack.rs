//! One conversation inside the engine: remembered, indexed, and ready to be asked about.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use longmem_core::{
    InvalidName, NewTurn, Scope, SessionName, SourceKey, Turn, TurnId, UserName, fnv1a,
};
use longmem_memory::{IndexEvent, IndexOptions, IndexProgress, Memory, MemoryError};

use crate::EvalError;
use crate::dataset::{self, Conversation, Question, Session};

/// Opens the memory of a name, or makes it if it does not exist. A name is up to 81 ASCII letters,
/// digits, `-` and `_`, so that it can be part of a file's name.
pub type OpenMemory<'a> = &'a dyn Fn(&str) -> Result<Memory, MemoryError>;

/// A conversation in a memory of its own.
pub struct Haystack<'a> {
    /// The memory.
    pub memory: Memory,
    /// All that was said in the conversation.
    pub scope: Scope,
    /// Its turns as they are stored, oldest first.
    pub turns: Vec<Turn>,
    conversation: &'a Conversation,
    /// What the data set says of each stored turn.
    origins: HashMap<TurnId, (&'a Session, &'a dataset::Turn)>,
}

/// What a question's evidence names.
pub struct Evidence<'a> {
    /// Ids of the turns that are named.
    pub turns: BTreeSet<&'a str>,
    /// Ids of the sessions that are named, and of those that hold named turns.
    pub sessions: BTreeSet<&'a str>,
}

impl<'a> Haystack<'a> {
    /// Stores a conversation in a memory of its own, except for what an earlier run has stored there
    /// already, and gives every turn its vectors. `progress` is called after each batch of turns.
    ///
    /// # Errors
    /// [`EvalError::OtherTurns`] if the memory holds something else; [`EvalError::Stopped`] if
    /// `progress` ended the run; [`EvalError::Name`]; [`EvalError::Memory`].
    pub fn prepare(
        conversation: &'a Conversation,
        open: OpenMemory<'_>,
        progress: &mut dyn FnMut(&IndexProgress) -> ControlFlow<()>,
    ) -> Result<Self, EvalError> {
        let memory = open(&memory_name(&conversation.id))?;
        let user = UserName::new(&conversation.id)?;

        // In order of time, as it would have been stored while the conversation went on.
        let mut said: Vec<_> = conversation.turns().collect();
        said.sort_by_key(|(session, _)| session.date);
        let new: Vec<NewTurn> =
            said.iter().map(|(session, turn)| new_turn(session, turn)).collect::<Result<_, _>>()?;
        let ids: Vec<TurnId> =
            memory.remember(&user, &new)?.into_iter().map(|inserted| inserted.id).collect();
        let turns = memory.turns(&user, &ids)?;
        if !same(&turns, &new) || memory.stats()?.turns != new.len() as u64 {
            let (place, conversation) = (memory.place(), conversation.id.clone());
            return Err(EvalError::OtherTurns { place, conversation });
        }

        let report = memory.index(IndexOptions::default(), &mut |event| match event {
            IndexEvent::Progress(so_far) => progress(&so_far),
            IndexEvent::Waiting => ControlFlow::Continue(()),
        })?;
        if report.remaining > 0 {
            return Err(EvalError::Stopped);
        }
        let origins = ids.into_iter().zip(said).collect();
        Ok(Self { memory, scope: Scope::of(user), turns, conversation, origins })
    }

    /// The data set's id of a stored turn.
    ///
    /// # Panics
    /// If this memory has no such turn.
    pub fn turn_name(&self, id: TurnId) -> &'a str {
        &self.origins[&id].1.id
    }

    /// The data set's id of a stored turn's session.
    ///
    /// # Panics
    /// If this memory has no such turn.
    pub fn session_name(&self, id: TurnId) -> &'a str {
        &self.origins[&id].0.id
    }

    /// The text of a stored turn.
    ///
    /// # Panics
    /// If this memory has no such turn.
    pub fn text(&self, id: TurnId) -> &'a str {
        &self.origins[&id].1.text
    }

    /// The speaker of the conversation's own first turn with the role `user`; none without such a turn.
    pub(crate) fn first_person(&self) -> Option<&'a Option<String>> {
        self.conversation.first_person()
    }

    /// Sorts a question's evidence into turns and sessions.
    pub fn evidence(&self, question: &Question) -> Evidence<'a> {
        let named: BTreeSet<&str> = question.evidence.iter().map(|piece| &*piece.id).collect();
        let mut evidence = Evidence { turns: BTreeSet::new(), sessions: BTreeSet::new() };
        for (session, turn) in self.origins.values() {
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
        time: session.time_of(turn),
        note: turn.note.unwrap_or(false),
        source_key: Some(SourceKey(turn.id.clone())),
    })
}

/// Says whether a memory holds the turns of the data set.
fn same(stored: &[Turn], new: &[NewTurn]) -> bool {
    stored.len() == new.len()
        && stored.iter().zip(new).all(|(stored, new)| {
            stored.session == new.session
                && stored.role == new.role
                && stored.speaker == new.speaker
                && stored.text == new.text
                && stored.note == new.note
                && stored.time.as_millisecond() == new.time.as_millisecond()
        })
}

/// The name of a conversation's memory: its id, or, if that cannot be part of a file's name, what is
/// left of it with its hash.
fn memory_name(id: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let plain: String = id.chars().take(64).map(|c| if is_plain(c) { c } else { '_' }).collect();
    if plain == id { plain } else { format!("{plain}-{:016x}", fnv1a(id.as_bytes())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_a_name_of_its_own_that_fits_a_file() {
        assert_eq!(memory_name("conv-26"), "conv-26");
        assert_ne!(memory_name("../a"), memory_name("../b"));
        assert!(memory_name("../a").starts_with("___a-"));
        assert_ne!(memory_name(&"x".repeat(200)), memory_name(&"x".repeat(201)));
        assert!(memory_name(&"é".repeat(128)).len() <= 81);
    }
}
