//! A linear layer.

use super::packing::{Packer, Part};
use super::product::{Out, Product};
use super::simd::{Computed, Lane, Panels};
use crate::EmbedderError;

/// The packed weights of a layer, with the instructions that multiply them.
#[derive(Clone, Copy)]
pub(super) struct LayerWeights<'a, L: Computed> {
    pub(super) instructions: L::Instructions,
    pub(super) rows: &'a [[L; 32]],
}

/// `x · weightᵀ + bias`, in panels of 32 outputs.
///
/// Its weights are packed with those of its whole layer: panel after panel, and in each panel one
/// row for each lane of the input.
pub(super) struct Linear {
    /// The first row of its weights.
    first: usize,
    /// Number of rows of a panel.
    panel_rows: usize,
    /// One for each panel.
    biases: Vec<[f32; 32]>,
}

impl Linear {
    /// Packs layers of the same size, which are computed as one with their outputs after each other.
    /// Inputs and outputs are multiples of 32.
    pub(super) fn load<L: Lane>(
        packer: &mut Packer<'_, L>,
        parts: &[Part<'_>],
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, EmbedderError> {
        let first = packer.filled();
        let mut biases = vec![[0.0; 32]; parts.len() * outputs / 32];
        for (&(name, scale), biases) in parts.iter().zip(biases.chunks_exact_mut(outputs / 32)) {
            packer.pack((name, scale), inputs, outputs)?;
            packer.file().tensor(&format!("{name}.bias"), &[outputs])?.read(0, biases)?;
            for bias in biases.as_flattened_mut() {
                *bias *= scale;
            }
        }
        Ok(Self { first, panel_rows: inputs / 32 * L::PER_ROW, biases })
    }

    /// Number of panels of outputs.
    pub(super) fn panels(&self) -> usize {
        self.biases.len()
    }

    /// Computes one panel of outputs.
    pub(super) fn columns<L: Computed>(
        &self,
        weights: LayerWeights<'_, L>,
        a: Panels<'_, L>,
        panel: usize,
        out: Out<'_, L>,
    ) {
        let rows = &weights.rows[self.first + panel * self.panel_rows..];
        let (panel_rows, bias) = (self.panel_rows, &self.biases[panel]);
        L::run(weights.instructions, Product { a, weights: rows, panel_rows, bias, out });
    }
}
