//! A session's last turns, stored and not.

use longmem_core::{NewTurn, Role, Turn, TurnId};
use longmem_memory::own_words;

use crate::context::{BROKEN_OFF, TurnRef};

/// A session's last turns, oldest first.
#[derive(Debug, Default)]
pub(super) struct SessionTurns {
    /// Those that are stored.
    pub(super) stored: Vec<Turn>,
    /// Those that wait to be stored; they were said after the others.
    pub(super) waiting: Vec<NewTurn>,
}

impl SessionTurns {
    /// The role and the text of each turn, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (Role, &str)> {
        let waiting = self.waiting.iter().rev().map(|turn| (turn.role, turn.text.as_str()));
        waiting.chain(self.stored.iter().rev().map(role_and_text))
    }

    /// The newest turn.
    pub(super) fn last(&self) -> Option<TurnRef> {
        self.nth_from_end(0)
    }

    /// The turn of a message that stands at the end without an answer, or with a part of one.
    pub(super) fn unanswered(&self, message: &str) -> Option<TurnRef> {
        unanswered(self.newest_first(), message).and_then(|place| self.nth_from_end(place))
    }

    /// Removes a turn and all after it; returns the numbers of those that are stored.
    pub(super) fn remove_from(&mut self, turn: &TurnRef) -> Vec<TurnId> {
        match turn {
            TurnRef::Waiting(key) => {
                let has_key = |turn: &NewTurn| turn.source_key.as_ref() == Some(key);
                if let Some(place) = self.waiting.iter().rposition(has_key) {
                    self.waiting.truncate(place);
                }
                Vec::new()
            }
            TurnRef::Stored(id) => match self.stored.iter().rposition(|turn| turn.id == *id) {
                Some(place) => {
                    self.waiting.clear();
                    self.stored.split_off(place).into_iter().map(|turn| turn.id).collect()
                }
                None => Vec::new(),
            },
        }
    }

    fn nth_from_end(&self, place: usize) -> Option<TurnRef> {
        match place.checked_sub(self.waiting.len()) {
            None => TurnRef::of_waiting(&self.waiting[self.waiting.len() - 1 - place]),
            Some(place) => self.stored.iter().nth_back(place).map(|turn| TurnRef::Stored(turn.id)),
        }
    }
}

/// Finds a message among the last turns of its session, if it stands there without an answer or
/// with a part of one.
pub(super) fn unanswered_stored(last: &[Turn], message: &str) -> Option<TurnId> {
    let place = unanswered(last.iter().rev().map(role_and_text), message)?;
    last.iter().nth_back(place).map(|turn| turn.id)
}

fn role_and_text(turn: &Turn) -> (Role, &str) {
    (turn.role, &turn.text)
}

/// How many turns from the end a message stands without an answer (0), or with a part of one (1).
fn unanswered<'a>(
    mut newest_first: impl Iterator<Item = (Role, &'a str)>,
    message: &str,
) -> Option<usize> {
    let message = &*own_words(message);
    let is_message = |(role, text): (Role, &str)| role == Role::User && text == message;
    let is_part =
        |(role, text): (Role, &str)| role == Role::Assistant && text.ends_with(BROKEN_OFF);
    let last = newest_first.next()?;
    if is_message(last) {
        return Some(0);
    }
    let before = newest_first.next()?;
    (is_part(last) && is_message(before)).then_some(1)
}
