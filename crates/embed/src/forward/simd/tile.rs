//! The innermost loop of every matrix product.

#[cfg(target_arch = "x86_64")]
use std::ops::Range;

use super::{LANES, Lane, Multiply};

/// Number of rows of `b` by which its way from the second cache to the first, which holds no whole panel, is
/// ahead of the multiplication.
const ROWS_SOON: usize = 12;

/// A matrix in panels of 32 columns: panel after panel, in each one row of lanes after another.
#[derive(Clone, Copy)]
pub(in crate::forward) struct Panels<'a, L: Lane> {
    rows: usize,
    lanes: &'a [L::Row],
}

impl<'a, L: Lane> Panels<'a, L> {
    /// Takes lanes as a matrix of `rows` rows.
    ///
    /// # Panics
    /// If the lanes are not whole panels.
    pub(in crate::forward) fn new(rows: usize, lanes: &'a [L::Row]) -> Self {
        assert!(rows > 0 && lanes.len().is_multiple_of(rows), "a matrix is made of whole panels");
        Self { rows, lanes }
    }

    /// Its number of rows.
    pub(in crate::forward) fn rows(&self) -> usize {
        self.rows
    }

    /// The lanes of some panels.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn panels(&self, panels: Range<usize>) -> &'a [L::Row] {
        &self.lanes[panels.start * self.rows..panels.end * self.rows]
    }

    /// Some rows of one panel.
    #[inline(always)]
    fn part<const ROWS: usize>(&self, panel: usize, first: usize) -> &'a [L::Row; ROWS] {
        self.lanes[panel * self.rows..][..self.rows][first..]
            .first_chunk()
            .expect("the rows of a tile are rows of its matrix")
    }
}

/// A product of a few rows with one panel of 32 columns: `out = start + a · b`.
///
/// Each sum is one chain of multiply-adds over the lanes of `b` from first to last, so it does not
/// depend on how rows and columns are cut into tiles.
pub(in crate::forward) struct Tile<'a, L: Lane> {
    /// The left side.
    pub(in crate::forward) a: Panels<'a, L>,
    /// The first row of `a` that is multiplied.
    pub(in crate::forward) first: usize,
    /// The right side: one row of lanes for each lane in a row of `a`.
    pub(in crate::forward) b: &'a [[L; 32]],
    /// What is multiplied soon: it is fetched from memory meanwhile. At most as many rows as `b` has.
    pub(in crate::forward) ahead: &'a [[L; 32]],
    /// The start of each column's sums.
    pub(in crate::forward) start: &'a [f32; 32],
    /// The sums, one row for each row that is multiplied.
    pub(in crate::forward) out: &'a mut [[f32; 32]],
}

/// Multiplies a tile with sums of `ROWS` × `VECTORS` vectors in registers; `VECTORS` is 1 or 2.
#[inline(always)]
pub(super) fn multiply<S, L, const ROWS: usize, const VECTORS: usize>(simd: S, tile: Tile<'_, L>)
where
    S: Multiply<L>,
    L: Lane,
{
    let Tile { a: matrix, first, b, ahead, start, out } = tile;
    let out: &mut [[f32; 32]; ROWS] =
        out.first_chunk_mut().expect("a tile has a row of sums for each of its rows");
    // The 32 columns are two vectors, computed together or one after the other.
    for left in (0..2).step_by(VECTORS) {
        let mut sums = [[simd.splat(0.0); VECTORS]; ROWS];
        for row in &mut sums {
            for (vector, sum) in row.iter_mut().enumerate() {
                *sum = simd.load(half(start, left + vector));
            }
        }
        // Once is enough for what is fetched ahead. It is asked for evenly: the processor waits for
        // few lines of its cache at a time, and a burst of requests would delay those of `b`.
        let ahead = if left == 0 { ahead } else { &[] };
        let mut ahead = ahead.as_flattened().as_chunks::<LANES>().0.iter();
        let two_at_a_time = ahead.len() > b.len();
        let mut soon = b.iter().skip(ROWS_SOON);
        for (panel, b) in b.chunks(L::PER_ROW).enumerate() {
            let a = matrix.part::<ROWS>(panel, first);
            for (at, b) in b.iter().enumerate().take(L::PER_ROW) {
                if let Some(row) = soon.next() {
                    simd.prefetch_soon(half(row, 0));
                    simd.prefetch_soon(half(row, 1));
                }
                if let Some(lanes) = ahead.next() {
                    simd.prefetch(lanes);
                }
                if two_at_a_time && let Some(lanes) = ahead.next() {
                    simd.prefetch(lanes);
                }
                // One row of `b` meets one lane of each row of `a`.
                let mut factors = [simd.load_lanes(half(b, left)); VECTORS];
                for (vector, factors) in factors.iter_mut().enumerate().skip(1) {
                    *factors = simd.load_lanes(half(b, left + vector));
                }
                for (row, a) in sums.iter_mut().zip(a) {
                    let a = simd.splat_lane(a.as_ref()[at]);
                    for (sum, &b) in row.iter_mut().zip(&factors) {
                        *sum = simd.accumulate(a, b, *sum);
                    }
                }
            }
        }
        for (row, out) in sums.into_iter().zip(&mut *out) {
            for (vector, sum) in row.into_iter().enumerate() {
                simd.store(sum, &mut out.as_chunks_mut::<LANES>().0[left + vector]);
            }
        }
    }
}

/// The lanes 0 to 15 or 16 to 31 of a row.
#[inline(always)]
fn half<T>(row: &[T; 32], which: usize) -> &[T; LANES] {
    &row.as_chunks::<LANES>().0[which]
}

/// The method `tile` of a set of instructions: the vectors of a row, then the numbers of rows for
/// which the loop is compiled.
macro_rules! tiles {
    ($vectors:literal; $($rows:literal)+) => {
        #[inline(always)]
        fn tile<L: Lane>(self, rows: usize, tile: Tile<'_, L>)
        where
            Self: Multiply<L>,
        {
            match rows {
                $($rows => tile::multiply::<Self, L, $rows, $vectors>(self, tile),)+
                _ => unreachable!("a tile has 1 to TILE_ROWS rows"),
            }
        }
    };
}
pub(super) use tiles;
