//! AVX-512, on x86-64 processors for servers since 2017 and on AMD's since Zen 4.

use std::arch::x86_64::{
    __m512, __m512bh, __m512i, _CMP_LT_OQ, _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch,
    _mm512_add_epi32, _mm512_add_ps, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_cmp_ps_mask,
    _mm512_cvtne2ps_pbh, _mm512_div_ps, _mm512_dpbf16_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_mask_blend_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_slli_epi32, _mm512_storeu_ps, _mm512_sub_ps,
};
use std::mem::transmute;

use super::amx;
use super::lane::Bf16Pair;
use super::tile::{self, Tile, tiles};
use super::{Kernel, LANES, Lane, Multiply, Simd};

/// The proof that the processor has AVX-512, its products of bf16 if `BF16`, and AMX for them if `AMX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forward) struct Avx512<const BF16: bool, const AMX: bool = false>(());

impl<const BF16: bool, const AMX: bool> Avx512<BF16, AMX> {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && (!BF16 || is_x86_feature_detected!("avx512bf16"))
            && (!AMX || amx::is_available());
        has.then_some(Self(()))
    }
}

/// Calls an intrinsic in a method of [`Avx512`].
macro_rules! avx512 {
    ($call:expr) => {
        // SAFETY: `self` exists, so the processor has the instruction; what is read or written is
        // an array of the vector's size behind a reference.
        unsafe { $call }
    };
}

impl<const BF16: bool, const AMX: bool> Simd for Avx512<BF16, AMX> {
    type Vector = __m512;
    // 14 × 2 sums, 2 vectors of the right side and 1 of the left fill 31 of 32 registers.
    const TILE_ROWS: usize = 14;

    tiles!(2; 1 2 3 4 5 6 7 8 9 10 11 12 13 14);

    #[inline(always)]
    fn splat(self, number: f32) -> __m512 {
        avx512!(_mm512_set1_ps(number))
    }

    #[inline(always)]
    fn prefetch<L: Lane>(self, lanes: &[L; LANES]) {
        avx512!(_mm_prefetch::<_MM_HINT_T1>(lanes.as_ptr().cast()));
    }

    #[inline(always)]
    fn prefetch_soon<L: Lane>(self, lanes: &[L; LANES]) {
        avx512!(_mm_prefetch::<_MM_HINT_T0>(lanes.as_ptr().cast()));
    }

    #[inline(always)]
    fn load(self, numbers: &[f32; LANES]) -> __m512 {
        avx512!(_mm512_loadu_ps(numbers.as_ptr()))
    }

    #[inline(always)]
    fn store(self, vector: __m512, numbers: &mut [f32; LANES]) {
        avx512!(_mm512_storeu_ps(numbers.as_mut_ptr(), vector));
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        avx512!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn subtract(self, a: __m512, b: __m512) -> __m512 {
        avx512!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn multiply(self, a: __m512, b: __m512) -> __m512 {
        avx512!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn divide(self, a: __m512, b: __m512) -> __m512 {
        avx512!(_mm512_div_ps(a, b))
    }

    #[inline(always)]
    fn multiply_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        avx512!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        avx512!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn select_negative(self, sign: __m512, negative: __m512, other: __m512) -> __m512 {
        avx512!({
            let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(sign, _mm512_set1_ps(0.0));
            _mm512_mask_blend_ps(below, other, negative)
        })
    }

    #[inline(always)]
    fn power_of_two(self, shifted: __m512) -> __m512 {
        avx512!({
            let exponent = _mm512_slli_epi32::<23>(_mm512_castps_si512(shifted));
            let one = _mm512_set1_epi32(1f32.to_bits().cast_signed());
            _mm512_castsi512_ps(_mm512_add_epi32(exponent, one))
        })
    }

    #[inline]
    fn run<L: Lane, K: Kernel<L>>(self, kernel: K)
    where
        Self: Multiply<L>,
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn with_numbers<L: Lane, S: Multiply<L>, K: Kernel<L>>(simd: S, kernel: K) {
            kernel.run(simd);
        }

        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
        fn with_bf16<L: Lane, S: Multiply<L>, K: Kernel<L>>(simd: S, kernel: K) {
            kernel.run(simd);
        }

        if BF16 {
            avx512!(with_bf16(self, kernel));
        } else {
            avx512!(with_numbers(self, kernel));
        }
    }
}

impl<const AMX: bool> Multiply<Bf16Pair> for Avx512<true, AMX> {
    type Factors = __m512bh;
    const ROWS_AT_ONCE: usize = if AMX { amx::ROWS } else { Self::TILE_ROWS };

    #[inline(always)]
    fn splat_lane(self, lane: Bf16Pair) -> __m512bh {
        avx512!(transmute::<__m512i, __m512bh>(_mm512_set1_epi32(transmute::<Bf16Pair, i32>(lane))))
    }

    #[inline(always)]
    fn load_lanes(self, lanes: &[Bf16Pair; LANES]) -> __m512bh {
        avx512!(lanes.as_ptr().cast::<__m512bh>().read_unaligned())
    }

    #[inline(always)]
    fn accumulate(self, a: __m512bh, b: __m512bh, sums: __m512) -> __m512 {
        avx512!(_mm512_dpbf16_ps(sums, a, b))
    }

    #[inline(always)]
    fn round(self, numbers: &[f32; 32]) -> [Bf16Pair; 16] {
        let (halves, _) = numbers.as_chunks();
        let (first, second) = (self.load(&halves[0]), self.load(&halves[1]));
        avx512!(transmute::<__m512bh, [Bf16Pair; 16]>(_mm512_cvtne2ps_pbh(second, first)))
    }

    #[inline(always)]
    fn multiply_tile(self, rows: usize, tile: Tile<'_, Bf16Pair>) {
        if !AMX {
            return self.tile(rows, tile);
        }
        for lanes in tile.ahead.as_flattened().as_chunks().0 {
            self.prefetch(lanes);
        }
        avx512!(amx::multiply(tile));
    }
}
