//! Attention of one head over one text.

use super::elementwise::{exp, greatest, sum};
use super::product::blocks;
use super::simd::{Kernel, LANES, Lane, MOST_ROWS, Multiply, Panels, Tile};
use super::transpose::transpose;

/// Attention of one head over one text: `context = softmax(query · keyᵀ) · value`.
///
/// A head is one panel of 32 columns. The queries are scaled already.
pub(super) struct Attention<'a, L: Lane> {
    /// One row for each token.
    pub(super) query: &'a [L::Row],
    /// One row for each token.
    pub(super) key: &'a [L::Row],
    /// One row for each token.
    pub(super) value: &'a [L::Row],
    /// Memory to work in.
    pub(super) scratch: &'a mut AttentionScratch<L>,
    /// One row for each token.
    pub(super) context: &'a mut [L::Row],
}

/// Memory that [`Attention`] works in, so that it is not allocated for every head.
pub(super) struct AttentionScratch<L: Lane> {
    /// The keys transposed: panels of 32 tokens.
    keys: Vec<[L; 32]>,
    /// The values as the right side of a product, if they have to be rearranged.
    values: Vec<[L; 32]>,
    /// The scores of a few queries: panels of 32 tokens.
    scores: Vec<[f32; 32]>,
    /// The exponentials of the scores, as the left side of a product.
    weights: Vec<L::Row>,
}

impl<L: Lane> Default for AttentionScratch<L> {
    fn default() -> Self {
        let (keys, values, scores, weights) = Default::default();
        Self { keys, values, scores, weights }
    }
}

impl<L: Lane> Kernel<L> for Attention<'_, L> {
    #[inline(always)]
    fn run<S: Multiply<L>>(self, simd: S) {
        let Self { query, key, value, scratch, context } = self;
        let tokens = query.len();
        let panels = tokens.div_ceil(32);
        transpose(key, &mut scratch.keys);
        let values = L::factors(value, &mut scratch.values);
        let query = Panels::<L>::new(tokens, query);
        scratch.scores.resize(panels * S::ROWS_AT_ONCE, [0.0; 32]);
        scratch.weights.resize(panels * S::ROWS_AT_ONCE, L::Row::default());
        // A few queries at a time, whose scores stay in the cache.
        for (first, rows) in blocks(tokens, S::ROWS_AT_ONCE) {
            // scores = query · keyᵀ
            let scores = &mut scratch.scores[..panels * rows];
            let keys = scratch.keys.chunks_exact(L::PER_ROW);
            for (out, keys) in scores.chunks_exact_mut(rows).zip(keys) {
                let start = &[0.0; 32];
                simd.multiply_tile(rows, Tile { a: query, first, b: keys, ahead: &[], start, out });
            }
            // The keys were filled up with zeros beyond the last token; those get no weight.
            let (last, rest) = (panels - 1, tokens - (panels - 1) * 32);
            for row in &mut scores[last * rows..] {
                row[rest..].fill(f32::NEG_INFINITY);
            }

            // weights = exp(scores − the greatest of each query)
            let weights = &mut scratch.weights[..panels * rows];
            let mut totals = [0.0; MOST_ROWS];
            for (row, total) in totals[..rows].iter_mut().enumerate() {
                *total = exponentials::<S, L>(simd, scores, weights, rows, row);
            }

            // context = weights · value, divided by the sum of each query's weights
            let mut sums = [[0.0; 32]; MOST_ROWS];
            let (a, start) = (Panels::new(rows, weights), &[0.0; 32]);
            simd.multiply_tile(
                rows,
                Tile { a, first: 0, b: values, ahead: &[], start, out: &mut sums[..rows] },
            );
            let context = context[first..][..rows].iter_mut();
            for ((context, sums), total) in context.zip(&mut sums).zip(totals) {
                let share = simd.splat(1.0 / total);
                for numbers in sums.as_chunks_mut::<LANES>().0 {
                    let mean = simd.multiply(simd.load(numbers), share);
                    simd.store(mean, numbers);
                }
                *context = simd.round(sums);
            }
        }
    }
}

/// Computes the exponentials of one row of scores, less the greatest of them, and their sum.
#[inline(always)]
fn exponentials<S: Multiply<L>, L: Lane>(
    simd: S,
    scores: &mut [[f32; 32]],
    weights: &mut [L::Row],
    rows: usize,
    row: usize,
) -> f32 {
    let mut most = simd.splat(f32::NEG_INFINITY);
    for panel in scores.chunks_exact(rows) {
        for numbers in panel[row].as_chunks::<LANES>().0 {
            most = simd.max(most, simd.load(numbers));
        }
    }
    let most = simd.splat(greatest(simd, most));
    let mut total = simd.splat(0.0);
    for (panel, weights) in scores.chunks_exact_mut(rows).zip(weights.chunks_exact_mut(rows)) {
        for numbers in panel[row].as_chunks_mut::<LANES>().0 {
            let weight = exp(simd, simd.subtract(simd.load(numbers), most));
            simd.store(weight, numbers);
            total = simd.add(total, weight);
        }
        weights[row] = simd.round(&panel[row]);
    }
    sum(simd, total)
}
