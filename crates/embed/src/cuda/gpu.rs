//! The GPU with its libraries, and what it runs.

#![expect(unsafe_code, reason = "a GPU is told addresses and sizes, and does not check them")]

use std::error::Error;
use std::sync::Arc;

use cudarc::cublas::sys::cublasOperation_t::{CUBLAS_OP_N, CUBLAS_OP_T};
use cudarc::cublas::{CudaBlas, Gemm, GemmConfig};
use cudarc::driver::{
    CudaContext, CudaFunction, CudaSlice, CudaStream, DriverError, LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::compile_ptx;

use super::{HEADS, WIDTH};
use crate::{Device, EmbedderError};

/// Threads of a block; the kernels say what they do.
const THREADS: u32 = 128;

/// Rows that a block of [`THREADS`] normalizes: one a warp.
const ROWS_PER_BLOCK: usize = 4;

/// Heads that a block of [`THREADS`] computes: one a warp.
const HEADS_PER_BLOCK: usize = 4;

/// Tokens of a tile of attention: one a thread of a warp.
const TILE: usize = 32;

/// Numbers in the GPU's memory.
pub(super) type Numbers = CudaSlice<f32>;

/// Token numbers, positions and the like in the GPU's memory.
pub(super) type Indices = CudaSlice<u32>;

/// The first GPU. All work is done in order, so nothing is read before it was written.
pub(super) struct Gpu {
    stream: Arc<CudaStream>,
    blas: CudaBlas,
    embed: CudaFunction,
    add_and_normalize: CudaFunction,
    add_and_gelu: CudaFunction,
    attention: CudaFunction,
    mean: CudaFunction,
}

/// The learnt numbers of a layer normalization, [`WIDTH`] each.
pub(super) struct Normalization {
    pub(super) scale: Numbers,
    pub(super) shift: Numbers,
    pub(super) epsilon: f32,
}

/// Rows × the transpose of a matrix, both row by row.
pub(super) struct Product {
    /// Number of rows.
    pub(super) rows: usize,
    /// Numbers in a row, and in each row of the matrix.
    pub(super) inputs: usize,
    /// Rows of the matrix, and numbers in a row of the result.
    pub(super) outputs: usize,
    /// Whether the product is added to what the result holds.
    pub(super) is_added: bool,
}

impl Gpu {
    /// Opens the first GPU.
    pub(super) fn open() -> Result<Self, EmbedderError> {
        // SAFETY: the libraries are NVIDIA's, and only looked for here.
        let found = unsafe {
            [
                ("the driver (libcuda)", cudarc::driver::sys::is_culib_present()),
                ("cuBLAS (libcublas)", cudarc::cublas::sys::is_culib_present()),
                ("NVRTC (libnvrtc)", cudarc::nvrtc::sys::is_culib_present()),
            ]
        };
        if let Some((library, _)) = found.into_iter().find(|(_, is_present)| !is_present) {
            return Err(unavailable(format!(
                "NVIDIA's {library} is not among this machine's libraries; it takes an NVIDIA GPU \
                 with its driver, and the libraries of CUDA 12 or 13 where the system or \
                 LD_LIBRARY_PATH finds them"
            )));
        }
        let context = CudaContext::new(0).map_err(|error| unavailable(said(error)))?;
        // Without another stream, nothing has to be waited for.
        let stream = context.default_stream();
        let blas = CudaBlas::new(stream.clone())
            .map_err(|error| unavailable(format!("cuBLAS: {error}")))?;
        let program = compile_ptx(include_str!("kernels.cu"))
            .map_err(|error| unavailable(format!("NVRTC: {error}")))?;
        let module = context.load_module(program).map_err(|error| unavailable(said(error)))?;
        let kernel = |name| module.load_function(name).map_err(|error| unavailable(said(error)));
        Ok(Self {
            embed: kernel("embed")?,
            add_and_normalize: kernel("add_and_normalize")?,
            add_and_gelu: kernel("add_and_gelu")?,
            attention: kernel("attention")?,
            mean: kernel("mean")?,
            stream,
            blas,
        })
    }

    /// Makes room for so many numbers.
    pub(super) fn room(&self, numbers: usize) -> Result<Numbers, EmbedderError> {
        self.stream.alloc_zeros(numbers).map_err(failed)
    }

    /// Copies numbers to the GPU.
    pub(super) fn numbers(&self, numbers: &[f32]) -> Result<Numbers, EmbedderError> {
        self.stream.clone_htod(numbers).map_err(failed)
    }

    /// Copies indices to the GPU.
    pub(super) fn indices(&self, indices: &[u32]) -> Result<Indices, EmbedderError> {
        self.stream.clone_htod(indices).map_err(failed)
    }

    /// Waits until all is computed, and copies numbers from the GPU.
    pub(super) fn copied(&self, numbers: &Numbers) -> Result<Vec<f32>, EmbedderError> {
        self.stream.clone_dtoh(numbers).map_err(failed)
    }

    /// Multiplies rows by the transpose of a matrix.
    pub(super) fn multiply(
        &self,
        product: &Product,
        rows: &Numbers,
        matrix: &Numbers,
        result: &mut Numbers,
    ) -> Result<(), EmbedderError> {
        let &Product { rows: count, inputs, outputs, is_added } = product;
        assert!(rows.len() >= count * inputs && matrix.len() >= inputs * outputs);
        assert!(result.len() >= count * outputs);
        // cuBLAS reads column by column, so it sees everything transposed.
        let config = GemmConfig {
            transa: CUBLAS_OP_T,
            transb: CUBLAS_OP_N,
            m: outputs as i32,
            n: count as i32,
            k: inputs as i32,
            alpha: 1.0,
            lda: inputs as i32,
            ldb: inputs as i32,
            beta: if is_added { 1.0 } else { 0.0 },
            ldc: outputs as i32,
        };
        // SAFETY: each matrix is as large as the configuration says.
        unsafe { self.blas.gemm(config, matrix, rows, result) }
            .map_err(|error| EmbedderError::Model(format!("cuBLAS: {error}").into()))
    }

    /// Adds the embeddings of tokens to those of their positions and normalizes the sums. `ids` and
    /// `positions` are within the tables.
    pub(super) fn embed(
        &self,
        (ids, positions): (&Indices, &Indices),
        (words, places, kind): (&Numbers, &Numbers, &Numbers),
        normalization: &Normalization,
        hidden: &mut Numbers,
    ) -> Result<(), EmbedderError> {
        let tokens = ids.len();
        assert!(positions.len() == tokens && hidden.len() >= tokens * WIDTH);
        let count = tokens as u32;
        let mut launch = self.stream.launch_builder(&self.embed);
        launch.arg(ids).arg(positions).arg(words).arg(places).arg(kind);
        launch.arg(&normalization.scale).arg(&normalization.shift).arg(&normalization.epsilon);
        launch.arg(&count).arg(hidden);
        // SAFETY: the arguments are the kernel's, and the threads of a row beyond the last do nothing.
        unsafe { launch.launch(blocks(tokens.div_ceil(ROWS_PER_BLOCK), 1, THREADS)) }
            .map(drop)
            .map_err(failed)
    }

    /// Adds a bias to each row and normalizes it.
    pub(super) fn add_and_normalize(
        &self,
        rows: usize,
        hidden: &mut Numbers,
        bias: &Numbers,
        normalization: &Normalization,
    ) -> Result<(), EmbedderError> {
        assert!(hidden.len() >= rows * WIDTH && bias.len() == WIDTH);
        let count = rows as u32;
        let mut launch = self.stream.launch_builder(&self.add_and_normalize);
        launch.arg(hidden).arg(bias).arg(&normalization.scale).arg(&normalization.shift);
        launch.arg(&normalization.epsilon).arg(&count);
        // SAFETY: the arguments are the kernel's, and the threads of a row beyond the last do nothing.
        unsafe { launch.launch(blocks(rows.div_ceil(ROWS_PER_BLOCK), 1, THREADS)) }
            .map(drop)
            .map_err(failed)
    }

    /// Adds a bias to each row and takes GELU of it.
    pub(super) fn add_and_gelu(
        &self,
        rows: usize,
        wide: &mut Numbers,
        bias: &Numbers,
    ) -> Result<(), EmbedderError> {
        let columns = bias.len() as u32;
        assert!(wide.len() >= rows * bias.len());
        let mut launch = self.stream.launch_builder(&self.add_and_gelu);
        launch.arg(wide).arg(bias).arg(&columns);
        // SAFETY: the arguments are the kernel's, and the threads beyond the last column do nothing.
        unsafe { launch.launch(blocks(rows, bias.len().div_ceil(THREADS as usize), THREADS)) }
            .map(drop)
            .map_err(failed)
    }

    /// Attention of each text's tokens to each other. `joined` holds query, key and value of each
    /// token; `tiles` comes from [`tiles`].
    pub(super) fn attention(
        &self,
        tiles: &Indices,
        joined: &Numbers,
        bias: &Numbers,
        context: &mut Numbers,
    ) -> Result<(), EmbedderError> {
        assert!(bias.len() == 3 * WIDTH);
        let mut launch = self.stream.launch_builder(&self.attention);
        launch.arg(joined).arg(bias).arg(tiles).arg(context);
        // SAFETY: the arguments are the kernel's, and the tiles are those of texts whose rows are there.
        unsafe { launch.launch(blocks(tiles.len() / 3, HEADS / HEADS_PER_BLOCK, THREADS)) }
            .map(drop)
            .map_err(failed)
    }

    /// The mean over the rows of each text. `starts` has the first row of each, and the end of the last.
    pub(super) fn mean(
        &self,
        starts: &Indices,
        hidden: &Numbers,
        means: &mut Numbers,
    ) -> Result<(), EmbedderError> {
        let texts = starts.len() - 1;
        assert!(means.len() == texts * WIDTH);
        let mut launch = self.stream.launch_builder(&self.mean);
        launch.arg(hidden).arg(starts).arg(means);
        // SAFETY: the arguments are the kernel's, and the starts are those of rows that are there.
        unsafe { launch.launch(blocks(texts, 1, WIDTH as u32)) }.map(drop).map_err(failed)
    }
}

/// Cuts texts of some lengths, which stand one after another, into tiles for the kernel `attention`.
pub(super) fn tiles(lengths: impl IntoIterator<Item = usize>) -> Vec<u32> {
    let mut tiles = Vec::new();
    let mut first = 0;
    for length in lengths {
        for token in (0..length).step_by(TILE) {
            tiles.extend([first, length, token].map(|index| index as u32));
        }
        first += length;
    }
    tiles
}

fn blocks(across: usize, down: usize, threads: u32) -> LaunchConfig {
    LaunchConfig {
        grid_dim: (across as u32, down as u32, 1),
        block_dim: (threads, 1, 1),
        shared_mem_bytes: 0,
    }
}

fn unavailable(reason: String) -> EmbedderError {
    let source: Box<dyn Error + Send + Sync> = reason.into();
    EmbedderError::DeviceUnavailable { device: Device::Cuda, source }
}

fn failed(error: DriverError) -> EmbedderError {
    EmbedderError::Model(said(error).into())
}

/// The driver's own words for an error.
fn said(error: DriverError) -> String {
    error
        .error_string()
        .ok()
        .and_then(|words| words.to_str().ok())
        .map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_tile_for_each_32_tokens() {
        assert_eq!(tiles([3, 33]), [0, 3, 0, 3, 33, 0, 3, 33, 32]);
        assert!(tiles([]).is_empty());
    }
}
