//! Layer normalisation.

use super::elementwise::sum;
use super::simd::{Kernel, LANES, Lane, Multiply};
use super::{HIDDEN_PANELS, WIDTH};
use crate::EmbedderError;
use crate::weights::WeightsFile;

/// A layer normalisation: every row becomes `(row − mean) / deviation · weight + bias`.
#[derive(Debug, Clone)]
pub(super) struct Normalization {
    /// The factor of each column.
    pub(super) weight: [[f32; 32]; HIDDEN_PANELS],
    /// The shift of each column.
    pub(super) bias: [[f32; 32]; HIDDEN_PANELS],
    /// What is added to the variance.
    pub(super) epsilon: f32,
}

impl Normalization {
    /// Reads a normalisation of the hidden state.
    pub(super) fn load(
        file: &WeightsFile,
        name: &str,
        epsilon: f32,
    ) -> Result<Self, EmbedderError> {
        let vector = |part: &str| {
            let mut vector = [[0.0; 32]; HIDDEN_PANELS];
            file.tensor(&format!("{name}.{part}"), &[WIDTH])?.read(0, &mut vector)?;
            Ok::<_, EmbedderError>(vector)
        };
        Ok(Self { weight: vector("weight")?, bias: vector("bias")?, epsilon })
    }
}

/// `hidden = normalisation of (hidden + added)`, also written as `lanes`.
pub(super) struct AddAndNormalize<'a, L: Lane> {
    /// The normalisation.
    pub(super) normalization: &'a Normalization,
    /// What is added, in panels.
    pub(super) added: &'a [[f32; 32]],
    /// What it is added to; holds the result.
    pub(super) hidden: &'a mut [[f32; 32]],
    /// The result for the next product.
    pub(super) lanes: &'a mut [L::Row],
}

impl<L: Lane> Kernel<L> for AddAndNormalize<'_, L> {
    #[inline(always)]
    fn run<S: Multiply<L>>(self, simd: S) {
        let Self { normalization, added, hidden, lanes } = self;
        let rows = hidden.len() / HIDDEN_PANELS;
        for row in 0..rows {
            // The row stays in registers or the first cache while it is normalised.
            let mut numbers = [[simd.splat(0.0); 2]; HIDDEN_PANELS];
            let mut total = simd.splat(0.0);
            for (panel, numbers) in numbers.iter_mut().enumerate() {
                let (hidden, _) = hidden[panel * rows + row].as_chunks::<LANES>();
                let (added, _) = added[panel * rows + row].as_chunks::<LANES>();
                for (half, numbers) in numbers.iter_mut().enumerate() {
                    *numbers = simd.add(simd.load(&hidden[half]), simd.load(&added[half]));
                    total = simd.add(total, *numbers);
                }
            }
            let mean = simd.splat(sum(simd, total) / WIDTH as f32);
            let mut squares = simd.splat(0.0);
            for numbers in numbers.as_flattened_mut() {
                *numbers = simd.subtract(*numbers, mean);
                squares = simd.multiply_add(*numbers, *numbers, squares);
            }
            let variance = sum(simd, squares) / WIDTH as f32;
            let scale = simd.splat(1.0 / (variance + normalization.epsilon).sqrt());
            for (panel, numbers) in numbers.into_iter().enumerate() {
                let (weight, _) = normalization.weight[panel].as_chunks::<LANES>();
                let (bias, _) = normalization.bias[panel].as_chunks::<LANES>();
                let hidden = &mut hidden[panel * rows + row];
                for (half, numbers) in numbers.into_iter().enumerate() {
                    let scaled = simd.multiply(numbers, scale);
                    let (weight, bias) = (simd.load(&weight[half]), simd.load(&bias[half]));
                    let normal = simd.multiply_add(scaled, weight, bias);
                    simd.store(normal, &mut hidden.as_chunks_mut::<LANES>().0[half]);
                }
                lanes[panel * rows + row] = simd.round(hidden);
            }
        }
    }
}
