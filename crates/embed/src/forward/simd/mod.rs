//! Sixteen numbers at a time, with whatever vector instructions the processor has.
//!
//! A [`Kernel`] is written once, in safe code over the operations of [`Simd`], and compiled for each
//! set of instructions. Every set computes the same 16 lanes with the same operations in the same
//! order, each rounded once, so all of them make the same bits.
//!
//! - `lane`: what a product multiplies, one f32 or two bf16.
//! - `tile`: the innermost loop of every product.
//! - `avx512`, `avx2`, `neon`, `plain`: the sets of instructions.
//! - `amx`: products of bf16 beside AVX-512, which round otherwise than its own.
//! - `instructions`: which of them this processor has.
//!
//! This module and its children are the only ones with `unsafe`. A value of `Avx512`, `Avx2` or
//! `Neon` is the proof that the processor has those instructions: only detection makes one.

#![expect(unsafe_code, reason = "vector instructions are unsafe to call without their detection")]

mod instructions;
mod lane;
mod plain;
mod tile;

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

pub(super) use self::instructions::{Bf16Instructions, Computed, Instructions};
pub(super) use self::lane::{Bf16Pair, Lane};
pub(super) use self::tile::{Panels, Tile};

/// Number of lanes that are computed at once, on every processor.
pub(super) const LANES: usize = 16;

/// The most rows of a [`Tile`] on any processor.
pub(super) const MOST_ROWS: usize = 32;

/// 1.5 · 2²³: added to a number of less than 2²² in size, it leaves the nearest integer in the
/// lowest bits.
pub(super) const ROUNDING: f32 = 12_582_912.0;

/// The operations on sixteen f32 that kernels are made of; each rounds once, as IEEE 754 says.
pub(super) trait Simd: Copy {
    /// Sixteen f32.
    type Vector: Copy;
    /// Number of rows of a [`Tile`] whose sums fit the vector registers.
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

    /// Asks for lanes that are read soon, where the processor has an instruction for it.
    fn prefetch<L: Lane>(self, lanes: &[L; LANES]);
    /// Asks for lanes that are read in a moment, where that has proved to be of use.
    #[inline(always)]
    fn prefetch_soon<L: Lane>(self, _lanes: &[L; LANES]) {}
    /// Multiplies one tile of `rows` rows, at most [`TILE_ROWS`](Simd::TILE_ROWS), step by step.
    fn tile<L: Lane>(self, rows: usize, tile: Tile<'_, L>)
    where
        Self: Multiply<L>;
    /// Runs a kernel, compiled with these instructions.
    fn run<L: Lane, K: Kernel<L>>(self, kernel: K)
    where
        Self: Multiply<L>;
}

/// The step of a matrix product over lanes of type `L`: sixteen of them at once.
pub(super) trait Multiply<L: Lane>: Simd {
    /// Sixteen lanes.
    type Factors: Copy;
    /// Number of rows that are multiplied at once, at most [`MOST_ROWS`].
    const ROWS_AT_ONCE: usize = Self::TILE_ROWS;

    /// The same lane sixteen times.
    fn splat_lane(self, lane: L) -> Self::Factors;
    /// Words from memory.
    fn load_lanes(self, lanes: &[L; LANES]) -> Self::Factors;
    /// `sums` plus the products of the numbers in the lanes.
    fn accumulate(self, a: Self::Factors, b: Self::Factors, sums: Self::Vector) -> Self::Vector;
    /// 32 numbers as a row of lanes.
    fn round(self, numbers: &[f32; 32]) -> L::Row;

    /// Multiplies one tile of `rows` rows, at most [`ROWS_AT_ONCE`](Multiply::ROWS_AT_ONCE).
    #[inline(always)]
    fn multiply_tile(self, rows: usize, tile: Tile<'_, L>) {
        self.tile(rows, tile);
    }
}

/// An f32 fills a lane.
impl<S: Simd> Multiply<f32> for S {
    type Factors = S::Vector;

    #[inline(always)]
    fn splat_lane(self, lane: f32) -> S::Vector {
        self.splat(lane)
    }

    #[inline(always)]
    fn load_lanes(self, lanes: &[f32; LANES]) -> S::Vector {
        self.load(lanes)
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

/// Work that is compiled for each set of instructions. Its `run`, with all that it calls in its
/// loops, must be `#[inline(always)]`, so that it is compiled inside a function that has them.
pub(super) trait Kernel<L: Lane> {
    /// Does the work.
    fn run<S: Multiply<L>>(self, simd: S);
}
