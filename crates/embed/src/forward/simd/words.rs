//! The 32-bit words that products are made of: one f32, or two bf16.

use super::{Instructions, Kernel};
#[cfg(target_arch = "x86_64")]
use super::{Simd, avx512::Avx512};

/// A word of 32 bits that holds one or two neighbouring numbers of a row.
pub(in crate::forward) trait Word:
    Copy + Default + Send + Sync + 'static
{
    /// The words of 32 numbers.
    const PER_ROW: usize;
    /// 32 numbers.
    type Row: Copy + Default + Send + Sync + AsRef<[Self]>;
    /// The instructions that can multiply such words.
    type Instructions: Copy + Send + Sync;

    /// 32 numbers as words.
    fn row(numbers: &[f32; 32]) -> Self::Row;

    /// Rows as the right side of a product: each word holds what stands below each other in one
    /// column. Uses `buffer` if that is not how they are already.
    fn factors<'a>(rows: &'a [Self::Row], buffer: &'a mut Vec<[Self; 32]>) -> &'a [[Self; 32]];

    /// Runs a kernel.
    fn run<K: Kernel<Self>>(instructions: Self::Instructions, kernel: K);
}

impl Word for f32 {
    const PER_ROW: usize = 32;
    type Row = [f32; 32];
    type Instructions = Instructions;

    fn row(numbers: &[f32; 32]) -> [f32; 32] {
        *numbers
    }

    fn factors<'a>(rows: &'a [[f32; 32]], _buffer: &'a mut Vec<[f32; 32]>) -> &'a [[f32; 32]] {
        rows
    }

    fn run<K: Kernel<f32>>(instructions: Instructions, kernel: K) {
        instructions.run(kernel);
    }
}

/// Two bf16, the first in the lower half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(transparent)]
pub(in crate::forward) struct Bf16Pair(u32);

impl Bf16Pair {
    fn new(first: u16, second: u16) -> Self {
        Self(u32::from(first) | u32::from(second) << 16)
    }

    fn halves(self) -> [u16; 2] {
        [self.0 as u16, (self.0 >> 16) as u16]
    }

    /// The 32 numbers of a row.
    #[cfg(test)]
    pub(in crate::forward) fn numbers(row: &[Self; 16]) -> [f32; 32] {
        std::array::from_fn(|at| f32::from_bits(u32::from(row[at / 2].halves()[at % 2]) << 16))
    }

    /// The nearest bf16 to a finite number, the even one of two.
    fn nearest(number: f32) -> u16 {
        let bits = number.to_bits();
        ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
    }
}

impl Word for Bf16Pair {
    const PER_ROW: usize = 16;
    type Row = [Bf16Pair; 16];
    type Instructions = Bf16Instructions;

    fn row(numbers: &[f32; 32]) -> [Bf16Pair; 16] {
        let (pairs, _) = numbers.as_chunks::<2>();
        std::array::from_fn(|at| {
            Self::new(Self::nearest(pairs[at][0]), Self::nearest(pairs[at][1]))
        })
    }

    fn factors<'a>(rows: &'a [Self::Row], buffer: &'a mut Vec<[Self; 32]>) -> &'a [[Self; 32]] {
        buffer.clear();
        buffer.extend(rows.chunks(2).map(|rows| {
            let (upper, lower) = (rows[0], rows.get(1).copied().unwrap_or_default());
            let mut below = [Self::default(); 32];
            for ((below, upper), lower) in
                below.as_chunks_mut::<2>().0.iter_mut().zip(upper).zip(lower)
            {
                let ([a, b], [c, d]) = (upper.halves(), lower.halves());
                *below = [Self::new(a, c), Self::new(b, d)];
            }
            below
        }));
        buffer
    }

    fn run<K: Kernel<Self>>(instructions: Bf16Instructions, kernel: K) {
        match (instructions, kernel) {
            #[cfg(target_arch = "x86_64")]
            (Bf16Instructions::Avx512(simd), kernel) => simd.run(kernel),
        }
    }
}

/// A set of instructions for bf16 that this processor has; there is none but on x86-64.
#[derive(Clone, Copy)]
pub(in crate::forward) enum Bf16Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<true>),
}

impl Bf16Instructions {
    /// The set of this processor, if it has one.
    pub(in crate::forward) fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        return Avx512::detect().map(Self::Avx512);
        #[cfg(not(target_arch = "x86_64"))]
        return None;
    }
}
