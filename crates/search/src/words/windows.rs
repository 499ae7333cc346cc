//! Which turns of a session are so near each other that they share words.

use std::sync::Arc;

use super::beside::Beside;
use crate::parallel;
use crate::turn_table::{CHUNK_ROWS, PlacedTurn, TurnTable};

/// For each row of a table the rows whose words count for it, and their number of words together. Those
/// of a table that has grown share the chunks that did not change.
#[derive(Debug)]
pub(crate) struct WordWindows {
    neighbours: usize,
    longest_neighbour: u32,
    /// Of the table's chunks.
    chunks: Vec<Arc<ChunkWindows>>,
    rows: usize,
    average_length: f32,
    shortest_length: f32,
    widest: usize,
}

/// The windows of the rows of one chunk of a table.
#[derive(Debug)]
pub(super) struct ChunkWindows {
    /// The window of the row in place p are the rows from `starts[p]` to before `starts[p + 1]`.
    starts: Vec<u32>,
    rows: Vec<u32>,
    beside: Beside,
    lengths: Vec<f32>,
    widest: usize,
}

impl WordWindows {
    /// Takes so many turns before and after each. A turn with more words than `longest_neighbour`
    /// neither lends nor borrows words.
    pub(crate) fn new(table: &TurnTable, neighbours: usize, longest_neighbour: u32) -> Self {
        let none = Self {
            neighbours,
            longest_neighbour,
            chunks: Vec::new(),
            rows: 0,
            average_length: 1.0,
            shortest_length: 0.0,
            widest: 0,
        };
        none.grown(table)
    }

    /// The windows of a table that has grown since: made anew are those of the chunks that hold a new row,
    /// or a row in whose window one is.
    pub(crate) fn grown(&self, table: &TurnTable) -> Self {
        let (neighbours, longest_neighbour) = (self.neighbours, self.longest_neighbour);
        let mut changed = vec![false; table.chunks().len()];
        changed[(self.rows / CHUNK_ROWS).min(table.chunks().len())..].fill(true);
        if !self.chunks.is_empty() {
            for row in self.rows..table.len() {
                let turn = table.turn(row);
                for_each_beside(table, turn, neighbours, longest_neighbour, |near, _| {
                    changed[near / CHUNK_ROWS] = true;
                });
            }
        }
        let chunks: Vec<(usize, bool)> = changed.into_iter().enumerate().collect();
        let chunks = parallel::map(&chunks, |(chunk, changed)| match self.chunks.get(*chunk) {
            Some(same) if !changed => Arc::clone(same),
            _ => Arc::new(ChunkWindows::new(table, *chunk, neighbours, longest_neighbour)),
        });
        // In the order of rows, so that the sum rounds alike however the table has grown.
        let lengths = || chunks.iter().flat_map(|chunk| &chunk.lengths);
        let sum = chunks.iter().fold(0.0, |sum, chunk| {
            chunk.lengths.iter().fold(sum, |sum: f32, length| sum + length)
        });
        Self {
            neighbours,
            longest_neighbour,
            rows: table.len(),
            average_length: (sum / table.len().max(1) as f32).max(1.0),
            shortest_length: lengths().copied().reduce(f32::min).unwrap_or_default(),
            widest: chunks.iter().map(|chunk| chunk.widest).max().unwrap_or_default(),
            chunks,
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes()).sum()
    }

    /// Says whether they were made for these parameters.
    pub(crate) fn fit(&self, neighbours: usize, longest_neighbour: u32) -> bool {
        (self.neighbours, self.longest_neighbour) == (neighbours, longest_neighbour)
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// The rows in a row's window, ascending, itself among them. A row is in the window of each row in
    /// its own.
    pub(crate) fn window(&self, row: usize) -> &[u32] {
        let (chunk, place) = (&self.chunks[row / CHUNK_ROWS], row % CHUNK_ROWS);
        &chunk.rows[chunk.starts[place] as usize..chunk.starts[place + 1] as usize]
    }

    /// The words in a row's window, its own included.
    pub(crate) fn length(&self, row: usize) -> f32 {
        self.chunks[row / CHUNK_ROWS].lengths[row % CHUNK_ROWS]
    }

    /// The windows of each chunk of the table.
    pub(super) fn chunks(&self) -> &[Arc<ChunkWindows>] {
        &self.chunks
    }

    /// The fewest words in a window.
    pub(crate) fn shortest_length(&self) -> f32 {
        self.shortest_length
    }

    /// The most rows in a window.
    pub(crate) fn widest(&self) -> usize {
        self.widest
    }

    /// The mean of all windows' lengths; at least 1.
    pub(crate) fn average_length(&self) -> f32 {
        self.average_length
    }
}

impl ChunkWindows {
    fn new(table: &TurnTable, chunk: usize, neighbours: usize, longest_neighbour: u32) -> Self {
        let turns = &table.chunks()[chunk];
        let mut starts = Vec::with_capacity(turns.len() + 1);
        let mut rows = Vec::with_capacity(turns.len() * (2 * neighbours.min(4) + 1));
        let mut lengths = Vec::with_capacity(turns.len());
        let mut widest = 0;
        for (row, turn) in (chunk * CHUNK_ROWS..).zip(turns.iter()) {
            let start = rows.len();
            let mut words = turn.entry.words;
            rows.push(row as u32);
            for_each_beside(table, turn, neighbours, longest_neighbour, |near, other| {
                rows.push(near as u32);
                words += other.entry.words;
            });
            rows[start..].sort_unstable();
            starts.push(start as u32);
            lengths.push(words as f32);
            widest = widest.max(rows.len() - start);
        }
        starts.push(rows.len() as u32);
        let windows = starts.windows(2).map(|ends| &rows[ends[0] as usize..ends[1] as usize]);
        let beside = Beside::of((chunk * CHUNK_ROWS..).zip(windows));
        Self { starts, rows, beside, lengths, widest }
    }

    /// The windows as bits.
    pub(super) fn beside(&self) -> &Beside {
        &self.beside
    }

    /// The words in each window.
    pub(super) fn lengths(&self) -> &[f32] {
        &self.lengths
    }

    fn bytes(&self) -> usize {
        let numbers = self.starts.len() + self.rows.len() + self.lengths.len();
        size_of::<u32>() * numbers + self.beside.bytes()
    }
}

fn for_each_beside(
    table: &TurnTable,
    turn: &PlacedTurn,
    neighbours: usize,
    longest_neighbour: u32,
    mut visit: impl FnMut(usize, &PlacedTurn),
) {
    let short = |turn: &PlacedTurn| turn.entry.words <= longest_neighbour;
    if !short(turn) {
        return;
    }
    for step in [PlacedTurn::before, PlacedTurn::after] {
        let mut next = step(turn);
        for _ in 0..neighbours {
            let Some(row) = next else { break };
            let neighbour = table.turn(row);
            if short(neighbour) {
                visit(row, neighbour);
            }
            next = step(neighbour);
        }
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Role, TurnId};
    use proptest::prelude::*;

    use super::*;
    use crate::lists::TurnEntry;
    use crate::source::SessionNumber;

    /// Two sessions whose turns came in turn: 0, 2, 4, 6 and 1, 3, 5; row 4 is long.
    #[test]
    fn windows_hold_the_short_turns_near_by_in_the_session() {
        let entries: Vec<TurnEntry> = [1, 10, 2, 20, 900, 30, 3]
            .into_iter()
            .enumerate()
            .map(|(row, words)| TurnEntry {
                turn: TurnId(row as i64 + 1),
                session: SessionNumber(row as i64 % 2),
                role: Role::User,
                note: false,
                time_ms: 0,
                words,
            })
            .collect();
        let mut table = TurnTable::default();
        table.grow(&entries);
        let windows = WordWindows::new(&table, 2, 100);
        let rows: Vec<&[u32]> = (0..7).map(|row| windows.window(row)).collect();
        let (even, odd) = (&[0, 2][..], &[1, 3, 5][..]);
        assert_eq!(rows, [even, odd, &[0, 2, 6], odd, &[4], odd, &[2, 6]]);
        assert_eq!((windows.widest(), windows.shortest_length()), (3, 3.0));
        let lengths: Vec<f32> = (0..7).map(|row| windows.length(row)).collect();
        assert_eq!(lengths, [3.0, 60.0, 6.0, 60.0, 900.0, 60.0, 5.0]);
        let sum: f32 = lengths.iter().sum();
        assert!((windows.average_length() - sum / 7.0).abs() < 1e-3);
        assert!(windows.fit(2, 100) && !windows.fit(1, 100) && !windows.fit(2, 50));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        /// Sessions that are continued at random, over several chunks.
        #[test]
        fn windows_that_grew_are_those_that_are_made_anew(
            turns in prop::collection::vec((0..5i64, 1..120u32), 1..40),
            rows in prop::collection::vec(0..1_500usize, 1..4),
            neighbours in 0..4usize,
        ) {
            let mut table = TurnTable::default();
            let mut windows = WordWindows::new(&table, neighbours, 100);
            for more in rows {
                let first = table.len();
                let entry = |row: usize| {
                    let (session, words) = turns[row * 7 % turns.len()];
                    TurnEntry {
                        turn: TurnId(row as i64 + 1),
                        session: SessionNumber(session),
                        role: Role::User,
                        note: words % 16 == 0,
                        time_ms: 0,
                        words,
                    }
                };
                table.grow(&(first..first + more).map(entry).collect::<Vec<_>>());
                windows = windows.grown(&table);
                let anew = WordWindows::new(&table, neighbours, 100);
                prop_assert_eq!(windows.len(), table.len());
                prop_assert_eq!(format!("{windows:?}"), format!("{anew:?}"));
            }
        }
    }
}
