//! Functions of single numbers, sixteen at a time.

use super::simd::{LANES, ROUNDING, Simd};

/// eˣ for x ≤ 0, with an error of some units in the last place; below −87 it stays e⁻⁸⁷.
///
/// The reduction to |r| ≤ ½ ln 2 and the polynomial are those of `expf` in the Cephes library
/// (S. L. Moshier, 1992).
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let x = simd.max(x, simd.splat(-87.0));
    let log2_e = simd.splat(std::f32::consts::LOG2_E);
    let shifted = simd.multiply_add(x, log2_e, simd.splat(ROUNDING));
    let n = simd.subtract(shifted, simd.splat(ROUNDING));
    // r = x − n · ln 2, with ln 2 in two parts: the first has so few bits that its product with n is
    // exact.
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

/// The sum of all lanes.
#[inline(always)]
pub(super) fn sum<S: Simd>(simd: S, vector: S::Vector) -> f32 {
    fold(simd, vector, |a, b| a + b)
}

/// The greatest lane.
#[inline(always)]
pub(super) fn greatest<S: Simd>(simd: S, vector: S::Vector) -> f32 {
    fold(simd, vector, |a, b| if a > b { a } else { b })
}

/// Combines halves of the lanes until one number is left.
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
