//! Compiles a loop for the widest registers of the processor that runs it.

/// A loop over slices. `run` is to be inlined always, so that it is compiled anew inside
/// [`vectorized`] for each set of instructions.
pub(super) trait Loop {
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
pub(super) fn vectorized<L: Loop>(one: L) -> L::Result {
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
