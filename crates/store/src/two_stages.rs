//! Finds the nearest turns of many: by their codes which may be, by their vectors which are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use longmem_core::Embedding;
use rayon::prelude::*;
use rusqlite::Connection;

use crate::code::{CodeQuery, Codes};
use crate::dot::dot;
use crate::error::BadVector;
use crate::layout::Layout;
use crate::selection::{ScoredRow, best, lowest};
use crate::smoothing::DenseParameters;
use crate::snapshot::{Matrix, Snapshot};
use crate::vector_codec::decode;
use crate::{Store, StoreError};

/// How vectors are searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scan {
    /// Compares the query with every vector of a user who has few, and takes two stages for one who
    /// has many.
    #[default]
    Automatic,
    /// Compares the query with every vector, which keeps all of the user's in memory: 1.5 kB each.
    Exact,
    /// First compares the query with a code of 48 bytes for each vector, which is about right; then
    /// with the vectors of the turns that come out best.
    TwoStages {
        /// How many turns' vectors are compared; none takes as many as [`Scan::Automatic`].
        rescored: Option<usize>,
    },
}

/// A user with no more passages is scanned exactly: that takes a fraction of a millisecond.
const FEW_PASSAGES: usize = 4096;

/// Turns that are compared again for each that is wanted, and at least. Measured on embeddings of
/// 31,000 English sentences: among so many are all of the ten nearest, and 999 in a thousand of the
/// hundred nearest; on 5,000 of them as well.
const RESCORED_EACH: usize = 10;
const RESCORED_AT_LEAST: usize = 300;

/// Turns that are compared again to find the lowest cosine. Measured on the same sentences, what
/// they bring is on average 0.001 above it; with 32 it would be 0.004.
const FARTHEST: usize = 128;

/// Rows whose vectors one connection reads while others read more.
const ROWS_A_READER: usize = 64;

impl Scan {
    /// How many turns the second stage takes to find the best `wanted` of so many passages; none
    /// if all vectors are compared.
    pub(crate) fn rescored(self, wanted: usize, passages: usize) -> Option<usize> {
        let usual = wanted.saturating_mul(RESCORED_EACH).max(RESCORED_AT_LEAST);
        match self {
            Self::Exact => None,
            Self::TwoStages { rescored } => Some(rescored.unwrap_or(usual)),
            // To read most vectors one by one takes longer than to read all.
            Self::Automatic => (passages > FEW_PASSAGES && usual < passages / 4).then_some(usual),
        }
    }
}

/// What is asked of the two stages.
pub(crate) struct TwoStages<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) codes: &'a Snapshot<Codes>,
    /// The vectors that are in memory; the others are read one by one.
    pub(crate) whole: &'a Snapshot<Matrix>,
    pub(crate) query: &'a Embedding,
    pub(crate) parameters: &'a DenseParameters,
    /// How many of the nearest are wanted.
    pub(crate) wanted: usize,
    /// How many turns' vectors are compared to find them.
    pub(crate) rescored: usize,
}

impl TwoStages<'_> {
    /// Scores those rows exactly that are nearest or farthest among the admitted, and those that
    /// are given, in the order of rows. A row without a vector is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or holds a damaged vector.
    pub(crate) fn scores(
        &self,
        store: &Store,
        admits: impl Fn(usize) -> bool + Sync,
        given: impl Iterator<Item = usize>,
    ) -> Result<Vec<ScoredRow>, StoreError> {
        let estimates = self.codes.cosines(self.layout, &CodeQuery::of(self.query));
        let smoothed = self.parameters.scores(self.layout, &estimates);
        let nearest = best(&smoothed, self.rescored, f32::NEG_INFINITY, &admits);
        let farthest = lowest(&smoothed, FARTHEST, &admits);

        let mut wanted: BTreeSet<usize> = given.collect();
        let mut exact = BTreeMap::new();
        let first = nearest.iter().chain(&farthest).map(|scored| scored.row);
        self.add_cosines(store, &mut exact, first.chain(wanted.iter().copied()))?;
        // A neighbour's part is small: its estimate is good enough to tell which turns need it.
        let cosine = |row: usize| exact.get(&row).copied().unwrap_or(estimates[row]);
        let nearly = |found: &ScoredRow| {
            exact.get(&found.row).map_or(f32::NAN, |own| self.score(found.row, *own, cosine))
        };
        let near: Vec<f32> = nearest.iter().map(nearly).collect();
        let far: Vec<f32> = farthest.iter().map(nearly).collect();
        let near = best(&near, self.wanted.saturating_mul(2), f32::NEG_INFINITY, |_| true);
        let far = lowest(&far, FARTHEST / 8, |_| true);
        wanted.extend(near.into_iter().map(|found| nearest[found.row].row));
        wanted.extend(far.into_iter().map(|found| farthest[found.row].row));
        let beside =
            wanted.iter().flat_map(|row| self.parameters.neighbours(self.layout, *row)).flatten();
        let beside: Vec<usize> = beside.collect();
        self.add_cosines(store, &mut exact, beside.into_iter())?;
        let cosine = |row: usize| exact.get(&row).copied().unwrap_or(f32::NAN);
        Ok(wanted
            .iter()
            .filter_map(|row| {
                let own = *exact.get(row)?;
                Some(ScoredRow { row: *row, score: self.score(*row, own, cosine) })
            })
            .collect())
    }

    fn score(&self, row: usize, own: f32, cosine: impl Fn(usize) -> f32) -> f32 {
        self.parameters.score(self.layout, row, own, cosine)
    }

    /// Adds the exact cosines of rows that have a vector, for a turn of several passages the mean
    /// of theirs.
    fn add_cosines(
        &self,
        store: &Store,
        exact: &mut BTreeMap<usize, f32>,
        rows: impl Iterator<Item = usize>,
    ) -> Result<(), StoreError> {
        let mut missing: Vec<usize> = rows.filter(|row| !exact.contains_key(row)).collect();
        missing.sort_unstable();
        missing.dedup();
        let known: Vec<Option<f32>> =
            missing.par_iter().map(|row| self.whole.cosine(*row, self.query)).collect();
        let known = missing.iter().zip(known);
        exact.extend(known.filter_map(|(row, cosine)| Some((*row, cosine?))));
        missing.retain(|row| !exact.contains_key(row));
        if missing.is_empty() {
            return Ok(());
        }
        let read = missing
            .par_chunks(ROWS_A_READER)
            .map(|rows| store.connections.read(|connection| self.read_cosines(connection, rows)))
            .collect::<Result<Vec<_>, _>>()?;
        exact.extend(read.into_iter().flatten());
        Ok(())
    }

    fn read_cosines(
        &self,
        connection: &Connection,
        rows: &[usize],
    ) -> rusqlite::Result<Vec<(usize, f32)>> {
        let mut cosines = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(passages) = self.codes.passages_of(*row) else { continue };
            if let Some(cosine) = read_cosine(connection, passages, self.query)? {
                cosines.push((*row, cosine));
            }
        }
        Ok(cosines)
    }
}

/// The mean of passages' cosines; none if one was deleted since its code was read.
fn read_cosine(
    connection: &Connection,
    passages: Range<i64>,
    query: &Embedding,
) -> rusqlite::Result<Option<f32>> {
    let mut statement =
        connection.prepare_cached("SELECT vector FROM vectors WHERE passage_id = ?1")?;
    let count = passages.end - passages.start;
    let mut sum = 0.0;
    for passage in passages {
        let mut rows = statement.query([passage])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let vector = decode(row.get_ref(0)?.as_blob()?)
            .map_err(|reason| BadVector { passage, reason }.in_column(0))?;
        sum += dot(vector.as_slice(), query.as_slice());
    }
    Ok(Some(sum / count as f32))
}
