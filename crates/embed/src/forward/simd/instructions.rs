//! Which vector instructions this processor has.

use std::fmt;

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
use super::lane::{Bf16Pair, Lane};
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::plain::Plain;
use super::{Kernel, Simd};

/// A lane together with the instructions that compute it.
pub(in crate::forward) trait Computed: Lane {
    /// A set of instructions that can multiply such lanes.
    type Instructions: Copy + Send + Sync;

    /// Runs a kernel.
    fn run<K: Kernel<Self>>(instructions: Self::Instructions, kernel: K);
}

impl Computed for f32 {
    type Instructions = Instructions;

    fn run<K: Kernel<f32>>(instructions: Instructions, kernel: K) {
        instructions.run(kernel);
    }
}

impl Computed for Bf16Pair {
    type Instructions = Bf16Instructions;

    fn run<K: Kernel<Self>>(instructions: Bf16Instructions, kernel: K) {
        match (instructions, kernel) {
            #[cfg(target_arch = "x86_64")]
            (Bf16Instructions::Amx(simd), kernel) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            (Bf16Instructions::Avx512(simd), kernel) => simd.run(kernel),
        }
    }
}

/// A set of instructions that this processor has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::forward) enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<false>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    Plain(Plain),
}

impl Instructions {
    /// Every set that this processor has, the fastest first.
    pub(in crate::forward) fn all() -> Vec<Self> {
        let sets = [
            #[cfg(target_arch = "x86_64")]
            Avx512::detect().map(Self::Avx512),
            #[cfg(target_arch = "x86_64")]
            Avx2::detect().map(Self::Avx2),
            #[cfg(target_arch = "aarch64")]
            Neon::detect().map(Self::Neon),
            Some(Self::Plain(Plain)),
        ];
        sets.into_iter().flatten().collect()
    }

    /// The fastest set that this processor has.
    pub(in crate::forward) fn fastest() -> Self {
        Self::all()[0]
    }

    fn run<K: Kernel<f32>>(self, kernel: K) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => simd.run(kernel),
            Self::Plain(simd) => simd.run(kernel),
        }
    }
}

impl fmt::Debug for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON",
            Self::Plain(_) => "plain",
        })
    }
}

/// A set of instructions for bf16 that this processor has; only x86-64 has some.
#[derive(Debug, Clone, Copy)]
pub(in crate::forward) enum Bf16Instructions {
    #[cfg(target_arch = "x86_64")]
    Amx(Avx512<true, true>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<true>),
}

impl Bf16Instructions {
    /// Every set that this processor has, the fastest first.
    pub(in crate::forward) fn all() -> Vec<Self> {
        let sets: [Option<Self>; _] = [
            #[cfg(target_arch = "x86_64")]
            Avx512::detect().map(Self::Amx),
            #[cfg(target_arch = "x86_64")]
            Avx512::detect().map(Self::Avx512),
        ];
        sets.into_iter().flatten().collect()
    }

    /// The fastest set of this processor, if it has one.
    pub(in crate::forward) fn fastest() -> Option<Self> {
        Self::all().first().copied()
    }
}
