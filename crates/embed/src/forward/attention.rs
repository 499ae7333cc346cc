//! Attention of one head over one text.

use super::elementwise::{exp, greatest, sum};
use super::linear::transpose;
use super::product::blocks;
use super::simd::{Kernel, LANES, Multiply, Panels, Tile, Word};

/// What one head makes of one text: `context = softmax(query · keyᵀ) · value`.
///
/// A head is one panel of 32 columns. The queries are scaled already.
pub(super) struct Attention<'a, W: Word> {
    /// One row for each token.
    pub(super) query: &'a [W::Row],
    /// One row for each token.
    pub(super) key: &'a [W::Row],
    /// One row for each token.
    pub(super) value: &'a [W::Row],
    /// Memory to work in.
    pub(super) scratch: &'a mut AttentionScratch<W>,
    /// One row for each token.
    pub(super) context: &'a mut [W::Row],
}

/// Memory that [`Attention`] works in, so that it need not be claimed for every head.
pub(super) struct AttentionScratch<W: Word> {
    /// The keys transposed: panels of 32 tokens.
    keys: Vec<[W; 32]>,
    /// The values as a right side, if they have to be rearranged.
    values: Vec<[W; 32]>,
    /// The scores of a few queries: panels of 32 tokens.
    scores: Vec<[f32; 32]>,
    /// Their exponentials, as a left side.
    weights: Vec<W::Row>,
}

impl<W: Word> Default for AttentionScratch<W> {
    fn default() -> Self {
        let (keys, values, scores, weights) = Default::default();
        Self { keys, values, scores, weights }
    }
}

impl<W: Word> Kernel<W> for Attention<'_, W> {
    #[inline(always)]
    fn run<S: Multiply<W>>(self, simd: S) {
        let Self { query, key, value, scratch, context } = self;
        let tokens = query.len();
        let panels = tokens.div_ceil(32);
        transpose(key, &mut scratch.keys);
        let values = W::factors(value, &mut scratch.values);
        let query = Panels::<W>::new(tokens, query);
        scratch.scores.resize(panels * S::TILE_ROWS, [0.0; 32]);
        scratch.weights.resize(panels * S::TILE_ROWS, W::Row::default());
        for (first, rows) in blocks(tokens, S::TILE_ROWS) {
            let scores = &mut scratch.scores[..panels * rows];
            let keys = scratch.keys.chunks_exact(W::PER_ROW);
            for (out, keys) in scores.chunks_exact_mut(rows).zip(keys) {
                let start = &[0.0; 32];
                simd.tile(rows, Tile { a: query, first, b: keys, ahead: &[], start, out });
            }
            // Beyond the last token stand zeros, which are to have no weight.
            let (last, rest) = (panels - 1, tokens - (panels - 1) * 32);
            for row in &mut scores[last * rows..] {
                row[rest..].fill(f32::NEG_INFINITY);
            }
            let weights = &mut scratch.weights[..panels * rows];
            let context = &mut context[first..][..rows];
            let mut totals = [0.0; 32];
            for (row, total) in totals[..rows].iter_mut().enumerate() {
                *total = exponentials::<S, W>(simd, scores, weights, rows, row);
            }
            let mut sums = [[0.0; 32]; 32];
            let (a, start) = (Panels::new(rows, weights), &[0.0; 32]);
            simd.tile(
                rows,
                Tile { a, first: 0, b: values, ahead: &[], start, out: &mut sums[..rows] },
            );
            for ((context, sums), total) in context.iter_mut().zip(&mut sums).zip(totals) {
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

/// Takes one row of scores to the exponentials of their distances to the greatest, and sums them.
#[inline(always)]
fn exponentials<S: Multiply<W>, W: Word>(
    simd: S,
    scores: &mut [[f32; 32]],
    weights: &mut [W::Row],
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
