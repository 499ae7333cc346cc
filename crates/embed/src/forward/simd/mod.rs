//! Sixteen numbers at a time, on whatever the processor has for it.
//!
//! A [`Kernel`] is written once, in safe code over the operations of [`Simd`], and compiled for each
//! set of [`Instructions`]. Every set computes the same 16 lanes with the same operations in the
//! same order, each rounded once, so all of them make the same bits.
//!
//! This module and its children are the only ones with `unsafe`. A value of [`Avx512`], [`Avx2`] or
//! [`Neon`] is the proof that the processor has those instructions: only detection makes one.

#![expect(unsafe_code, reason = "vector instructions are unsafe to call without their detection")]

mod plain;
mod tile;
mod words;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

use std::fmt;

#[cfg(target_arch = "x86_64")]
use self::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use self::avx512::Avx512;
#[cfg(target_arch = "aarch64")]
use self::neon::Neon;
use self::plain::Plain;
pub(super) use self::tile::{Panels, Tile};
pub(super) use self::words::{Bf16Instructions, Bf16Pair, Word};

/// Numbers that are computed at once, on every processor.
pub(super) const LANES: usize = 16;

/// 1.5 · 2²³: added to a number of less than 2²² in size, it leaves the nearest integer in the
/// lowest bits.
pub(super) const ROUNDING: f32 = 12_582_912.0;

/// The operations on sixteen f32 that kernels are made of; each rounds once, as IEEE 754 says.
pub(super) trait Simd: Copy {
    /// Sixteen f32.
    type Vector: Copy;
    /// Rows of a [`Tile`] whose sums fit the registers.
    const TILE_ROWS: usize;

    /// The same number sixteen times.
    fn splat(self, number: f32) -> Self::Vector;
    /// Numbers from memory.
    fn load(self, numbers: &[f32; LANES]) -> Self::Vector;
    /// Numbers to memory.
    fn store(self, vector: Self::Vector, numbers: &mut [f32; LANES]);
    /// a + b
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a − b
    fn subtract(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a · b
    fn multiply(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a / b
    fn divide(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a · b + c, rounded once.
    fn multiply_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The greater of both; b where one of them is not a number.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `negative` where `sign` is below zero, else `other`.
    fn select_negative(
        self,
        sign: Self::Vector,
        negative: Self::Vector,
        other: Self::Vector,
    ) -> Self::Vector;
    /// 2ⁿ for n + [`ROUNDING`], n an integer from −126 to 127.
    fn power_of_two(self, shifted: Self::Vector) -> Self::Vector;

    /// Asks for words that are read soon, where the processor can be asked.
    fn prefetch<W: Word>(self, words: &[W; LANES]);
    /// Multiplies one tile of `rows` rows, at most [`TILE_ROWS`](Simd::TILE_ROWS).
    fn tile<W: Word>(self, rows: usize, tile: Tile<'_, W>)
    where
        Self: Multiply<W>;
    /// Runs a kernel, compiled with these instructions.
    fn run<W: Word, K: Kernel<W>>(self, kernel: K)
    where
        Self: Multiply<W>;
}

/// The step of a matrix product over words of type `W`: sixteen of them at once.
pub(super) trait Multiply<W: Word>: Simd {
    /// Sixteen words.
    type Factors: Copy;

    /// The same word sixteen times.
    fn splat_word(self, word: W) -> Self::Factors;
    /// Words from memory.
    fn load_words(self, words: &[W; LANES]) -> Self::Factors;
    /// `sums` and the products of the numbers in the words.
    fn accumulate(self, a: Self::Factors, b: Self::Factors, sums: Self::Vector) -> Self::Vector;
    /// 32 numbers as a row of words.
    fn round(self, numbers: &[f32; 32]) -> W::Row;
}

/// Numbers are their own words.
impl<S: Simd> Multiply<f32> for S {
    type Factors = S::Vector;

    #[inline(always)]
    fn splat_word(self, word: f32) -> S::Vector {
        self.splat(word)
    }

    #[inline(always)]
    fn load_words(self, words: &[f32; LANES]) -> S::Vector {
        self.load(words)
    }

    #[inline(always)]
    fn accumulate(self, a: S::Vector, b: S::Vector, sums: S::Vector) -> S::Vector {
        self.multiply_add(a, b, sums)
    }

    #[inline(always)]
    fn round(self, numbers: &[f32; 32]) -> [f32; 32] {
        *numbers
    }
}

/// Work that is compiled for each set of instructions. Its `run` is to be inlined always, with all
/// that it calls in its loops, so that it is compiled inside a function that has them.
pub(super) trait Kernel<W: Word> {
    /// Does the work.
    fn run<S: Multiply<W>>(self, simd: S);
}

/// A set of instructions that this processor has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
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
    pub(super) fn all() -> Vec<Self> {
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
    pub(super) fn fastest() -> Self {
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
