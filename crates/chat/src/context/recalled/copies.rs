//! Which turns say the same words: sessions that were resumed or branched hold their messages again.

use std::collections::HashSet;

use jiff::Timestamp;
use longmem_core::{Role, Turn, TurnId};

/// Bytes of a text that is a copy wherever it occurs again. A shorter one ("Yes.") may be said twice
/// and mean two things, so its copy was said at the same time.
const LONG: usize = 24;

/// What is the same in a turn and its copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Words<'a> {
    role: Role,
    text: &'a str,
    /// Only of a short text.
    time: Option<Timestamp>,
}

impl<'a> Words<'a> {
    pub(super) fn of(turn: &'a Turn) -> Self {
        let text = turn.text.trim();
        Self { role: turn.role, text, time: (text.len() < LONG).then_some(turn.time) }
    }
}

/// The turns that a prompt holds already.
pub(in crate::context) struct Present<'a> {
    turns: HashSet<TurnId>,
    words: HashSet<Words<'a>>,
}

impl<'a> Present<'a> {
    /// The turns with these numbers, some of which are among the session's `recent` ones.
    pub(in crate::context) fn new(turns: HashSet<TurnId>, recent: &'a [Turn]) -> Self {
        let words = recent.iter().filter(|turn| turns.contains(&turn.id)).map(Words::of).collect();
        Self { turns, words }
    }

    /// Says whether the prompt holds a turn, or what it says. `copies` are turns that say the same.
    pub(super) fn holds(&self, turn: &Turn, copies: &[TurnId]) -> bool {
        let mut numbers = copies.iter().chain([&turn.id]);
        numbers.any(|id| self.turns.contains(id)) || self.words.contains(&Words::of(turn))
    }
}
