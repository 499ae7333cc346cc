//! A linear layer, its weights packed for the kernel.

use super::product::{Out, Product};
use super::simd::{Panels, Word};
use super::weights::{Tensor, WeightsFile};
use crate::EmbedderError;

/// With more rows than this, weights come from memory sooner than they are multiplied. One question
/// of some ten tokens takes a quarter less time when the next ones are asked for early.
const FEW_ROWS: usize = 64;

/// `x · weightᵀ + bias`, in panels of 32 outputs.
pub(super) struct Linear<W: Word> {
    /// Words in a column of the weights.
    words: usize,
    /// Panel after panel; in each, one row for each word of the input.
    panels: Vec<[W; 32]>,
    /// One for each panel.
    biases: Vec<[f32; 32]>,
}

/// A linear layer in a file: its name, and what its outputs are multiplied with.
pub(super) type Part<'a> = (&'a str, f32);

impl<W: Word> Linear<W> {
    /// Reads and packs layers of the same size, which are computed as one with their outputs after
    /// each other. Inputs and outputs are multiples of 32.
    pub(super) fn load(
        file: &WeightsFile,
        parts: &[Part<'_>],
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, EmbedderError> {
        let words = inputs / 32 * W::PER_ROW;
        let mut panels = vec![[W::default(); 32]; parts.len() * outputs / 32 * words];
        let mut biases = Vec::with_capacity(parts.len() * outputs / 32);
        for ((name, scale), panels) in parts.iter().zip(panels.chunks_mut(outputs / 32 * words)) {
            let weight = file.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
            for (at, panel) in panels.chunks_exact_mut(words).enumerate() {
                pack::<W>(&weight, at, *scale, panel)?;
            }
            let bias = file.tensor(&format!("{name}.bias"), &[outputs])?.read(0, outputs / 32)?;
            biases.extend(bias.into_iter().map(|bias| bias.map(|number| number * scale)));
        }
        Ok(Self { words, panels, biases })
    }

    /// How many panels of outputs there are.
    pub(super) fn panels(&self) -> usize {
        self.biases.len()
    }

    /// Computes one panel of outputs.
    pub(super) fn columns(
        &self,
        instructions: W::Instructions,
        a: Panels<'_, W>,
        panel: usize,
        out: Out<'_, W>,
    ) {
        let (b, rest) = self.panels[panel * self.words..].split_at(self.words);
        let next = if a.rows() <= FEW_ROWS { &rest[..rest.len().min(self.words)] } else { &[] };
        W::run(instructions, Product { a, b, next, bias: &self.biases[panel], out });
    }
}

/// Packs 32 rows of a weight, one for each output of a panel, as the columns of the panel.
fn pack<W: Word>(
    weight: &Tensor<'_>,
    at: usize,
    scale: f32,
    panel: &mut [[W; 32]],
) -> Result<(), EmbedderError> {
    let inputs = panel.len() / W::PER_ROW;
    let rows = weight.read(at * 32 * inputs, 32 * inputs)?;
    for (input, columns) in panel.chunks_exact_mut(W::PER_ROW).enumerate() {
        let block: [W::Row; 32] = std::array::from_fn(|output| {
            W::row(&rows[output * inputs + input].map(|number| number * scale))
        });
        transpose_block::<W>(&block, columns);
    }
    Ok(())
}

/// Transposes rows of words: panels of 32 rows become columns, the last filled up with zeros.
#[inline(always)]
pub(super) fn transpose<W: Word>(rows: &[W::Row], columns: &mut Vec<[W; 32]>) {
    columns.resize(rows.len().div_ceil(32) * W::PER_ROW, [W::default(); 32]);
    for (rows, columns) in rows.chunks(32).zip(columns.chunks_exact_mut(W::PER_ROW)) {
        transpose_block::<W>(rows, columns);
    }
}

#[inline(always)]
fn transpose_block<W: Word>(rows: &[W::Row], columns: &mut [[W; 32]]) {
    for (word, column) in columns.iter_mut().enumerate() {
        column[rows.len()..].fill(W::default());
        for (number, row) in column.iter_mut().zip(rows) {
            *number = row.as_ref()[word];
        }
    }
}
