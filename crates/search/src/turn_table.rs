//! All turns of a user in rows by age, each linked to its neighbours in the session.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use longmem_core::{Role, TurnId};

use crate::lists::TurnEntry;
use crate::source::SessionNumber;

/// Number of rows in a chunk: growing copies the chunks that change, some 50 kilobytes each.
pub(crate) const CHUNK_ROWS: usize = 1024;

/// Stands for no neighbour.
const NONE: u32 = u32::MAX;

/// A turn with its neighbours in the session; a note has none, and is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlacedTurn {
    pub(crate) entry: TurnEntry,
    before: u32,
    after: u32,
}

impl PlacedTurn {
    /// The row of the turn before it in its session.
    pub(crate) fn before(&self) -> Option<usize> {
        (self.before != NONE).then_some(self.before as usize)
    }

    /// The row of the turn after it in its session.
    pub(crate) fn after(&self) -> Option<usize> {
        (self.after != NONE).then_some(self.after as usize)
    }
}

/// The turns of a chunk as far as every row is scored with them, each number in a list of its own: what
/// few rows need besides is in their [`PlacedTurn`]s.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowLinks {
    /// The words of each turn.
    pub(crate) words: Vec<u32>,
    /// Where the neighbours of each turn stand: a sum of [`RowLinks::BEFORE`], [`RowLinks::AFTER`] and
    /// [`RowLinks::ELSEWHERE`].
    pub(crate) places: Vec<u32>,
}

impl RowLinks {
    /// The turn before it stands in the row before it.
    pub(crate) const BEFORE: u32 = 1;
    /// The turn after it stands in the row after it.
    pub(crate) const AFTER: u32 = 2;
    /// A turn before or after it stands in another row.
    pub(crate) const ELSEWHERE: u32 = 4;
}

/// All turns of a user in rows from 0 on, in the order of their numbers. A copy that grows shares the
/// chunks that do not change.
#[derive(Debug, Clone, Default)]
pub(crate) struct TurnTable {
    chunks: Vec<Arc<Vec<PlacedTurn>>>,
    /// Of each chunk's turns.
    links: Vec<Arc<RowLinks>>,
    rows: usize,
    sessions: HashMap<SessionNumber, SpokenIn>,
}

/// What is known of a session in which something was said; its notes do not count.
#[derive(Debug, Clone, Copy)]
struct SpokenIn {
    last_row: u32,
    /// Whether anybody but the user spoke: an assistant, a tool or a system.
    has_assistant: bool,
}

impl TurnTable {
    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let session = size_of::<(SessionNumber, SpokenIn)>();
        let turn = size_of::<PlacedTurn>() + 2 * size_of::<u32>();
        self.rows * turn + self.sessions.len() * session
    }

    /// Number of turns.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// The turn of a row.
    ///
    /// # Panics
    /// For a row that is not below [`TurnTable::len`].
    pub(crate) fn turn(&self, row: usize) -> &PlacedTurn {
        &self.chunks[row / CHUNK_ROWS][row % CHUNK_ROWS]
    }

    /// The turns in chunks: all but the last have [`CHUNK_ROWS`].
    pub(crate) fn chunks(&self) -> &[Arc<Vec<PlacedTurn>>] {
        &self.chunks
    }

    /// Where the neighbours of a chunk's turns stand.
    pub(crate) fn links(&self, chunk: usize) -> &RowLinks {
        &self.links[chunk]
    }

    /// Says whether an assistant, a tool or a system spoke in a turn's session; never for a note.
    pub(crate) fn session_has_assistant(&self, turn: &PlacedTurn) -> bool {
        let session = self.sessions.get(&turn.entry.session).filter(|_| !turn.entry.note);
        session.is_some_and(|session| session.has_assistant)
    }

    /// Adds turns that were stored since, in the order of their numbers.
    pub(crate) fn grow(&mut self, new: &[TurnEntry]) {
        for entry in new {
            let row = self.rows as u32;
            let before = if entry.note { NONE } else { self.speak(entry, row) };
            let mut places = 0;
            if before != NONE {
                let (chunk, at) = (before as usize / CHUNK_ROWS, before as usize % CHUNK_ROWS);
                let is_beside = before + 1 == row;
                places = if is_beside { RowLinks::BEFORE } else { RowLinks::ELSEWHERE };
                Arc::make_mut(&mut self.links[chunk]).places[at] |=
                    if is_beside { RowLinks::AFTER } else { RowLinks::ELSEWHERE };
                Arc::make_mut(&mut self.chunks[chunk])[at].after = row;
            }
            if self.rows.is_multiple_of(CHUNK_ROWS) {
                self.chunks.push(Arc::new(Vec::with_capacity(CHUNK_ROWS)));
                self.links.push(Arc::default());
            }
            let last = self.rows / CHUNK_ROWS;
            let links = Arc::make_mut(&mut self.links[last]);
            links.words.push(entry.words);
            links.places.push(places);
            let turns = Arc::make_mut(&mut self.chunks[last]);
            turns.push(PlacedTurn { entry: *entry, before, after: NONE });
            self.rows += 1;
        }
    }

    /// Notes that a turn was said in its session; returns the row of the one before it.
    fn speak(&mut self, entry: &TurnEntry, row: u32) -> u32 {
        let is_new = SpokenIn { last_row: NONE, has_assistant: false };
        let session = self.sessions.entry(entry.session).or_insert(is_new);
        session.has_assistant |= entry.role != Role::User;
        std::mem::replace(&mut session.last_row, row)
    }

    /// The rows of the turns with these numbers, from the first to the last one.
    pub(crate) fn rows_between(&self, first: TurnId, last: TurnId) -> Range<usize> {
        let row_from = |turn: TurnId| {
            let chunk = self.chunks.partition_point(|turns| turns[0].entry.turn < turn);
            let Some(before) = chunk.checked_sub(1) else { return 0 };
            let turns = &self.chunks[before];
            before * CHUNK_ROWS + turns.partition_point(|placed| placed.entry.turn < turn)
        };
        row_from(first)..row_from(TurnId(last.0.saturating_add(1)))
    }

    /// Finds rows by turn numbers, fastest if these come in order.
    pub(crate) fn row_finder(&self) -> RowFinder<'_> {
        RowFinder { table: self, chunk: 0 }
    }
}

/// Remembers in which chunk the last row was found.
pub(crate) struct RowFinder<'a> {
    table: &'a TurnTable,
    chunk: usize,
}

impl RowFinder<'_> {
    /// The row of a turn; none if the turn is not there.
    pub(crate) fn row(&mut self, turn: TurnId) -> Option<usize> {
        let chunks = &self.table.chunks;
        let first = |chunk: usize| chunks.get(chunk).map(|turns| turns[0].entry.turn);
        if first(self.chunk).is_none_or(|first| turn < first)
            || first(self.chunk + 1).is_some_and(|next| next <= turn)
        {
            let after = chunks.partition_point(|turns| turns[0].entry.turn <= turn);
            self.chunk = after.checked_sub(1)?;
        }
        let turns = &chunks[self.chunk];
        // Where no other user's turn and no deletion came between, the distance is the index.
        let guess = (turn.0 - turns[0].entry.turn.0) as usize;
        let index = match turns.get(guess) {
            Some(found) if found.entry.turn == turn => guess,
            _ => turns.binary_search_by_key(&turn, |placed| placed.entry.turn).ok()?,
        };
        Some(self.chunk * CHUNK_ROWS + index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(turn: i64, session: i64) -> TurnEntry {
        let session = SessionNumber(session);
        let (turn, role) = (TurnId(turn), Role::User);
        TurnEntry { turn, session, role, note: false, time_ms: 0, words: 1 }
    }

    /// Two sessions in turn, over the border of a chunk, with gaps of another user's turns.
    #[test]
    fn turns_are_linked_within_their_session_and_found_by_number() {
        let entries: Vec<TurnEntry> =
            (0..2500).map(|number| entry(10 + 3 * number, number % 2)).collect();
        let mut table = TurnTable::default();
        table.grow(&entries[..1000]);
        let small = table.clone();
        table.grow(&entries[1000..]);
        assert_eq!((small.len(), table.len()), (1000, 2500));
        assert_eq!(small.turn(999).after(), None, "a copy does not change with what it came from");
        let mut finder = table.row_finder();
        for row in (0..2500).chain((0..2500).rev()) {
            let placed = table.turn(row);
            assert_eq!(placed.before(), row.checked_sub(2));
            assert_eq!(placed.after(), Some(row + 2).filter(|after| *after < 2500));
            assert_eq!(finder.row(placed.entry.turn), Some(row));
            assert_eq!(finder.row(TurnId(placed.entry.turn.0 + 1)), None);
        }
        assert_eq!(table.rows_between(TurnId(1), TurnId(16)), 0..3);
        assert_eq!(table.rows_between(TurnId(14), TurnId(15)), 2..2);
        let last = 10 + 3 * 2499;
        assert_eq!(table.rows_between(TurnId(10 + 3 * 1024), TurnId(last)), 1024..2500);
        assert_eq!(table.rows_between(TurnId(last), TurnId(i64::MAX)), 2499..2500);
        assert_eq!(finder.row(TurnId(1)), None);
        assert_eq!(TurnTable::default().row_finder().row(TurnId(1)), None);
    }

    /// A note stands between two turns of one session, and alone in another.
    #[test]
    fn a_note_has_no_neighbours_and_stands_between_none() {
        let note = |turn, session| TurnEntry { note: true, ..entry(turn, session) };
        let mut table = TurnTable::default();
        table.grow(&[entry(1, 1), note(2, 1), entry(3, 1), note(4, 2), note(5, 2)]);
        let neighbours = |row: usize| (table.turn(row).before(), table.turn(row).after());
        let alone = (None, None);
        assert_eq!(
            [0, 1, 2, 3, 4].map(neighbours),
            [(None, Some(2)), alone, (Some(0), None), alone, alone]
        );
    }

    #[test]
    fn a_session_knows_whether_anybody_but_the_user_spoke() {
        let by = |role, entry| TurnEntry { role, ..entry };
        let by_assistant = |turn, session| by(Role::Assistant, entry(turn, session));
        let mut table = TurnTable::default();
        table.grow(&[
            entry(1, 1),
            entry(2, 2),
            by_assistant(3, 2),
            TurnEntry { note: true, ..entry(4, 2) },
            TurnEntry { note: true, ..by_assistant(5, 1) },
            by(Role::Tool, entry(6, 3)),
            by(Role::System, entry(7, 4)),
        ]);
        let has_assistant = |row: usize| table.session_has_assistant(table.turn(row));
        let expected = [false, true, true, false, false, true, true];
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(has_assistant), expected);
        table.grow(&[by_assistant(8, 1)]);
        assert!(table.session_has_assistant(table.turn(0)), "an answer that came later");
    }
}
