//! No special instructions: for any processor, and the reference for the other sets.

use super::tile::{self, Tile, tiles};
use super::{Kernel, LANES, Lane, Multiply, ROUNDING, Simd};

/// Arrays, lane by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forward) struct Plain;

type Numbers = [f32; LANES];

#[inline(always)]
fn lanes(number: impl Fn(usize) -> f32) -> Numbers {
    std::array::from_fn(number)
}

/// a · b + c rounded once, as [`f32::mul_add`] gives it. That is slow on processors without an
/// instruction for it, which are those that use this set.
///
/// The product is exact in f64. The sum is rounded to odd there, so that rounding it again to f32
/// is as good as rounding once (S. Boldo and G. Melquiond, "Emulation of a FMA and correctly rounded
/// sums: proved algorithms using rounding to odd", 2008).
#[inline(always)]
fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    let part = sum - product;
    let error = (product - (sum - part)) + (c - part);
    let bits = sum.to_bits();
    // Where the sum is infinite, the error is not a number; then the sum stays as it is.
    let odd = match (error.abs() > 0.0 && bits & 1 == 0, (error > 0.0) == (sum > 0.0)) {
        (false, _) => bits,
        (true, true) => bits + 1,
        (true, false) => bits - 1,
    };
    f64::from_bits(odd) as f32
}

impl Simd for Plain {
    type Vector = Numbers;
    const TILE_ROWS: usize = 2;

    tiles!(1; 1 2);

    #[inline(always)]
    fn splat(self, number: f32) -> Numbers {
        [number; LANES]
    }

    #[inline(always)]
    fn prefetch<L: Lane>(self, _lanes: &[L; LANES]) {}

    #[inline(always)]
    fn load(self, numbers: &Numbers) -> Numbers {
        *numbers
    }

    #[inline(always)]
    fn store(self, vector: Numbers, numbers: &mut Numbers) {
        *numbers = vector;
    }

    #[inline(always)]
    fn add(self, a: Numbers, b: Numbers) -> Numbers {
        lanes(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    fn subtract(self, a: Numbers, b: Numbers) -> Numbers {
        lanes(|lane| a[lane] - b[lane])
    }

    #[inline(always)]
    fn multiply(self, a: Numbers, b: Numbers) -> Numbers {
        lanes(|lane| a[lane] * b[lane])
    }

    #[inline(always)]
    fn divide(self, a: Numbers, b: Numbers) -> Numbers {
        lanes(|lane| a[lane] / b[lane])
    }

    #[inline(always)]
    fn multiply_add(self, a: Numbers, b: Numbers, c: Numbers) -> Numbers {
        lanes(|lane| multiply_add(a[lane], b[lane], c[lane]))
    }

    #[inline(always)]
    fn max(self, a: Numbers, b: Numbers) -> Numbers {
        lanes(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })
    }

    #[inline(always)]
    fn select_negative(self, sign: Numbers, negative: Numbers, other: Numbers) -> Numbers {
        lanes(|lane| if sign[lane] < 0.0 { negative[lane] } else { other[lane] })
    }

    #[inline(always)]
    fn power_of_two(self, shifted: Numbers) -> Numbers {
        lanes(|lane| {
            let exponent = shifted[lane].to_bits().wrapping_sub(ROUNDING.to_bits());
            f32::from_bits((exponent << 23).wrapping_add(1f32.to_bits()))
        })
    }

    #[inline(always)]
    fn run<L: Lane, K: Kernel<L>>(self, kernel: K)
    where
        Self: Multiply<L>,
    {
        kernel.run(self);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        #[test]
        fn multiplying_and_adding_rounds_once(
            (a, b, c) in prop_oneof![
                (prop::num::f32::ANY, prop::num::f32::ANY, prop::num::f32::ANY),
                // Few bits and any exponent of the sum: ties, which rounding twice gets wrong.
                (1u16.., 1u16.., 1u32..1 << 24, -40i32..24, any::<bool>()).prop_map(
                    |(a, b, c, exponent, negative)| {
                        let c = c as f32 * 2f32.powi(exponent);
                        (f32::from(a), f32::from(b), if negative { -c } else { c })
                    }
                ),
            ]
        ) {
            let (made, expected) = (multiply_add(a, b, c), a.mul_add(b, c));
            prop_assert!(
                made.to_bits() == expected.to_bits() || made.is_nan() && expected.is_nan(),
                "{a} * {b} + {c} = {expected}, not {made}"
            );
        }
    }
}
