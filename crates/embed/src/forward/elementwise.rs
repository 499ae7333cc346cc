//! What happens to single numbers and single rows between the products.

use super::simd::{Kernel, LANES, Multiply, ROUNDING, Simd, Word};
use super::weights::WeightsFile;
use crate::EmbedderError;

/// eˣ for x ≤ 0, with an error of some units in the last place; below −87 it is e⁻⁸⁷.
///
/// The reduction to |r| ≤ ½ ln 2 and the polynomial are those of `expf` in the Cephes library
/// (S. L. Moshier, 1992).
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let x = simd.max(x, simd.splat(-87.0));
    let log2_e = simd.splat(std::f32::consts::LOG2_E);
    let shifted = simd.multiply_add(x, log2_e, simd.splat(ROUNDING));
    let n = simd.subtract(shifted, simd.splat(ROUNDING));
    // ln 2 in two parts, the first with few enough bits that its product with n is exact.
    let r = simd.multiply_add(n, simd.splat(-0.693_359_4), x);
    let r = simd.multiply_add(n, simd.splat(2.121_944_4e-4), r);
    let series = [
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
        1.0,
        1.0,
    ];
    simd.multiply(polynomial(simd, r, &series), simd.power_of_two(shifted))
}

/// The Gaussian error linear unit, x · Φ(x), with the exact normal distribution Φ.
///
/// 1 − erf is formula 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical Functions", whose
/// error is at most 1.5e-7.
#[inline(always)]
pub(super) fn gelu<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let zero = simd.splat(0.0);
    let one = simd.splat(1.0);
    let size = simd.max(x, simd.subtract(zero, x));
    let z = simd.multiply(size, simd.splat(std::f32::consts::FRAC_1_SQRT_2));
    let t = simd.divide(one, simd.multiply_add(z, simd.splat(0.327_591_1), one));
    let series = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6, 0.0];
    let series = polynomial(simd, t, &series);
    let complement = simd.multiply(series, exp(simd, simd.subtract(zero, simd.multiply(z, z))));
    // x Φ(x) is ½ x (1 − erf(z)) below zero, else x less that.
    let tail = simd.multiply(simd.multiply(x, simd.splat(0.5)), complement);
    simd.select_negative(x, tail, simd.subtract(x, tail))
}

/// A polynomial by Horner's scheme, its highest coefficient first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::Vector, series: &[f32; N]) -> S::Vector {
    let mut sum = simd.splat(series[0]);
    for &coefficient in &series[1..] {
        sum = simd.multiply_add(sum, x, simd.splat(coefficient));
    }
    sum
}

/// The sum of all lanes: halves are added to each other until one number is left.
#[inline(always)]
pub(super) fn sum<S: Simd>(simd: S, vector: S::Vector) -> f32 {
    fold(simd, vector, |a, b| a + b)
}

/// The greatest lane.
#[inline(always)]
pub(super) fn greatest<S: Simd>(simd: S, vector: S::Vector) -> f32 {
    fold(simd, vector, |a, b| if a > b { a } else { b })
}

#[inline(always)]
fn fold<S: Simd>(simd: S, vector: S::Vector, both: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    simd.store(vector, &mut lanes);
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] = both(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

/// Panels of 32 columns in a row of the hidden state.
pub(super) const HIDDEN_PANELS: usize = 12;

/// Numbers in a row of the hidden state, one for each column of [`HIDDEN_PANELS`].
const HIDDEN: f32 = 32.0 * HIDDEN_PANELS as f32;

/// A layer normalisation: every row becomes `(row − mean) / deviation · weight + bias`.
#[derive(Debug, Clone)]
pub(super) struct Normalization {
    /// The factor of each column.
    pub(super) weight: [[f32; 32]; HIDDEN_PANELS],
    /// The shift of each column.
    pub(super) bias: [[f32; 32]; HIDDEN_PANELS],
    /// What is added to the variance.
    pub(super) epsilon: f32,
}

impl Normalization {
    /// Reads a normalisation of the hidden state.
    pub(super) fn load(
        file: &WeightsFile,
        name: &str,
        epsilon: f32,
    ) -> Result<Self, EmbedderError> {
        let vector = |part: &str| {
            let tensor = file.tensor(&format!("{name}.{part}"), &[HIDDEN_PANELS * 32])?;
            Ok::<_, EmbedderError>(tensor.read(0, HIDDEN_PANELS)?.as_chunks().0[0])
        };
        Ok(Self { weight: vector("weight")?, bias: vector("bias")?, epsilon })
    }
}

/// `hidden = normalisation of (hidden + added)`, which goes into `words` too.
pub(super) struct AddAndNormalize<'a, W: Word> {
    /// The normalisation.
    pub(super) normalization: &'a Normalization,
    /// What is added: [`HIDDEN_PANELS`] panels.
    pub(super) added: &'a [[f32; 32]],
    /// What it is added to, and the result.
    pub(super) hidden: &'a mut [[f32; 32]],
    /// The result for the next product.
    pub(super) words: &'a mut [W::Row],
}

impl<W: Word> Kernel<W> for AddAndNormalize<'_, W> {
    #[inline(always)]
    fn run<S: Multiply<W>>(self, simd: S) {
        let Self { normalization, added, hidden, words } = self;
        let rows = hidden.len() / HIDDEN_PANELS;
        for row in 0..rows {
            let mut numbers = [[simd.splat(0.0); 2]; HIDDEN_PANELS];
            let mut total = simd.splat(0.0);
            for (panel, numbers) in numbers.iter_mut().enumerate() {
                let (hidden, _) = hidden[panel * rows + row].as_chunks::<LANES>();
                let (added, _) = added[panel * rows + row].as_chunks::<LANES>();
                for (half, numbers) in numbers.iter_mut().enumerate() {
                    *numbers = simd.add(simd.load(&hidden[half]), simd.load(&added[half]));
                    total = simd.add(total, *numbers);
                }
            }
            let mean = simd.splat(sum(simd, total) / HIDDEN);
            let mut squares = simd.splat(0.0);
            for numbers in numbers.as_flattened_mut() {
                *numbers = simd.subtract(*numbers, mean);
                squares = simd.multiply_add(*numbers, *numbers, squares);
            }
            let variance = sum(simd, squares) / HIDDEN;
            let scale = simd.splat(1.0 / (variance + normalization.epsilon).sqrt());
            for (panel, numbers) in numbers.into_iter().enumerate() {
                let (weight, _) = normalization.weight[panel].as_chunks::<LANES>();
                let (bias, _) = normalization.bias[panel].as_chunks::<LANES>();
                let hidden = &mut hidden[panel * rows + row];
                for (half, numbers) in numbers.into_iter().enumerate() {
                    let scaled = simd.multiply(numbers, scale);
                    let (weight, bias) = (simd.load(&weight[half]), simd.load(&bias[half]));
                    let normal = simd.multiply_add(scaled, weight, bias);
                    simd.store(normal, &mut hidden.as_chunks_mut::<LANES>().0[half]);
                }
                words[panel * rows + row] = simd.round(hidden);
            }
        }
    }
}
