//! For any processor, and what the others are tested against.

use super::tile::{self, Tile, tiles};
use super::{Kernel, LANES, Multiply, ROUNDING, Simd, Word};

/// Arrays, lane by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forward) struct Plain;

type Numbers = [f32; LANES];

#[inline(always)]
fn lanes(number: impl Fn(usize) -> f32) -> Numbers {
    std::array::from_fn(number)
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
        lanes(|lane| a[lane].mul_add(b[lane], c[lane]))
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
    fn run<W: Word, K: Kernel<W>>(self, kernel: K)
    where
        Self: Multiply<W>,
    {
        kernel.run(self);
    }
}
