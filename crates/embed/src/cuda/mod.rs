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

use candle_transformers::models::bert::{Config, HiddenAct, PositionEmbeddingType};

pub(crate) use self::encoder::CudaBert;
use crate::EmbedderError;
use crate::architecture::supported;

/// Numbers in a row of the hidden state.
const WIDTH: usize = 384;

/// Heads, of 32 numbers each.
const HEADS: usize = WIDTH / 32;

/// Refuses a model that the kernels are not made for.
fn check(config: &Config) -> Result<(), EmbedderError> {
    let (width, heads) = (config.hidden_size, config.num_attention_heads);
    supported("hidden_size", width, width == WIDTH, WIDTH)?;
    supported("num_attention_heads", heads, heads == HEADS, HEADS)?;
    let (wide, types) = (config.intermediate_size, config.type_vocab_size);
    let is_whole = wide > 0 && wide.is_multiple_of(32);
    supported("intermediate_size", wide, is_whole, "a multiple of 32")?;
    supported("type_vocab_size", types, types > 0, "1 or more")?;
    let activation = config.hidden_act;
    let is_gelu = activation == HiddenAct::Gelu;
    supported("hidden_act", format!("{activation:?}").to_lowercase(), is_gelu, "gelu")?;
    let positions = config.position_embedding_type;
    let is_absolute = positions == PositionEmbeddingType::Absolute;
    let found = format!("{positions:?}").to_lowercase();
    supported("position_embedding_type", found, is_absolute, "absolute")
}
