//! Finds the nearest turns of many: by their codes which may be, by their vectors which are.

use std::sync::atomic::{AtomicU32, Ordering};

use longmem_core::{Embedding, EmbeddingModel, UserName};

use super::code::{CodeQuery, Codes};
use super::dot::DotQuery;
use super::smoothing::DenseParameters;
use super::snapshot::{Matrix, Snapshot};
use super::vector_bytes::vector_from_bytes;
use crate::buffers::Buffers;
use crate::parallel;
use crate::selection::{ALL, RowCosine, ScoredRow, best, lowest};
use crate::source::{DamagedVector, PassageId, SearchSource};
use crate::turn_table::TurnTable;

/// How vectors are searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scan {
    /// Compares the query with every vector of a user who has few, and takes two stages for one who
    /// has many.
    #[default]
    Automatic,
    /// Compares the query with every vector, which keeps all of the user's in memory: 1.5 kB each.
    Exact,
    /// First compares the query with a code of one bit a number for each vector, which estimates the
    /// cosine; then with the vectors of the turns that come out best.
    TwoStages {
        /// Number of turns whose vectors are compared; none takes those that [`Scan::Automatic`] takes,
        /// whose estimates tell that they may be among the nearest.
        rescored: Option<usize>,
    },
}

/// Number of passages up to which a user is always scanned exactly: that takes a fraction of a
/// millisecond.
const FEW_PASSAGES: usize = 4096;

/// Passages up to which a user is scanned exactly, for each turn that is wanted. Reading a quarter of all
/// vectors one by one takes longer than reading all.
const FEW_PASSAGES_EACH: usize = 40;

/// Turns compared again for each one wanted, at most, and for few that are wanted.
const RESCORED_EACH: usize = 20;
const RESCORED_AT_LEAST: usize = 1000;

/// How far below the last of the nearest a turn's estimate may be, so that the turn is compared again:
/// three times the error of estimates, times the root of the vectors' width. Measured with 200 questions on
/// embeddings of 100,000 English sentences, and on 400,000 of which three quarters are mixtures: of a
/// thousand of the ten nearest, and of the hundred nearest, none is missed; 200 and 310 turns are compared
/// on average, where the best 500 estimates miss one of a thousand.
const MARGIN: f32 = 2.35;

/// Turns whose vectors are compared first, for each one wanted: the last of the nearest is no further
/// than the last of theirs.
const FIRST_EACH: usize = 2;

/// Turns compared again to find the lowest cosine. The minimum found this way exceeds the true one by
/// 0.001 on average over the same sentences; with 32 turns it would by 0.004.
const FARTHEST: usize = 128;

/// Turns that are exact for a moment before neighbours are added, for each one wanted, and for few or none
/// that are wanted: the highest cosine is told in any case.
const CONTENDERS_EACH: usize = 2;
const CONTENDERS_AT_LEAST: usize = 16;

impl Scan {
    /// Number of passages up to which all vectors are compared to find the best `wanted` turns.
    pub(crate) fn whole_up_to(self, wanted: usize) -> usize {
        match self {
            Self::Exact => usize::MAX,
            Self::TwoStages { .. } => 0,
            Self::Automatic => FEW_PASSAGES.max(wanted.saturating_mul(FEW_PASSAGES_EACH)),
        }
    }

    /// Number of turns that the second stage compares to find the best `wanted`, at most, and how far
    /// below the last of these the estimates of vectors of this width may be.
    pub(crate) fn rescored(self, wanted: usize, width: usize) -> (usize, f32) {
        match self {
            Self::TwoStages { rescored: Some(rescored) } => (rescored, f32::INFINITY),
            _ => {
                let most = wanted.saturating_mul(RESCORED_EACH).max(RESCORED_AT_LEAST);
                (most, MARGIN / (width as f32).sqrt())
            }
        }
    }
}

/// What is asked of the two stages.
pub(crate) struct TwoStages<'a, S: ?Sized> {
    pub(crate) source: &'a S,
    pub(crate) user: &'a UserName,
    pub(crate) model: &'a EmbeddingModel,
    pub(crate) table: &'a TurnTable,
    pub(crate) codes: &'a Snapshot<Codes>,
    /// The vectors that are in memory; the others are read by number.
    pub(crate) whole: &'a Snapshot<Matrix>,
    pub(crate) query: &'a Embedding,
    pub(crate) parameters: &'a DenseParameters,
    /// Number of the nearest turns that are wanted.
    pub(crate) wanted: usize,
    /// Number of turns whose vectors are compared to find them, at most.
    pub(crate) rescored: usize,
    /// How far below the last of the nearest the estimates of these turns may be.
    pub(crate) margin: f32,
}

/// Number of turns whose vectors one thread compares while others compare more.
const ROWS_A_TASK: usize = 64;

/// A cosine for each row, some of them exact and the others estimates.
struct Cosines<'a> {
    of_rows: &'a mut [f32],
    /// The rows whose cosines are exact, in order.
    exact: Vec<usize>,
}

impl<S: SearchSource + ?Sized> TwoStages<'_, S> {
    /// Scores exactly the nearest and farthest of the admitted rows, and the given ones, in the order
    /// of rows. A row without a vector is left out.
    ///
    /// # Errors
    /// When the store cannot be read or holds a damaged vector.
    pub(crate) fn scores(
        &self,
        buffers: &Buffers,
        admits: Option<impl Fn(usize) -> bool + Sync + Copy>,
        given: impl Iterator<Item = usize>,
    ) -> Result<Vec<RowCosine>, S::Error> {
        // First stage: every row by its estimate, smoothed as the exact cosines will be.
        let (mut of_estimates, mut of_scores) = (buffers.take(), buffers.take());
        let query = CodeQuery::of(self.query);
        let estimates = self.codes.cosines(self.table, &query, &mut of_estimates);
        let smoothed = self.parameters.scores(self.table, estimates, &mut of_scores);
        let likely = best(smoothed, self.rescored, f32::NEG_INFINITY, admits);
        let farthest = lowest(smoothed, FARTHEST, admits);

        // Second stage: the exact cosines of the first of those, of the farthest, and of what words
        // brought; then of as many more as may be among the nearest.
        let mut final_rows: Vec<usize> = given.collect();
        let mut cosines = Cosines { of_rows: estimates, exact: Vec::new() };
        let query = DotQuery::of(self.query);
        let maybe_farthest = in_order(&farthest);
        let first = &likely[..likely.len().min(self.wanted.saturating_mul(FIRST_EACH))];
        let candidates = [&in_order(first)[..], &maybe_farthest, &final_rows].concat();
        self.make_exact(&query, &mut cosines, candidates)?;
        let least = self.last_of_nearest(first, &cosines) - self.margin;
        let maybe_nearest =
            in_order(&likely[..likely.partition_point(|found| found.score >= least)]);
        self.make_exact(&query, &mut cosines, maybe_nearest.clone())?;

        // Which of them are nearest is decided with the neighbours' estimates: a neighbour's part is
        // small, so its estimate is good enough to tell which turns need its exact cosine.
        let own_exact_rest_estimated = |rows: &[usize]| -> Vec<f32> {
            rows.iter().map(|row| self.scored(*row, &cosines).smoothed).collect()
        };
        let near_scores = own_exact_rest_estimated(&maybe_nearest);
        let far_scores = own_exact_rest_estimated(&maybe_farthest);
        let contenders = self.wanted.saturating_mul(CONTENDERS_EACH).max(CONTENDERS_AT_LEAST);
        let nearest = best(&near_scores, contenders, f32::NEG_INFINITY, ALL);
        let farthest = lowest(&far_scores, FARTHEST / 8, ALL);
        final_rows.extend(nearest.into_iter().map(|found| maybe_nearest[found.row]));
        final_rows.extend(farthest.into_iter().map(|found| maybe_farthest[found.row]));
        final_rows.sort_unstable();
        final_rows.dedup();

        // Only the final rows get their neighbours' exact cosines.
        let neighbours = final_rows
            .iter()
            .flat_map(|row| self.parameters.neighbours(self.table, *row))
            .flatten()
            .collect();
        self.make_exact(&query, &mut cosines, neighbours)?;
        let scored = final_rows.iter().map(|row| self.scored(*row, &cosines));
        Ok(scored.filter(|scored| !scored.own.is_nan()).collect())
    }

    /// The score of the last of the nearest among these rows; negative infinity if they are fewer.
    fn last_of_nearest(&self, rows: &[ScoredRow], cosines: &Cosines<'_>) -> f32 {
        let scores = rows.iter().map(|found| self.scored(found.row, cosines).smoothed);
        let mut scores: Vec<f32> = scores.filter(|score| !score.is_nan()).collect();
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let last = self.wanted.checked_sub(1).and_then(|last| scores.get(last));
        last.copied().unwrap_or(f32::NEG_INFINITY)
    }

    /// A row's cosine, with and without its neighbours' part.
    fn scored(&self, row: usize, cosines: &Cosines<'_>) -> RowCosine {
        let own = cosines.of_rows[row];
        let smoothed = self.parameters.score(self.table, row, own, |row| cosines.of_rows[row]);
        RowCosine { row, own, smoothed }
    }

    /// Puts the exact cosines of rows in the place of estimates, for a turn of several passages the
    /// mean of theirs: from memory, or read by number. A row that has no vector, or not any more, gets
    /// no number.
    fn make_exact(
        &self,
        query: &DotQuery,
        cosines: &mut Cosines<'_>,
        mut rows: Vec<usize>,
    ) -> Result<(), S::Error> {
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|row| cosines.exact.binary_search(row).is_err());
        let tasks: Vec<&[usize]> = rows.chunks(ROWS_A_TASK).collect();
        let in_memory = parallel::map(&tasks, |rows| self.whole.cosines_of(rows, query)).concat();
        let mut missing = Vec::new();
        for (row, cosine) in rows.iter().zip(in_memory) {
            cosines.of_rows[*row] = cosine;
            if cosine.is_nan() {
                missing.push(*row);
            }
        }
        for (row, cosine) in self.read_cosines(query, &missing)? {
            cosines.of_rows[row] = cosine;
        }
        cosines.exact.extend(rows);
        cosines.exact.sort_unstable();
        Ok(())
    }

    /// Reads the vectors of rows by number. A row is left out if one of its passages was deleted
    /// since its code was read.
    fn read_cosines(
        &self,
        query: &DotQuery,
        rows: &[usize],
    ) -> Result<Vec<(usize, f32)>, S::Error> {
        let mut passages: Vec<PassageId> = rows
            .iter()
            .filter_map(|row| self.codes.passages_of(*row))
            .flat_map(|range| range.map(PassageId))
            .collect();
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        // Rows stand in the order of turns; a turn that was embedded late has late passages.
        passages.sort_unstable();
        let cosines: Vec<AtomicU32> =
            passages.iter().map(|_| AtomicU32::new(f32::NAN.to_bits())).collect();
        let width = self.query.width();
        self.source.vectors(self.user, self.model, &passages, &|place, bytes| {
            let vector = vector_from_bytes(bytes, width)
                .map_err(|reason| DamagedVector { passage: passages[place].0, reason })?;
            let cosine = query.dot(vector.as_slice());
            cosines[place].store(cosine.to_bits(), Ordering::Relaxed);
            Ok(())
        })?;
        let cosine_of = |passage: i64| {
            let place = passages.binary_search(&PassageId(passage)).ok()?;
            Some(f32::from_bits(cosines[place].load(Ordering::Relaxed)))
        };
        Ok(rows
            .iter()
            .filter_map(|row| {
                let range = self.codes.passages_of(*row)?;
                let count = (range.end - range.start) as f32;
                let sum = range.map(cosine_of).sum::<Option<f32>>()?;
                (!sum.is_nan()).then_some((*row, sum / count))
            })
            .collect())
    }
}

/// Rows in order, so that equal scores are chosen among as everywhere: by row.
fn in_order(found: &[ScoredRow]) -> Vec<usize> {
    let mut rows: Vec<usize> = found.iter().map(|found| found.row).collect();
    rows.sort_unstable();
    rows
}
