//! Which turns of a session stand so near each other that they share words.

use rayon::prelude::*;

use crate::layout::{Layout, PlacedTurn};

/// The rows beside each row of a layout, and how many words they have together.
#[derive(Debug)]
pub(crate) struct Windows {
    neighbours: usize,
    longest_neighbour: u32,
    /// The rows beside row r are those from `starts[r]` to before `starts[r + 1]`.
    starts: Vec<u32>,
    beside: Vec<u32>,
    lengths: Vec<f32>,
    average_length: f32,
}

impl Windows {
    /// Takes so many turns before and after each; one with more words than `longest_neighbour` is
    /// in no window but its own, where it is alone.
    pub(crate) fn new(layout: &Layout, neighbours: usize, longest_neighbour: u32) -> Self {
        let of_chunks: Vec<(Vec<u32>, Vec<u32>, Vec<f32>)> = layout
            .chunks()
            .par_iter()
            .map(|turns| {
                let mut counts = Vec::with_capacity(turns.len());
                let mut beside = Vec::with_capacity(turns.len() * 2 * neighbours.min(4));
                let mut lengths = Vec::with_capacity(turns.len());
                for turn in turns.iter() {
                    let before = beside.len();
                    let mut words = turn.entry.words;
                    for_each_beside(layout, turn, neighbours, longest_neighbour, |row, other| {
                        beside.push(row as u32);
                        words += other.entry.words;
                    });
                    counts.push((beside.len() - before) as u32);
                    lengths.push(words as f32);
                }
                (counts, beside, lengths)
            })
            .collect();
        let mut windows = Self {
            neighbours,
            longest_neighbour,
            starts: vec![0],
            beside: Vec::new(),
            lengths: Vec::with_capacity(layout.len()),
            average_length: 1.0,
        };
        let mut end = 0;
        for (counts, beside, lengths) in of_chunks {
            windows.starts.extend(counts.into_iter().map(|count| {
                end += count;
                end
            }));
            windows.beside.extend(beside);
            windows.lengths.extend(lengths);
        }
        let sum: f32 = windows.lengths.iter().sum();
        windows.average_length = (sum / layout.len().max(1) as f32).max(1.0);
        windows
    }

    /// Says whether they were made for these parameters.
    pub(crate) fn fit(&self, neighbours: usize, longest_neighbour: u32) -> bool {
        (self.neighbours, self.longest_neighbour) == (neighbours, longest_neighbour)
    }

    /// The rows in a row's window, itself left out.
    pub(crate) fn beside(&self, row: usize) -> &[u32] {
        &self.beside[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    /// The words in a row's window, its own included.
    pub(crate) fn length(&self, row: usize) -> f32 {
        self.lengths[row]
    }

    /// The mean of all windows' lengths; at least 1.
    pub(crate) fn average_length(&self) -> f32 {
        self.average_length
    }
}

fn for_each_beside(
    layout: &Layout,
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
            let neighbour = layout.turn(row);
            if short(neighbour) {
                visit(row, neighbour);
            }
            next = step(neighbour);
        }
    }
}
