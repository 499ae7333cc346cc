//! Takes each turn's cosine together with its neighbours' in the session.

use crate::buffers::Buffer;
use crate::parallel;
use crate::turn_table::{CHUNK_ROWS, PlacedTurn, RowLinks, TurnTable};
use crate::vectorized::{Loop, vectorized};

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
        let turn = table.turn(row);
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
        let neighbours = self.neighbours(table, row);
        let [before, after] = neighbours.map(|neighbour| neighbour.map_or(own, &cosine));
        self.mixed(own, before, after)
    }

    /// A turn's cosine with what it takes over from its neighbours, which is its own if these have no
    /// number.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for each set of instructions")]
    fn mixed(&self, own: f32, before: f32, after: f32) -> f32 {
        let or_own = |cosine: f32| if cosine.is_nan() { own } else { cosine };
        let sum = own + self.before * or_own(before) + self.after * or_own(after);
        sum / (1.0 + self.before + self.after)
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
            let first = chunk * CHUNK_ROWS;
            let (links, last) = (table.links(chunk), scores.len() - 1);
            let cosines_of_chunk = &cosines[first..=first + last];
            if last >= 2 {
                vectorized(SmoothedBeside {
                    parameters: self,
                    links,
                    cosines: cosines_of_chunk,
                    scores: &mut scores[1..last],
                });
            }
            // The rest: rows at the ends of the chunk, and those whose neighbours stand elsewhere.
            for (place, places) in links.places.iter().enumerate() {
                if places & RowLinks::ELSEWHERE != 0 || place == 0 || place == last {
                    let own = cosines_of_chunk[place];
                    scores[place] = self.score(table, first + place, own, |row| cosines[row]);
                }
            }
        });
        scores
    }
}

/// Scores each row of a chunk but the first and the last as if its neighbours could stand only in the
/// rows before it and after it.
struct SmoothedBeside<'a> {
    parameters: &'a DenseParameters,
    links: &'a RowLinks,
    /// Of all rows of the chunk.
    cosines: &'a [f32],
    /// Of all but the first and the last.
    scores: &'a mut [f32],
}

impl Loop for SmoothedBeside<'_> {
    type Result = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for each set of instructions")]
    fn run(self) {
        let Self { parameters, links: RowLinks { words, places }, cosines, scores } = self;
        let rows = scores.len();
        let [words_before, words, words_after] = [0, 1, 2].map(|from| &words[from..from + rows]);
        let [before, own, after] = [0, 1, 2].map(|from| &cosines[from..from + rows]);
        let places = &places[1..=rows];
        for row in 0..rows {
            let is_short = |words: u32| words <= parameters.longest_neighbour;
            // By bits, so that the compiler makes no branch of it, and takes eight rows at once.
            let taken = |place: u32, words_beside: u32, beside: f32| {
                let lends =
                    (places[row] & place != 0) & is_short(words[row]) & is_short(words_beside);
                let all = u32::from(lends).wrapping_neg();
                f32::from_bits(beside.to_bits() & all | own[row].to_bits() & !all)
            };
            let before = taken(RowLinks::BEFORE, words_before[row], before[row]);
            let after = taken(RowLinks::AFTER, words_after[row], after[row]);
            scores[row] = parameters.mixed(own[row], before, after);
        }
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Role, TurnId};
    use proptest::prelude::*;

    use super::*;
    use crate::buffers::Buffers;
    use crate::lists::TurnEntry;
    use crate::source::SessionNumber;

    proptest! {
        /// Sessions one after another and in turn, over the borders of chunks, with notes and long turns.
        #[test]
        fn all_rows_are_scored_as_each_is_alone(
            turns in prop::collection::vec((0..260i64, 0..4usize, -1.0f32..1.1), 1..3000),
            sessions in prop::sample::select(vec![1, 2, 260]),
            longest_neighbour in prop::sample::select(vec![0, 100, 1000]),
            after in prop::sample::select(vec![0.0f32, 0.1]),
        ) {
            let entry = |(row, (session, words, _)): (usize, &(i64, usize, f32))| TurnEntry {
                turn: TurnId(row as i64 + 1),
                session: SessionNumber(session % sessions),
                role: Role::User,
                note: session % 40 == 39,
                time_ms: 0,
                words: [1, 100, 101, 5000][*words],
            };
            let entries: Vec<TurnEntry> = turns.iter().enumerate().map(entry).collect();
            let mut table = TurnTable::default();
            let (old, new) = entries.split_at(entries.len() / 3);
            table.grow(old);
            table.grow(new);
            let cosines: Vec<f32> = turns
                .iter()
                .map(|(.., cosine)| if *cosine > 1.0 { f32::NAN } else { *cosine })
                .collect();
            let parameters = DenseParameters { before: 0.2, after, longest_neighbour };
            let buffers = Buffers::default();
            let mut buffer = buffers.take();
            let scores = parameters.scores(&table, &cosines, &mut buffer);
            for (row, score) in scores.iter().enumerate() {
                let alone = parameters.score(&table, row, cosines[row], |other| cosines[other]);
                prop_assert_eq!(score.to_bits(), alone.to_bits(), "row {}", row);
            }
        }
    }
}
