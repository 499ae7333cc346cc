//! Estimates the scores of a thousand rows at once, where so many may be among the best that looking at
//! each by itself would take longer.
//!
//! An estimate is summed as the score is, but in another order, so that it rounds otherwise.

use super::beside::{BesideGroup, DISTANCES, FARTHEST};
use super::bm25::frequency;
use super::lexical_scores::{LexicalScores, ScoredWord};
use super::windows::WordWindows;
use super::word_rows::GROUP_ROWS;
use crate::turn_table::CHUNK_ROWS;
use crate::vectorized::{Loop, vectorized};

/// Number of rows whose scores are estimated together: those of a chunk of the table. Their numbers stay in
/// the processor's nearest cache.
pub(super) const TILE_ROWS: usize = CHUNK_ROWS;

/// The scores of some rows that follow each other, about.
pub(super) struct Estimates {
    /// Of each row; without end for a row whose window reaches too far to be estimated.
    scores: Vec<f32>,
}

impl Estimates {
    /// Of the rows from `first` on, which begins a chunk, to the end of the chunk.
    pub(super) fn of(scores: &LexicalScores<'_>, windows: &WordWindows, first: usize) -> Self {
        let chunk = &windows.chunks()[first / TILE_ROWS];
        let average = windows.average_length();
        let lengths: Vec<f32> = chunk.lengths().iter().map(|length| length / average).collect();
        let groups = chunk.beside().groups();
        let mut estimates = vec![0.0; lengths.len()];
        // With rows at both ends, so that every distance stays inside.
        let mut counts = vec![0.0; FARTHEST + TILE_ROWS + FARTHEST];
        for word in &scores.words {
            if word.write_counts(first, &mut counts) {
                let (counts, lengths) = (&counts[..], &lengths[..]);
                let (lent, idf, scores) = (scores.lent(), word.idf(), &mut estimates[..]);
                vectorized(AddWord { counts, groups, lengths, lent, idf, scores });
            }
        }
        for row in chunk.beside().far() {
            estimates[*row as usize - first] = f32::INFINITY;
        }
        Self { scores: estimates }
    }

    /// The estimate of a row, by its distance from the first; without end where it cannot be estimated.
    pub(super) fn at(&self, place: usize) -> f32 {
        self.scores[place]
    }
}

impl ScoredWord<'_> {
    /// Writes how often it stands in each row, from [`FARTHEST`] rows before `first` on; says whether it
    /// stands in any.
    fn write_counts(&self, first: usize, counts: &mut [f32]) -> bool {
        let begin = first.saturating_sub(FARTHEST);
        let end = first + TILE_ROWS + FARTHEST;
        counts.fill(0.0);
        let mut stands = false;
        for list in &self.lists {
            for (row, count) in list.held_from(begin) {
                if row >= end {
                    break;
                }
                counts[row + FARTHEST - first] += count as f32;
                stands = true;
            }
        }
        stands
    }
}

/// Adds what one word brings to the scores.
struct AddWord<'a> {
    /// How often it stands in each row, from [`FARTHEST`] before the first.
    counts: &'a [f32],
    groups: &'a [BesideGroup],
    /// How long each row's window is beside the mean.
    lengths: &'a [f32],
    lent: f32,
    idf: f32,
    scores: &'a mut [f32],
}

impl Loop for AddWord<'_> {
    type Result = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for each set of instructions")]
    fn run(self) {
        let Self { counts, groups, lengths, lent, idf, scores } = self;
        let rows = scores.chunks_mut(GROUP_ROWS).zip(lengths.chunks(GROUP_ROWS)).zip(groups);
        for (place, ((scores, lengths), group)) in rows.enumerate() {
            let first = place * GROUP_ROWS + FARTHEST;
            let mut beside = [0.0; GROUP_ROWS];
            for (has_beside, distance) in group.iter().zip(DISTANCES) {
                if *has_beside == 0 {
                    continue;
                }
                let others = &counts[first.wrapping_add_signed(distance)..][..GROUP_ROWS];
                let halves = beside.chunks_exact_mut(32).zip(others.chunks_exact(32));
                for (half, (beside, others)) in halves.enumerate() {
                    let bits = (has_beside >> (32 * half)) as u32;
                    for (bit, (beside, other)) in beside.iter_mut().zip(others).enumerate() {
                        *beside += (bits >> bit & 1) as f32 * other;
                    }
                }
            }
            let own = &counts[first..][..GROUP_ROWS];
            let each = scores.iter_mut().zip(lengths).zip(own.iter().zip(&beside));
            for ((score, length), (own, beside)) in each {
                *score += idf * frequency(own + lent * beside, *length);
            }
        }
    }
}
