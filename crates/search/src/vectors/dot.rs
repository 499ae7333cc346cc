//! Dot products of f32, as wide as the processor goes.

use longmem_core::Embedding;
use ndarray::ArrayView2;

use crate::vectorized::{Loop, vectorized};

/// Number of independent sums, so that no addition waits for the one before: four registers of
/// eight.
const SUMS: usize = 32;

/// The numbers of a query that are nearer to zero count as zero. With a vector of unit length their
/// products are as small, so that they change no cosine that is further than 1e-9 from zero.
const SMALLEST: f32 = 1e-18;

/// A query that is multiplied with whole vectors.
///
/// Models such as all-MiniLM-L6-v2 write numbers around 1e-33 into the same places of every vector. The
/// product of two of them is too small for f32, which takes processors so long that a scan of real
/// embeddings took three times as long as one of made-up numbers. So they are left out of the query.
pub(crate) struct DotQuery(Vec<f32>);

impl DotQuery {
    /// The numbers of the query that count.
    pub(crate) fn of(query: &Embedding) -> Self {
        let counts = |number: f32| if number.abs() < SMALLEST { 0.0 } else { number };
        Self(query.as_slice().iter().copied().map(counts).collect())
    }

    /// The dot product with a vector of the query's width.
    pub(super) fn dot(&self, vector: &[f32]) -> f32 {
        vectorized(Dot { a: vector, b: &self.0 })
    }

    /// Writes the dot product of each row with the query; rows have its width.
    pub(super) fn dots(&self, rows: &ArrayView2<'_, f32>, out: &mut [f32]) {
        vectorized(Dots { rows, vector: &self.0, out });
    }
}

struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl Loop for Dot<'_> {
    type Result = f32;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for each set of instructions")]
    fn run(self) -> f32 {
        let (a, a_rest) = self.a.as_chunks::<SUMS>();
        let (b, b_rest) = self.b.as_chunks::<SUMS>();
        let mut sums = [0.0; SUMS];
        for (a, b) in a.iter().zip(b) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
        sums.iter().sum::<f32>() + rest
    }
}

struct Dots<'a> {
    rows: &'a ArrayView2<'a, f32>,
    vector: &'a [f32],
    out: &'a mut [f32],
}

impl Loop for Dots<'_> {
    type Result = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "is compiled once more for each set of instructions")]
    fn run(self) {
        for (out, row) in self.out.iter_mut().zip(self.rows.rows()) {
            let row = row.to_slice().expect("the numbers of a row stand one after another");
            *out = Dot { a: row, b: self.vector }.run();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(length: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-1f32..1.0, length)
    }

    proptest! {
        #[test]
        fn products_are_summed_whole(
            (a, b) in (0..100usize).prop_flat_map(|length| (numbers(length), numbers(length)))
        ) {
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let query = DotQuery(b.clone());
            prop_assert!((f64::from(query.dot(&a)) - expected).abs() < 1e-5);
            let plain = Dot { a: &a, b: &b }.run();
            prop_assert!((f64::from(plain) - expected).abs() < 1e-5);
        }

        #[test]
        fn each_row_is_multiplied_alone(
            rows in prop::collection::vec(numbers(40), 0..9), vector in numbers(40)
        ) {
            let flat = rows.concat();
            let matrix = ArrayView2::from_shape((rows.len(), 40), &flat).unwrap();
            let mut out = vec![f32::NAN; rows.len()];
            let query = DotQuery(vector);
            query.dots(&matrix, &mut out);
            let expected: Vec<f32> = rows.iter().map(|row| query.dot(row)).collect();
            prop_assert_eq!(out, expected);
        }
    }

    /// Every fifth number as small as all-MiniLM-L6-v2 makes some.
    #[test]
    fn numbers_too_small_to_count_change_no_cosine() {
        let number =
            |place: u16| if place.is_multiple_of(5) { 1e-33 } else { f32::from(place).sin() };
        let embedding = Embedding::normalized((0..384).map(number).collect()).unwrap();
        let numbers = embedding.as_slice();
        let whole = Dot { a: numbers, b: numbers }.run();
        assert_eq!(DotQuery::of(&embedding).dot(numbers).to_bits(), whole.to_bits());
        assert!(
            DotQuery::of(&embedding).0.iter().all(|number| number.abs() > 1e-9 || *number == 0.0)
        );
    }
}
