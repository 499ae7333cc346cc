//! The 32-bit lanes that products are made of: one f32, or two bf16.

use bytemuck::{Pod, Zeroable};

/// 32 bits that hold one or two neighbouring numbers of a row.
pub(in crate::forward) trait Lane: Pod + Default + Send + Sync {
    /// Number of lanes that hold 32 numbers.
    const PER_ROW: usize;
    /// 32 numbers.
    type Row: Copy + Default + Send + Sync + AsRef<[Self]>;

    /// 32 numbers as lanes.
    fn row(numbers: &[f32; 32]) -> Self::Row;

    /// Rows as the right side of a product: a lane that holds two numbers holds those of two
    /// neighbouring rows in one column. Uses `buffer` where the rows have to be rearranged.
    fn factors<'a>(rows: &'a [Self::Row], buffer: &'a mut Vec<[Self; 32]>) -> &'a [[Self; 32]];
}

impl Lane for f32 {
    const PER_ROW: usize = 32;
    type Row = [f32; 32];

    fn row(numbers: &[f32; 32]) -> [f32; 32] {
        *numbers
    }

    fn factors<'a>(rows: &'a [[f32; 32]], _buffer: &'a mut Vec<[f32; 32]>) -> &'a [[f32; 32]] {
        rows
    }
}

/// Two bf16, the first in the lower half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
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

    /// The bf16 nearest to a finite number, the even one of two that are equally near.
    fn nearest(number: f32) -> u16 {
        let bits = number.to_bits();
        ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
    }
}

impl Lane for Bf16Pair {
    const PER_ROW: usize = 16;
    type Row = [Bf16Pair; 16];

    fn row(numbers: &[f32; 32]) -> [Bf16Pair; 16] {
        let (pairs, _) = numbers.as_chunks::<2>();
        std::array::from_fn(|at| {
            Self::new(Self::nearest(pairs[at][0]), Self::nearest(pairs[at][1]))
        })
    }

    fn factors<'a>(rows: &'a [Self::Row], buffer: &'a mut Vec<[Self; 32]>) -> &'a [[Self; 32]] {
        buffer.clear();
        buffer.extend(rows.chunks(2).map(|rows| {
            // An odd number of rows is filled up with zeros.
            let (upper, lower) = (rows[0], rows.get(1).copied().unwrap_or_default());
            let mut columns = [Self::default(); 32];
            for ((columns, upper), lower) in
                columns.as_chunks_mut::<2>().0.iter_mut().zip(upper).zip(lower)
            {
                let ([a, b], [c, d]) = (upper.halves(), lower.halves());
                *columns = [Self::new(a, c), Self::new(b, d)];
            }
            columns
        }));
        buffer
    }
}
