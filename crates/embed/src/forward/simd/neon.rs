//! NEON, on every 64-bit ARM processor.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vaddq_u32, vbslq_f32, vcgtq_f32, vcltzq_f32, vdivq_f32, vdupq_n_f32,
    vdupq_n_u32, vfmaq_f32, vld1q_f32, vmulq_f32, vreinterpretq_f32_u32, vreinterpretq_u32_f32,
    vshlq_n_u32, vst1q_f32, vsubq_f32,
};
use std::arch::is_aarch64_feature_detected;

use super::tile::{self, Tile, tiles};
use super::{Kernel, LANES, Lane, Multiply, Simd};

/// The proof that the processor has NEON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forward) struct Neon(());

impl Neon {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

/// Calls an intrinsic in a method of [`Neon`].
macro_rules! neon {
    ($call:expr) => {
        // SAFETY: `self` exists, so the processor has the instruction; what is read or written is
        // a quarter of an array of four times the vector's size behind a reference.
        unsafe { $call }
    };
}

/// Lanes 0 to 3, 4 to 7, 8 to 11, and 12 to 15.
type Quarters = [float32x4_t; 4];

#[inline(always)]
fn quarters(quarter: impl Fn(usize) -> float32x4_t) -> Quarters {
    [quarter(0), quarter(1), quarter(2), quarter(3)]
}

impl Simd for Neon {
    type Vector = Quarters;
    // 6 × 4 sums, 4 registers of the right side and 1 of the left fill 29 of 32.
    const TILE_ROWS: usize = 6;

    tiles!(1; 1 2 3 4 5 6);

    #[inline(always)]
    fn splat(self, number: f32) -> Quarters {
        quarters(|_| neon!(vdupq_n_f32(number)))
    }

    #[inline(always)]
    fn prefetch<L: Lane>(self, _lanes: &[L; LANES]) {}

    #[inline(always)]
    fn load(self, numbers: &[f32; LANES]) -> Quarters {
        quarters(|at| neon!(vld1q_f32(numbers.as_ptr().add(4 * at))))
    }

    #[inline(always)]
    fn store(self, vector: Quarters, numbers: &mut [f32; LANES]) {
        for (at, quarter) in vector.into_iter().enumerate() {
            neon!(vst1q_f32(numbers.as_mut_ptr().add(4 * at), quarter));
        }
    }

    #[inline(always)]
    fn add(self, a: Quarters, b: Quarters) -> Quarters {
        quarters(|at| neon!(vaddq_f32(a[at], b[at])))
    }

    #[inline(always)]
    fn subtract(self, a: Quarters, b: Quarters) -> Quarters {
        quarters(|at| neon!(vsubq_f32(a[at], b[at])))
    }

    #[inline(always)]
    fn multiply(self, a: Quarters, b: Quarters) -> Quarters {
        quarters(|at| neon!(vmulq_f32(a[at], b[at])))
    }

    #[inline(always)]
    fn divide(self, a: Quarters, b: Quarters) -> Quarters {
        quarters(|at| neon!(vdivq_f32(a[at], b[at])))
    }

    #[inline(always)]
    fn multiply_add(self, a: Quarters, b: Quarters, c: Quarters) -> Quarters {
        quarters(|at| neon!(vfmaq_f32(c[at], a[at], b[at])))
    }

    #[inline(always)]
    fn max(self, a: Quarters, b: Quarters) -> Quarters {
        // Not vmaxq_f32, which treats what is not a number otherwise than x86 does.
        quarters(|at| neon!(vbslq_f32(vcgtq_f32(a[at], b[at]), a[at], b[at])))
    }

    #[inline(always)]
    fn select_negative(self, sign: Quarters, negative: Quarters, other: Quarters) -> Quarters {
        quarters(|at| neon!(vbslq_f32(vcltzq_f32(sign[at]), negative[at], other[at])))
    }

    #[inline(always)]
    fn power_of_two(self, shifted: Quarters) -> Quarters {
        quarters(|at| {
            neon!({
                let exponent = vshlq_n_u32::<23>(vreinterpretq_u32_f32(shifted[at]));
                let one = vdupq_n_u32(1f32.to_bits());
                vreinterpretq_f32_u32(vaddq_u32(exponent, one))
            })
        })
    }

    #[inline]
    fn run<L: Lane, K: Kernel<L>>(self, kernel: K)
    where
        Self: Multiply<L>,
    {
        #[target_feature(enable = "neon")]
        fn with_instructions<L: Lane, K: Kernel<L>>(simd: Neon, kernel: K)
        where
            Neon: Multiply<L>,
        {
            kernel.run(simd);
        }

        neon!(with_instructions(self, kernel));
    }
}
