//! A matrix of activations times one panel of weights.

use super::elementwise::gelu;
use super::simd::{Kernel, LANES, Lane, Multiply, Panels, Tile};

/// Number of rows of the widest tile of any processor.
const MAX_TILE_ROWS: usize = 14;

/// `out = a · b + bias` for one panel of 32 columns, then what follows while it is in the cache.
pub(super) struct Product<'a, L: Lane> {
    /// The activations.
    pub(super) a: Panels<'a, L>,
    /// The panel of weights: one row of lanes for each lane in a row of `a`.
    pub(super) b: &'a [[L; 32]],
    /// The weights that are multiplied next, at most as many as `b` has: they are fetched from memory
    /// while these are multiplied. Empty where multiplying takes longer than fetching.
    pub(super) next: &'a [[L; 32]],
    /// The bias of each column.
    pub(super) bias: &'a [f32; 32],
    /// Where the columns go: one row for each row of `a`.
    pub(super) out: Out<'a, L>,
}

/// Where the columns of a [`Product`] go.
pub(super) enum Out<'a, L: Lane> {
    /// As numbers.
    Numbers(&'a mut [[f32; 32]]),
    /// As lanes, for the next product.
    Lanes(&'a mut [L::Row]),
    /// As lanes, through the activation function.
    Activated(&'a mut [L::Row]),
}

impl<L: Lane> Kernel<L> for Product<'_, L> {
    #[inline(always)]
    fn run<S: Multiply<L>>(self, simd: S) {
        let Self { a, b, next, bias, mut out } = self;
        for (first, rows) in blocks(a.rows(), S::TILE_ROWS) {
            // Each tile fetches its share of what is multiplied next.
            let share = |row: usize| next.len() * row / a.rows();
            let ahead = &next[share(first)..share(first + rows)];
            let mut sums = [[0.0; 32]; MAX_TILE_ROWS];
            let sums = &mut sums[..rows];
            simd.tile(rows, Tile { a, first, b, ahead, start: bias, out: sums });
            match &mut out {
                Out::Numbers(out) => out[first..][..rows].copy_from_slice(sums),
                Out::Lanes(out) => {
                    for (out, sums) in out[first..][..rows].iter_mut().zip(sums) {
                        *out = simd.round(sums);
                    }
                }
                Out::Activated(out) => {
                    for (out, sums) in out[first..][..rows].iter_mut().zip(sums) {
                        for numbers in sums.as_chunks_mut::<LANES>().0 {
                            let activated = gelu(simd, simd.load(numbers));
                            simd.store(activated, numbers);
                        }
                        *out = simd.round(sums);
                    }
                }
            }
        }
    }
}

/// Cuts rows into blocks of nearly the same size, at most `most`. Gives the first row and the size of
/// each.
#[inline(always)]
pub(super) fn blocks(rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = rows.div_ceil(most);
    (0..count).map(move |block| {
        let (first, end) = (rows * block / count, rows * (block + 1) / count);
        (first, end - first)
    })
}
