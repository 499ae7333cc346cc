//! Picks the best of many rows, the same ones however many threads look.

use crate::parallel;
use crate::vectorized::{Loop, vectorized};

/// A row with what it scored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoredRow {
    pub(crate) row: usize,
    pub(crate) score: f32,
}

/// A row whose cosine is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RowCosine {
    pub(crate) row: usize,
    /// The row's own cosine.
    pub(crate) own: f32,
    /// The same with its neighbours' part.
    pub(crate) smoothed: f32,
}

/// Number of rows below which another thread is not worth waking.
const ROWS_PER_THREAD: usize = 1 << 13;

/// Number of rows in a batch: most hold none of the best, and are passed over by their best score.
const BATCH_ROWS: usize = 16;

/// Admits every row.
pub(crate) const ALL: Option<fn(usize) -> bool> = None;

/// The `limit` best of the admitted rows whose scores are above a bound, best first, equal scores by
/// row. A score that is not a number is left out. Without a filter every row is admitted.
pub(crate) fn best(
    scores: &[f32],
    limit: usize,
    above: f32,
    admits: Option<impl Fn(usize) -> bool + Sync + Copy>,
) -> Vec<ScoredRow> {
    greatest(scores, limit, above, |score| score, admits)
}

/// The `limit` lowest of the admitted rows, lowest first, equal scores by row. A score that is not a
/// number is left out.
pub(crate) fn lowest(
    scores: &[f32],
    limit: usize,
    admits: Option<impl Fn(usize) -> bool + Sync + Copy>,
) -> Vec<ScoredRow> {
    let mut lowest = greatest(scores, limit, f32::NEG_INFINITY, |score| -score, admits);
    for found in &mut lowest {
        found.score = -found.score;
    }
    lowest
}

/// The rows with the greatest keys, each with its key.
fn greatest(
    scores: &[f32],
    limit: usize,
    above: f32,
    key: impl Fn(f32) -> f32 + Sync,
    admits: Option<impl Fn(usize) -> bool + Sync + Copy>,
) -> Vec<ScoredRow> {
    // One part per thread: each part starts without a cut-off.
    let rows = scores.len().div_ceil(parallel::threads()).max(ROWS_PER_THREAD);
    let parts: Vec<(usize, &[f32])> = scores.chunks(rows).enumerate().collect();
    let mut greatest = parallel::map(&parts, |(part, scores)| {
        greatest_of(part * rows, scores, limit, above, &key, admits)
    })
    .concat();
    cut(&mut greatest, limit);
    greatest.sort_unstable_by(better_first);
    greatest
}

fn greatest_of(
    first: usize,
    scores: &[f32],
    limit: usize,
    above: f32,
    key: impl Fn(f32) -> f32,
    admits: Option<impl Fn(usize) -> bool + Copy>,
) -> Vec<ScoredRow> {
    let batches = vectorized(BestOfBatches { scores, key: &key });
    let mut cut_off = above;
    if admits.is_none() && (1..batches.len()).contains(&limit) {
        // So many batches hold a row that is as good, so no worse row is one of the best.
        let mut bests = batches.clone();
        let (_, bound, _) = bests.select_nth_unstable_by(limit - 1, |a, b| b.total_cmp(a));
        cut_off = cut_off.max(bound.next_down());
    }
    let mut kept: Vec<ScoredRow> = Vec::new();
    for (batch, best) in batches.into_iter().enumerate() {
        if best <= cut_off {
            continue;
        }
        let start = batch * BATCH_ROWS;
        for (place, score) in scores.iter().enumerate().skip(start).take(BATCH_ROWS) {
            let (row, score) = (first + place, key(*score));
            if score > cut_off && admits.is_none_or(|admits| admits(row)) {
                kept.push(ScoredRow { row, score });
            }
        }
        if kept.len() >= limit.saturating_mul(2).max(BATCH_ROWS) {
            cut(&mut kept, limit);
            // An equal score of a later row loses.
            cut_off = kept.iter().map(|kept| kept.score).fold(f32::INFINITY, f32::min);
        }
    }
    cut(&mut kept, limit);
    kept
}

/// The greatest key of each batch; negative infinity if it holds no number.
struct BestOfBatches<'a, K> {
    scores: &'a [f32],
    key: K,
}

impl<K: Fn(f32) -> f32> Loop for BestOfBatches<'_, K> {
    type Result = Vec<f32>;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for each set of instructions")]
    fn run(self) -> Vec<f32> {
        // A comparison with what is not a number is false.
        let greater = |best: f32, score: f32| if score > best { score } else { best };
        let (batches, rest) = self.scores.as_chunks::<BATCH_ROWS>();
        let best = |batch: &[f32]| {
            let keys = batch.iter().map(|score| (self.key)(*score));
            keys.fold(f32::NEG_INFINITY, greater)
        };
        // Halves, so that the compiler takes many rows at once.
        let halved = |batch: &[f32; BATCH_ROWS]| {
            let mut keys = batch.map(|score| greater(f32::NEG_INFINITY, (self.key)(score)));
            let mut half = BATCH_ROWS / 2;
            while half > 0 {
                for place in 0..half {
                    keys[place] = greater(keys[place], keys[place + half]);
                }
                half /= 2;
            }
            keys[0]
        };
        let of_rest = (!rest.is_empty()).then(|| best(rest));
        batches.iter().map(halved).chain(of_rest).collect()
    }
}

/// Leaves the `limit` best, in any order.
pub(crate) fn cut(rows: &mut Vec<ScoredRow>, limit: usize) {
    if limit > 0 && rows.len() > limit {
        rows.select_nth_unstable_by(limit - 1, better_first);
    }
    rows.truncate(limit);
}

/// The order of what is found: the greater score first, of equal ones the earlier row.
pub(crate) fn better_first(a: &ScoredRow, b: &ScoredRow) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then(a.row.cmp(&b.row))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Scores from a handful of values, so that ties stand at every border.
        #[test]
        fn the_best_are_the_first_of_all_sorted(
            pattern in prop::collection::vec(prop::option::of(-3i8..3), 1..40),
            rows in 0..3 * ROWS_PER_THREAD,
            limit in prop_oneof![0..50usize, Just(usize::MAX)],
            above in prop_oneof![Just(f32::NEG_INFINITY), Just(-1.0), Just(0.0)],
            admitted in 1..4usize,
        ) {
            let score = |row: usize| pattern[row * 7 % pattern.len()].map_or(f32::NAN, f32::from);
            let scores: Vec<f32> = (0..rows).map(score).collect();
            let admits = |row: usize| row.is_multiple_of(admitted);
            let mut all: Vec<ScoredRow> = (0..rows)
                .map(|row| ScoredRow { row, score: score(row) })
                .filter(|found| found.score > above && admits(found.row))
                .collect();
            all.sort_by(better_first);
            all.truncate(limit);
            if admitted == 1 {
                prop_assert_eq!(best(&scores, limit, above, ALL), all.clone());
            }
            prop_assert_eq!(best(&scores, limit, above, Some(admits)), all.clone());
            let negated: Vec<f32> = scores.iter().map(|score| -score).collect();
            for found in &mut all {
                found.score = -found.score;
            }
            if above == f32::NEG_INFINITY {
                if admitted == 1 {
                    prop_assert_eq!(lowest(&negated, limit, ALL), all.clone());
                }
                prop_assert_eq!(lowest(&negated, limit, Some(admits)), all);
            }
        }
    }
}
