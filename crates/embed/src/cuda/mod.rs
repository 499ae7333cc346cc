//! The forward pass on an NVIDIA GPU: token ids → one vector for each text.
//!
//! The tokens of all texts of a pass stand one after another, so nothing is padded. Products of
//! matrices are cuBLAS's, in f32 without TF32; what lies between them is in `kernels.cu`, which NVRTC
//! compiles when the model is loaded. cuBLAS chooses the order of its sums by the size of a pass, so a
//! text beside other texts has the same vector only within rounding.
//!
//! The driver, cuBLAS and NVRTC are looked for when the model is loaded: a program is built and starts
//! without them.
//!
//! - `gpu`: the GPU with its libraries, and what it runs.
//! - `encoder`: the model in its memory.

mod encoder;
mod gpu;

pub(crate) use self::encoder::CudaBert;

/// Numbers in a row of the hidden state.
const WIDTH: usize = 384;

/// Heads, of 32 numbers each.
const HEADS: usize = WIDTH / 32;
