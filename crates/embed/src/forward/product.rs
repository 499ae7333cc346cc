//! A matrix of activations times one panel of weights.

use super::elementwise::gelu;
use super::simd::{Kernel, LANES, Lane, MOST_ROWS, Multiply, Panels, Tile};

/// Number of rows of activations up to which weights are fetched ahead: with more, they arrive from
/// memory sooner than they are multiplied. A question of some ten tokens takes a third less time
/// with it.
const FEW_ROWS: usize = 64;

/// Number of rows of weights (16 KiB of them) by which fetching is ahead of a single tile: less comes
/// too late, and with more the first weights of each product would not be fetched ahead.
const ROWS_AHEAD: usize = 128;

/// `out = a · b + bias` for one panel of 32 columns, then what follows while it is in the cache.
pub(super) struct Product<'a, L: Lane> {
    /// The activations.
    pub(super) a: Panels<'a, L>,
    /// The panel of weights, and those that lie behind it: they are multiplied next, and fetched from
    /// memory meanwhile.
    pub(super) weights: &'a [[L; 32]],
    /// Number of rows of the panel: one for each lane in a row of `a`.
    pub(super) panel_rows: usize,
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
        let Self { a, weights, panel_rows, bias, mut out } = self;
        let b = &weights[..panel_rows];
        let fetched = fetched_ahead(a.rows(), S::ROWS_AT_ONCE, weights, panel_rows);
        let mut sums = [[0.0; 32]; MOST_ROWS];
        for (first, rows) in blocks(a.rows(), S::ROWS_AT_ONCE) {
            // Each tile fetches its share.
            let share = |row: usize| fetched.len() * row / a.rows();
            let ahead = &fetched[share(first)..share(first + rows)];
            let sums = &mut sums[..rows];
            simd.multiply_tile(rows, Tile { a, first, b, ahead, start: bias, out: sums });
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

/// The weights that are fetched while a panel is multiplied with `rows` rows, at most as many as the
/// panel has. Several tiles read the panel again and again, so they fetch the next one; a single tile
/// reads it once, and fetches what it reads itself soon.
#[inline(always)]
fn fetched_ahead<L>(
    rows: usize,
    tile_rows: usize,
    weights: &[[L; 32]],
    panel_rows: usize,
) -> &[[L; 32]] {
    let distance = match rows {
        rows if rows > FEW_ROWS => return &[],
        rows if rows > tile_rows => panel_rows,
        _ => ROWS_AHEAD,
    };
    let behind = weights.get(distance..).unwrap_or_default();
    &behind[..behind.len().min(panel_rows)]
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
