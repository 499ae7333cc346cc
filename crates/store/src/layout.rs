//! Where each of a user's turns stands: session after session, in the order of storing.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use longmem_core::{Role, TurnId};
use rusqlite::{Connection, params};

use crate::turns::parsed;

/// What is known of a turn without reading its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlacedTurn {
    pub(crate) turn: TurnId,
    pub(crate) session_id: i64,
    /// Its place in the session, from 0 in the order of storing; deleted turns leave gaps.
    pub(crate) position: u32,
    pub(crate) role: Role,
    pub(crate) time_ms: i64,
    /// How many words it was indexed with.
    pub(crate) words: u32,
}

/// All turns of a user, numbered by slot: 0 to [`Layout::len`], neighbours in a session beside
/// each other. Never changed; growing shares the sessions that did not grow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    sessions: BTreeMap<i64, Arc<Vec<PlacedTurn>>>,
    /// The first slot of each session.
    first_slots: HashMap<i64, usize>,
    turns: usize,
}

impl Layout {
    /// How many turns there are.
    pub(crate) fn len(&self) -> usize {
        self.turns
    }

    /// Every session's turns with the slots they have, in order of slots.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (Range<usize>, &[PlacedTurn])> {
        let mut first = 0;
        self.sessions.values().map(move |turns| {
            let slots = first..first + turns.len();
            first = slots.end;
            (slots, turns.as_slice())
        })
    }

    /// A session's turns and their first slot.
    pub(crate) fn session(&self, session_id: i64) -> Option<(usize, &[PlacedTurn])> {
        let turns = self.sessions.get(&session_id)?;
        Some((*self.first_slots.get(&session_id)?, turns))
    }

    /// The same with turns that were stored since.
    pub(crate) fn with_turns(&self, new: Vec<PlacedTurn>) -> Self {
        let mut grown = self.clone();
        for turn in new {
            grown.turns += 1;
            let session = grown.sessions.entry(turn.session_id).or_default();
            // Copies a session once, when its first new turn arrives.
            Arc::make_mut(session).push(turn);
        }
        let mut first = 0;
        grown.first_slots.clear();
        for (session_id, turns) in &mut grown.sessions {
            if !turns.is_sorted_by_key(|turn| turn.position) {
                Arc::make_mut(turns).sort_by_key(|turn| turn.position);
            }
            grown.first_slots.insert(*session_id, first);
            first += turns.len();
        }
        grown
    }
}

/// Where a position stands among a session's turns; none if that turn was deleted.
pub(crate) fn index_of(turns: &[PlacedTurn], position: u32) -> Option<usize> {
    // Without deletions the position is the index.
    match turns.get(position as usize) {
        Some(turn) if turn.position == position => Some(position as usize),
        _ => turns.binary_search_by_key(&position, |turn| turn.position).ok(),
    }
}

/// Reads the turns of a user that were stored after the given one.
pub(crate) fn read_places(
    connection: &Connection,
    user_id: i64,
    after: i64,
) -> rusqlite::Result<Vec<PlacedTurn>> {
    connection
        .prepare_cached(
            "SELECT id, session_id, position, role, time_ms, words FROM turns
             WHERE user_id = ?1 AND id > ?2 ORDER BY id",
        )?
        .query_map(params![user_id, after], |row| {
            Ok(PlacedTurn {
                turn: TurnId(row.get(0)?),
                session_id: row.get(1)?,
                position: row.get(2)?,
                role: parsed(row, 3)?,
                time_ms: row.get(4)?,
                words: row.get(5)?,
            })
        })?
        .collect()
}
