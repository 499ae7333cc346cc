//! Picks the best of many rows, the same ones however many threads look.

use std::ops::Range;

use rayon::prelude::*;

/// A row with what it scored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoredRow {
    pub(crate) row: usize,
    pub(crate) score: f32,
}

/// Rows that one thread looks at before it takes others.
const ROWS_AT_ONCE: usize = 1 << 14;

/// The `limit` best of the first rows, best first, equal scores by row; those that score nothing
/// are left out.
pub(crate) fn best(
    rows: usize,
    limit: usize,
    score: impl Fn(usize) -> Option<f32> + Sync,
) -> Vec<ScoredRow> {
    let look = |part: usize| {
        let first = part * ROWS_AT_ONCE;
        best_of(first..rows.min(first + ROWS_AT_ONCE), limit, &score)
    };
    let parts: Vec<Vec<ScoredRow>> =
        (0..rows.div_ceil(ROWS_AT_ONCE)).into_par_iter().map(look).collect();
    let mut best = parts.concat();
    cut(&mut best, limit);
    best.sort_unstable_by(better_first);
    best
}

fn best_of(
    rows: Range<usize>,
    limit: usize,
    score: impl Fn(usize) -> Option<f32>,
) -> Vec<ScoredRow> {
    let mut kept: Vec<ScoredRow> = Vec::new();
    let mut worst_kept = f32::NEG_INFINITY;
    for row in rows {
        match score(row) {
            // An equal score of a later row loses.
            Some(score) if score > worst_kept => kept.push(ScoredRow { row, score }),
            _ => continue,
        }
        if kept.len() >= limit.saturating_mul(2).max(1) {
            cut(&mut kept, limit);
            worst_kept = kept.iter().map(|kept| kept.score).fold(f32::INFINITY, f32::min);
        }
    }
    cut(&mut kept, limit);
    kept
}

fn cut(rows: &mut Vec<ScoredRow>, limit: usize) {
    if limit > 0 && rows.len() > limit {
        rows.select_nth_unstable_by(limit - 1, better_first);
    }
    rows.truncate(limit);
}

fn better_first(a: &ScoredRow, b: &ScoredRow) -> std::cmp::Ordering {
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
            rows in 0..3 * ROWS_AT_ONCE,
            limit in prop_oneof![0..50usize, Just(usize::MAX)],
        ) {
            let score = |row: usize| pattern[row * 7 % pattern.len()].map(f32::from);
            let mut all: Vec<ScoredRow> = (0..rows)
                .filter_map(|row| Some(ScoredRow { row, score: score(row)? }))
                .collect();
            all.sort_by(better_first);
            all.truncate(limit);
            prop_assert_eq!(best(rows, limit, score), all);
        }
    }
}
