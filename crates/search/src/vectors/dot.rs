//! Dot products of f32, as wide as the processor goes.

use ndarray::ArrayView2;

use super::vectorized::{Loop, vectorized};

/// Number of independent sums, so that no addition waits for the one before: four registers of
/// eight.
const SUMS: usize = 32;

/// The dot product of two vectors of the same length.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    vectorized(Dot { a, b })
}

/// Writes the dot product of each row with a vector of the row's length.
pub(super) fn dots(rows: &ArrayView2<'_, f32>, vector: &[f32], out: &mut [f32]) {
    vectorized(Dots { rows, vector, out });
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
            prop_assert!((f64::from(dot(&a, &b)) - expected).abs() < 1e-5);
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
            dots(&matrix, &vector, &mut out);
            let expected: Vec<f32> = rows.iter().map(|row| dot(row, &vector)).collect();
            prop_assert_eq!(out, expected);
        }
    }
}
