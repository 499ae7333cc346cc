//! The innermost loop of every matrix product.

use super::{LANES, Multiply, Word};

/// A matrix in panels of 32 columns: panel after panel, in each one row of words after another.
#[derive(Clone, Copy)]
pub(in crate::forward) struct Panels<'a, W: Word> {
    rows: usize,
    words: &'a [W::Row],
}

impl<'a, W: Word> Panels<'a, W> {
    /// A matrix of so many rows.
    ///
    /// # Panics
    /// If the words are not whole panels.
    pub(in crate::forward) fn new(rows: usize, words: &'a [W::Row]) -> Self {
        assert!(rows > 0 && words.len().is_multiple_of(rows), "a matrix is made of whole panels");
        Self { rows, words }
    }

    /// How many rows it has.
    pub(in crate::forward) fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    fn part<const ROWS: usize>(&self, panel: usize, first: usize) -> &'a [W::Row; ROWS] {
        self.words[panel * self.rows..][..self.rows][first..]
            .first_chunk()
            .expect("the rows of a tile are rows of its matrix")
    }
}

/// A product of a few rows with one panel of 32 columns: `out = start + a · b`.
///
/// Each sum is one chain of multiply-adds over the words of `b` from first to last, so it does not
/// depend on how rows and columns are cut into tiles.
pub(in crate::forward) struct Tile<'a, W: Word> {
    /// The left side.
    pub(in crate::forward) a: Panels<'a, W>,
    /// The first row of `a` that is multiplied.
    pub(in crate::forward) first: usize,
    /// The right side: one row of words for each word in a row of `a`.
    pub(in crate::forward) b: &'a [[W; 32]],
    /// What is asked for from memory meanwhile, since it is multiplied soon: at most as many rows as
    /// `b` has.
    pub(in crate::forward) ahead: &'a [[W; 32]],
    /// What the sums start at.
    pub(in crate::forward) start: &'a [f32; 32],
    /// The sums, one row for each row that is multiplied.
    pub(in crate::forward) out: &'a mut [[f32; 32]],
}

/// Multiplies a tile with sums of `ROWS` × `VECTORS` vectors in registers; `VECTORS` is 1 or 2.
#[inline(always)]
pub(super) fn multiply<S, W, const ROWS: usize, const VECTORS: usize>(simd: S, tile: Tile<'_, W>)
where
    S: Multiply<W>,
    W: Word,
{
    let Tile { a: matrix, first, b, ahead, start, out } = tile;
    let out: &mut [[f32; 32]; ROWS] =
        out.first_chunk_mut().expect("a tile has a row of sums for each of its rows");
    for left in (0..2).step_by(VECTORS) {
        let mut sums = [[simd.splat(0.0); VECTORS]; ROWS];
        for row in &mut sums {
            for (vector, sum) in row.iter_mut().enumerate() {
                *sum = simd.load(half(start, left + vector));
            }
        }
        let mut ahead = if left == 0 { ahead } else { &[] }.iter();
        for (panel, b) in b.chunks(W::PER_ROW).enumerate() {
            let a = matrix.part::<ROWS>(panel, first);
            for (at, b) in b.iter().enumerate().take(W::PER_ROW) {
                if let Some(ahead) = ahead.next() {
                    simd.prefetch(half(ahead, 0));
                    simd.prefetch(half(ahead, 1));
                }
                let mut factors = [simd.load_words(half(b, left)); VECTORS];
                for (vector, factors) in factors.iter_mut().enumerate().skip(1) {
                    *factors = simd.load_words(half(b, left + vector));
                }
                for (row, a) in sums.iter_mut().zip(a) {
                    let a = simd.splat_word(a.as_ref()[at]);
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

#[inline(always)]
fn half<T>(row: &[T; 32], which: usize) -> &[T; LANES] {
    &row.as_chunks::<LANES>().0[which]
}

/// The method `tile` of a set of instructions: its rows and the vectors of a row.
macro_rules! tiles {
    ($vectors:literal; $($rows:literal)+) => {
        #[inline(always)]
        fn tile<W: Word>(self, rows: usize, tile: Tile<'_, W>)
        where
            Self: Multiply<W>,
        {
            match rows {
                $($rows => tile::multiply::<Self, W, $rows, $vectors>(self, tile),)+
                _ => unreachable!("a tile has 1 to TILE_ROWS rows"),
            }
        }
    };
}
pub(super) use tiles;
