//! Compiles a loop for the widest registers of the processor that runs it, and fetches ahead what it
//! reads.

/// A loop over slices. `run` is to be inlined always, so that it is compiled anew inside
/// [`vectorized`] for each set of instructions.
pub(crate) trait Loop {
    /// The loop's result.
    type Result;
    /// Runs it.
    fn run(self) -> Self::Result;
}

/// Runs a loop with AVX2 where the processor has it; on ARM the compiler uses NEON anyway.
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "instructions beyond the target's own are called after a check")
)]
pub(crate) fn vectorized<L: Loop>(one: L) -> L::Result {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma,popcnt")]
        fn with_avx2<L: Loop>(one: L) -> L::Result {
            one.run()
        }

        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("popcnt")
        {
            // SAFETY: the processor has what the function needs.
            return unsafe { with_avx2(one) };
        }
    }
    one.run()
}

/// Asks the processor to fetch numbers that are read soon. It fetches by itself only what follows in
/// memory; on ARM nothing is asked.
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the instruction has no safe function, and reads nothing")
)]
pub(crate) fn fetch_ahead(numbers: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in numbers.chunks(CACHE_LINE / size_of::<f32>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 processor has SSE, and any address may be asked for.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}

/// Bytes that a processor fetches together.
#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;
