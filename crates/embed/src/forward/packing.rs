//! Weights in the order in which they are multiplied.

use std::io;
use std::marker::PhantomData;

use memmap2::MmapMut;

use super::simd::Lane;
use super::transpose::transpose_block;
use crate::EmbedderError;
use crate::weights::{Tensor, WeightsFile};

/// The memory of the packed weights of all layers, as rows of 32 lanes.
///
/// It is one piece, in pages of 2 MiB where the system has them (Linux with transparent huge pages):
/// filling 43 MB in pages of 4 KiB takes 10,000 page faults, which are half of the time that loading
/// the model takes.
pub(super) struct PackedWeights<L> {
    memory: MmapMut,
    lanes: PhantomData<L>,
}

impl<L: Lane> PackedWeights<L> {
    /// Allocates `rows` rows of zeros.
    pub(super) fn new(rows: usize) -> io::Result<Self> {
        let memory = MmapMut::map_anon(rows * size_of::<[L; 32]>())?;
        // The system may refuse; small pages serve as well.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        Ok(Self { memory, lanes: PhantomData })
    }

    /// The rows.
    pub(super) fn rows(&self) -> &[[L; 32]] {
        bytemuck::cast_slice(&self.memory)
    }

    /// The rows, to be filled.
    pub(super) fn rows_mut(&mut self) -> &mut [[L; 32]] {
        bytemuck::cast_slice_mut(&mut self.memory)
    }
}

/// Packs the weights of one layer, one matrix after another.
pub(super) struct Packer<'a, L: Lane> {
    file: &'a WeightsFile,
    /// Where the weights go.
    rows: &'a mut [[L; 32]],
    filled: usize,
    /// Weights as they are in the file: of 32 outputs, one after another.
    unpacked: Vec<[f32; 32]>,
}

/// A linear layer in a file: its name, and what its outputs are multiplied with.
pub(super) type Part<'a> = (&'a str, f32);

impl<'a, L: Lane> Packer<'a, L> {
    /// Packs from a file into rows.
    pub(super) fn new(file: &'a WeightsFile, rows: &'a mut [[L; 32]]) -> Self {
        Self { file, rows, filled: 0, unpacked: Vec::new() }
    }

    /// The file that is packed from.
    pub(super) fn file(&self) -> &'a WeightsFile {
        self.file
    }

    /// Number of rows that are filled.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// Number of rows that a matrix takes. Inputs and outputs are multiples of 32.
    pub(super) fn rows_of(inputs: usize, outputs: usize) -> usize {
        inputs / 32 * L::PER_ROW * outputs / 32
    }

    /// Packs a matrix in panels of 32 outputs.
    pub(super) fn pack(
        &mut self,
        (name, scale): Part<'_>,
        inputs: usize,
        outputs: usize,
    ) -> Result<(), EmbedderError> {
        let weight = self.file.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
        let first = self.filled;
        self.filled += Self::rows_of(inputs, outputs);
        let rows = &mut self.rows[first..self.filled];
        for (panel, rows) in rows.chunks_exact_mut(inputs / 32 * L::PER_ROW).enumerate() {
            pack_panel::<L>(&weight, panel, scale, &mut self.unpacked, rows)?;
        }
        Ok(())
    }
}

/// Packs the weights of 32 outputs as the columns of a panel.
fn pack_panel<L: Lane>(
    weight: &Tensor<'_>,
    panel: usize,
    scale: f32,
    unpacked: &mut Vec<[f32; 32]>,
    rows: &mut [[L; 32]],
) -> Result<(), EmbedderError> {
    // 32 inputs at a time: the weights of one output are a row of 32 numbers in each.
    let blocks = rows.len() / L::PER_ROW;
    unpacked.resize(32 * blocks, [0.0; 32]);
    weight.read(panel * 32 * blocks, unpacked)?;
    for (block, columns) in rows.chunks_exact_mut(L::PER_ROW).enumerate() {
        let outputs: [L::Row; 32] = std::array::from_fn(|output| {
            L::row(&unpacked[output * blocks + block].map(|number| number * scale))
        });
        transpose_block::<L>(&outputs, columns);
    }
    Ok(())
}
