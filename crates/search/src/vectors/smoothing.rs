//! Takes each turn's cosine together with its neighbours' in the session.

use crate::buffers::Buffer;
use crate::parallel;
use crate::turn_table::{CHUNK_ROWS, PlacedTurn, TurnTable};

/// How much of its neighbours' cosines a turn takes over.
///
/// score = (cos + before · cos of the turn before + after · cos of the turn after) /
/// (1 + before + after), where a neighbour that is missing or long counts as the turn itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenseParameters {
    /// The weight of the turn before, 0 to 1.
    pub before: f32,
    /// The weight of the turn after, 0 to 1.
    pub after: f32,
    /// A longer turn, in words, neither lends nor borrows.
    pub longest_neighbour: u32,
}

impl DenseParameters {
    /// Each turn for itself: the plain cosine.
    pub const PLAIN: Self = Self { before: 0.0, after: 0.0, longest_neighbour: 0 };

    /// Whether each turn's score is its own cosine.
    fn is_plain(&self) -> bool {
        self.before == 0.0 && self.after == 0.0
    }

    /// The rows whose cosines a row takes over: before and after.
    pub(crate) fn neighbours(&self, table: &TurnTable, row: usize) -> [Option<usize>; 2] {
        if self.is_plain() {
            return [None, None];
        }
        self.neighbours_of(table, table.turn(row))
    }

    fn neighbours_of(&self, table: &TurnTable, turn: &PlacedTurn) -> [Option<usize>; 2] {
        let short = |turn: &PlacedTurn| turn.entry.words <= self.longest_neighbour;
        let lends = |neighbour: Option<usize>, weight: f32| {
            neighbour.filter(|row| weight > 0.0 && short(turn) && short(table.turn(*row)))
        };
        [lends(turn.before(), self.before), lends(turn.after(), self.after)]
    }

    /// One row's score; not a number if its own cosine is not.
    pub(crate) fn score(
        &self,
        table: &TurnTable,
        row: usize,
        own: f32,
        cosine: impl Fn(usize) -> f32,
    ) -> f32 {
        self.mixed(self.neighbours(table, row), own, cosine)
    }

    fn mixed(
        &self,
        neighbours: [Option<usize>; 2],
        own: f32,
        cosine: impl Fn(usize) -> f32,
    ) -> f32 {
        let [before, after] = neighbours.map(|neighbour| {
            neighbour.map(&cosine).filter(|cosine| !cosine.is_nan()).unwrap_or(own)
        });
        (own + self.before * before + self.after * after) / (1.0 + self.before + self.after)
    }

    /// The score of each row of the table, from the cosine of each row: the cosines themselves, or
    /// other numbers in the buffer.
    pub(crate) fn scores<'a>(
        &self,
        table: &TurnTable,
        cosines: &'a [f32],
        buffer: &'a mut Buffer<'_>,
    ) -> &'a [f32] {
        if self.is_plain() {
            return cosines;
        }
        let scores = buffer.of_rows(cosines.len());
        parallel::for_each_chunk(scores, CHUNK_ROWS, |chunk, scores| {
            let own = &cosines[chunk * CHUNK_ROWS..];
            let turns = table.chunks()[chunk].iter();
            for ((score, turn), own) in scores.iter_mut().zip(turns).zip(own) {
                let neighbours = self.neighbours_of(table, turn);
                *score = self.mixed(neighbours, *own, |row| cosines[row]);
            }
        });
        scores
    }
}
