//! Finds the nearest turns of many: by their codes which may be, by their vectors which are.

use std::collections::BTreeMap;

use longmem_core::Embedding;
use rusqlite::OptionalExtension;

use crate::code::{CodeQuery, Codes};
use crate::error::BadVector;
use crate::layout::Layout;
use crate::selection::{ScoredRow, best};
use crate::smoothing::DenseParameters;
use crate::snapshot::Snapshot;
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
        /// How many turns' vectors are compared.
        rescored: usize,
    },
}

/// A user with no more passages is scanned exactly: measured, two stages are not faster then.
const FEW_PASSAGES: usize = 4096;

/// Turns that are compared again for each that is wanted, and at least. Measured on embeddings of
/// 30,000 English sentences, of the ten nearest and of the hundred nearest all but one in
/// a thousand are among them.
const RESCORED_EACH: usize = 15;
const RESCORED_AT_LEAST: usize = 400;

/// Turns that are compared again to find the lowest cosine.
const FARTHEST: usize = 32;

impl Scan {
    /// How many turns the second stage takes to find the best `wanted` of so many passages; none
    /// if all vectors are compared.
    pub(crate) fn rescored(self, wanted: usize, passages: usize) -> Option<usize> {
        match self {
            Self::Exact => None,
            Self::TwoStages { rescored } => Some(rescored),
            Self::Automatic => {
                let rescored = wanted.saturating_mul(RESCORED_EACH).max(RESCORED_AT_LEAST);
                // To read most vectors one by one takes longer than to read all.
                (passages > FEW_PASSAGES && rescored < passages / 4).then_some(rescored)
            }
        }
    }
}

/// What the second stage is asked for.
pub(crate) struct TwoStages<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) codes: &'a Snapshot<Codes>,
    pub(crate) query: &'a Embedding,
    pub(crate) parameters: &'a DenseParameters,
    /// How many of the nearest are scored.
    pub(crate) rescored: usize,
}

impl TwoStages<'_> {
    /// Scores those rows exactly that may be nearest or farthest among the admitted, and those
    /// that are given, in the order of rows. A row without a vector is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or holds a damaged vector.
    pub(crate) fn scores(
        &self,
        store: &Store,
        admits: impl Fn(usize) -> bool + Sync,
        given: impl IntoIterator<Item = usize>,
    ) -> Result<Vec<ScoredRow>, StoreError> {
        let estimates = self.codes.cosines(self.layout, &CodeQuery::of(self.query));
        let estimates = self.parameters.scores(self.layout, estimates);
        let estimate =
            |row: usize| Some(estimates[row]).filter(|score| !score.is_nan() && admits(row));
        let rows = self.layout.len();
        let nearest = best(rows, self.rescored, estimate);
        let farthest = best(rows, FARTHEST, |row| estimate(row).map(|score| -score));
        let rows = nearest.iter().chain(&farthest).map(|scored| scored.row).chain(given);
        let mut cosines: BTreeMap<usize, Option<f32>> = BTreeMap::new();
        let mut wanted: Vec<usize> = Vec::new();
        for row in rows {
            wanted.push(row);
            cosines.insert(row, None);
            let beside = self.parameters.neighbours(self.layout, self.layout.turn(row));
            cosines.extend(beside.into_iter().flatten().map(|row| (row, None)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        self.read_cosines(store, &mut cosines)?;
        let cosine = |row: usize| cosines.get(&row).copied().flatten();
        Ok(wanted
            .into_iter()
            .filter_map(|row| {
                let own = cosine(row)?;
                let turn = self.layout.turn(row);
                let beside = |row| cosine(row).unwrap_or(f32::NAN);
                let score = self.parameters.score(self.layout, turn, own, beside);
                Some(ScoredRow { row, score })
            })
            .collect())
    }

    /// Fills in the exact cosine of each row, the mean over its passages.
    fn read_cosines(
        &self,
        store: &Store,
        cosines: &mut BTreeMap<usize, Option<f32>>,
    ) -> Result<(), StoreError> {
        store.connections.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT vector FROM vectors WHERE passage_id = ?1")?;
            for (row, cosine) in cosines {
                let Some(passages) = self.codes.passages_of(*row) else { continue };
                let count = passages.clone().count();
                let mut sum = 0.0;
                let mut found = 0;
                for passage in passages {
                    let one = statement
                        .query_row([passage], |row| {
                            let vector = decode(row.get_ref(0)?.as_blob()?)
                                .map_err(|reason| BadVector { passage, reason }.in_column(0))?;
                            Ok(vector.cosine(self.query))
                        })
                        .optional()?;
                    if let Some(one) = one {
                        sum += one;
                        found += 1;
                    }
                }
                // A turn that was deleted since its code was read is not found.
                *cosine = (found == count).then_some(sum / count as f32);
            }
            Ok(())
        })
    }
}
