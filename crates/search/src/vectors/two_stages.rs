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
        /// Number of turns whose vectors are compared; none takes as many as [`Scan::Automatic`].
        rescored: Option<usize>,
    },
}

/// Number of passages up to which a user is always scanned exactly: that takes a fraction of a
/// millisecond.
const FEW_PASSAGES: usize = 4096;

/// Turns compared again for each one wanted, and at least. Measured on embeddings of 100,000 English
/// sentences and 200 questions: among so many are all of the ten nearest (among 300, 999 in a thousand),
/// and 998 in a thousand of the hundred nearest.
const RESCORED_EACH: usize = 10;
const RESCORED_AT_LEAST: usize = 500;

/// Turns compared again to find the lowest cosine. The minimum found this way exceeds the true one by
/// 0.001 on average over the same sentences; with 32 turns it would by 0.004.
const FARTHEST: usize = 128;

/// Turns that are exact for a moment before neighbours are added, for each one wanted.
const CONTENDERS_EACH: usize = 2;

impl Scan {
    /// Number of passages up to which all vectors are compared to find the best `wanted` turns.
    pub(crate) fn whole_up_to(self, wanted: usize) -> usize {
        match self {
            Self::Exact => usize::MAX,
            Self::TwoStages { .. } => 0,
            // Reading a quarter of all vectors one by one takes longer than reading all.
            Self::Automatic => {
                FEW_PASSAGES.max(Self::usual(wanted).saturating_mul(4).saturating_add(3))
            }
        }
    }

    /// Number of turns that the second stage compares to find the best `wanted`.
    pub(crate) fn rescored(self, wanted: usize) -> usize {
        match self {
            Self::TwoStages { rescored: Some(rescored) } => rescored,
            _ => Self::usual(wanted),
        }
    }

    fn usual(wanted: usize) -> usize {
        wanted.saturating_mul(RESCORED_EACH).max(RESCORED_AT_LEAST)
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
    /// Number of turns whose vectors are compared to find them.
    pub(crate) rescored: usize,
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
        // In the order of rows, so that equal scores are chosen among as everywhere: by row.
        let in_order = |found: Vec<ScoredRow>| {
            let mut rows: Vec<usize> = found.iter().map(|found| found.row).collect();
            rows.sort_unstable();
            rows
        };
        let maybe_nearest = in_order(best(smoothed, self.rescored, f32::NEG_INFINITY, admits));
        let maybe_farthest = in_order(lowest(smoothed, FARTHEST, admits));

        // Second stage: the exact cosines of those, and of what words brought.
        let mut final_rows: Vec<usize> = given.collect();
        let mut cosines = Cosines { of_rows: estimates, exact: Vec::new() };
        let query = DotQuery::of(self.query);
        let candidates = [&maybe_nearest[..], &maybe_farthest, &final_rows].concat();
        self.make_exact(&query, &mut cosines, candidates)?;

        // Which of them are nearest is decided with the neighbours' estimates: a neighbour's part is
        // small, so its estimate is good enough to tell which turns need its exact cosine.
        let own_exact_rest_estimated = |rows: &[usize]| -> Vec<f32> {
            rows.iter().map(|row| self.scored(*row, &cosines).smoothed).collect()
        };
        let near_scores = own_exact_rest_estimated(&maybe_nearest);
        let far_scores = own_exact_rest_estimated(&maybe_farthest);
        let contenders = self.wanted.saturating_mul(CONTENDERS_EACH);
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
