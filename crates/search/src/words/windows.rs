//! Which turns of a session are so near each other that they share words.

use crate::parallel;
use crate::turn_table::{CHUNK_ROWS, PlacedTurn, TurnTable};

/// For each row of a table the rows whose words count for it, and their number of words together.
#[derive(Debug)]
pub(crate) struct WordWindows {
    neighbours: usize,
    longest_neighbour: u32,
    /// The window of row r are the rows from `starts[r]` to before `starts[r + 1]`.
    starts: Vec<u32>,
    rows: Vec<u32>,
    lengths: Vec<f32>,
    average_length: f32,
    shortest_length: f32,
    widest: usize,
}

impl WordWindows {
    /// Takes so many turns before and after each. A turn with more words than `longest_neighbour`
    /// neither lends nor borrows words.
    pub(crate) fn new(table: &TurnTable, neighbours: usize, longest_neighbour: u32) -> Self {
        let chunks: Vec<_> = table.chunks().iter().enumerate().collect();
        let of_chunks: Vec<(Vec<u32>, Vec<u32>, Vec<f32>)> =
            parallel::map(&chunks, |(chunk, turns)| {
                let mut counts = Vec::with_capacity(turns.len());
                let mut rows = Vec::with_capacity(turns.len() * (2 * neighbours.min(4) + 1));
                let mut lengths = Vec::with_capacity(turns.len());
                for (place, turn) in turns.iter().enumerate() {
                    let before = rows.len();
                    let mut words = turn.entry.words;
                    rows.push((chunk * CHUNK_ROWS + place) as u32);
                    for_each_beside(table, turn, neighbours, longest_neighbour, |row, other| {
                        rows.push(row as u32);
                        words += other.entry.words;
                    });
                    rows[before..].sort_unstable();
                    counts.push((rows.len() - before) as u32);
                    lengths.push(words as f32);
                }
                (counts, rows, lengths)
            });
        let mut windows = Self {
            neighbours,
            longest_neighbour,
            starts: vec![0],
            rows: Vec::new(),
            lengths: Vec::with_capacity(table.len()),
            average_length: 1.0,
            shortest_length: 0.0,
            widest: 0,
        };
        let mut end = 0;
        for (counts, rows, lengths) in of_chunks {
            windows.widest =
                counts.iter().fold(windows.widest, |most, count| most.max(*count as usize));
            windows.starts.extend(counts.into_iter().map(|count| {
                end += count;
                end
            }));
            windows.rows.extend(rows);
            windows.lengths.extend(lengths);
        }
        let sum: f32 = windows.lengths.iter().sum();
        windows.average_length = (sum / table.len().max(1) as f32).max(1.0);
        let shortest = windows.lengths.iter().copied().reduce(f32::min);
        windows.shortest_length = shortest.unwrap_or_default();
        windows
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<u32>() * (self.starts.len() + self.rows.len() + self.lengths.len())
    }

    /// Says whether they were made for these parameters.
    pub(crate) fn fit(&self, neighbours: usize, longest_neighbour: u32) -> bool {
        (self.neighbours, self.longest_neighbour) == (neighbours, longest_neighbour)
    }

    /// The rows in a row's window, ascending, itself among them. A row is in the window of each row in
    /// its own.
    pub(crate) fn window(&self, row: usize) -> &[u32] {
        &self.rows[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    /// The words in a row's window, its own included.
    pub(crate) fn length(&self, row: usize) -> f32 {
        self.lengths[row]
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
}
