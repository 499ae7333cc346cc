//! AVX2 and FMA, on nearly every x86-64 processor since 2013.

use std::arch::x86_64::{
    __m256, _CMP_LT_OQ, _MM_HINT_T1, _mm_prefetch, _mm256_add_epi32, _mm256_add_ps,
    _mm256_blendv_ps, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_div_ps,
    _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps, _mm256_set1_epi32,
    _mm256_set1_ps, _mm256_slli_epi32, _mm256_storeu_ps, _mm256_sub_ps,
};

use super::tile::{self, Tile, tiles};
use super::{Kernel, LANES, Lane, Multiply, Simd};

/// The proof that the processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forward) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

/// Calls an intrinsic in a method of [`Avx2`].
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: `self` exists, so the processor has the instruction; what is read or written is
        // half of an array of twice the vector's size behind a reference.
        unsafe { $call }
    };
}

/// Lanes 0 to 7, and 8 to 15.
type Halves = [__m256; 2];

#[inline(always)]
fn halves(half: impl Fn(usize) -> __m256) -> Halves {
    [half(0), half(1)]
}

impl Simd for Avx2 {
    type Vector = Halves;
    // 6 × 2 sums, 2 registers of the right side and 1 of the left fill 15 of 16.
    const TILE_ROWS: usize = 6;

    tiles!(1; 1 2 3 4 5 6);

    #[inline(always)]
    fn splat(self, number: f32) -> Halves {
        halves(|_| avx2!(_mm256_set1_ps(number)))
    }

    #[inline(always)]
    fn prefetch<L: Lane>(self, lanes: &[L; LANES]) {
        avx2!(_mm_prefetch::<_MM_HINT_T1>(lanes.as_ptr().cast()));
    }

    #[inline(always)]
    fn load(self, numbers: &[f32; LANES]) -> Halves {
        halves(|half| avx2!(_mm256_loadu_ps(numbers.as_ptr().add(8 * half))))
    }

    #[inline(always)]
    fn store(self, vector: Halves, numbers: &mut [f32; LANES]) {
        avx2!(_mm256_storeu_ps(numbers.as_mut_ptr(), vector[0]));
        avx2!(_mm256_storeu_ps(numbers.as_mut_ptr().add(8), vector[1]));
    }

    #[inline(always)]
    fn add(self, a: Halves, b: Halves) -> Halves {
        halves(|half| avx2!(_mm256_add_ps(a[half], b[half])))
    }

    #[inline(always)]
    fn subtract(self, a: Halves, b: Halves) -> Halves {
        halves(|half| avx2!(_mm256_sub_ps(a[half], b[half])))
    }

    #[inline(always)]
    fn multiply(self, a: Halves, b: Halves) -> Halves {
        halves(|half| avx2!(_mm256_mul_ps(a[half], b[half])))
    }

    #[inline(always)]
    fn divide(self, a: Halves, b: Halves) -> Halves {
        halves(|half| avx2!(_mm256_div_ps(a[half], b[half])))
    }

    #[inline(always)]
    fn multiply_add(self, a: Halves, b: Halves, c: Halves) -> Halves {
        halves(|half| avx2!(_mm256_fmadd_ps(a[half], b[half], c[half])))
    }

    #[inline(always)]
    fn max(self, a: Halves, b: Halves) -> Halves {
        halves(|half| avx2!(_mm256_max_ps(a[half], b[half])))
    }

    #[inline(always)]
    fn select_negative(self, sign: Halves, negative: Halves, other: Halves) -> Halves {
        halves(|half| {
            avx2!({
                let below = _mm256_cmp_ps::<_CMP_LT_OQ>(sign[half], _mm256_set1_ps(0.0));
                _mm256_blendv_ps(other[half], negative[half], below)
            })
        })
    }

    #[inline(always)]
    fn power_of_two(self, shifted: Halves) -> Halves {
        halves(|half| {
            avx2!({
                let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(shifted[half]));
                let one = _mm256_set1_epi32(1f32.to_bits().cast_signed());
                _mm256_castsi256_ps(_mm256_add_epi32(exponent, one))
            })
        })
    }

    #[inline]
    fn run<L: Lane, K: Kernel<L>>(self, kernel: K)
    where
        Self: Multiply<L>,
    {
        #[target_feature(enable = "avx2,fma")]
        fn with_instructions<L: Lane, K: Kernel<L>>(simd: Avx2, kernel: K)
        where
            Avx2: Multiply<L>,
        {
            kernel.run(simd);
        }

        avx2!(with_instructions(self, kernel));
    }
}
