//! The forward pass on the processor: token ids → one vector for each text.
//!
//! Every matrix of activations or weights is kept in panels of 32 columns, the width of a head.
//! The tokens of all texts of a pass stand one after another, so nothing is padded. Panels are
//! computed in parallel, and each number is one chain of multiply-adds. In f32 a text has therefore
//! the same bits on every processor, with any number of threads, and beside any other text.
//!
//! - `simd`: sixteen numbers at a time on AVX-512, AVX2, NEON or plain f32, and the innermost loop.
//! - `product`, `attention`, `normalization`, `elementwise`, `transpose`: the kernels, written once
//!   over `simd`.
//! - `encoder`, `embeddings`, `layer`, `linear`: the parts of the model.
//! - `packing`: weights in the order in which they are multiplied.

#![expect(
    clippy::inline_always,
    reason = "what a kernel calls is compiled for its instructions only where it is inlined"
)]

mod attention;
mod elementwise;
mod embeddings;
mod encoder;
mod layer;
mod linear;
mod normalization;
mod packing;
mod product;
mod scratch_pool;
mod simd;
mod transpose;

#[cfg(test)]
mod tests;

use candle_transformers::models::bert::{Config, HiddenAct, PositionEmbeddingType};

use self::encoder::Encoder;
#[cfg(feature = "cuda")]
pub(crate) use self::encoder::passes;
use self::simd::{Bf16Instructions, Bf16Pair, Instructions};
use crate::architecture::supported;
use crate::weights::WeightsFile;
use crate::{Device, EmbedderError, Precision};

/// Number of panels in a row of the hidden state, one for each head.
const HIDDEN_PANELS: usize = 12;

/// Numbers in a row of the hidden state.
const WIDTH: usize = 32 * HIDDEN_PANELS;

/// BERT in one precision.
pub(crate) struct NativeBert(Encoders);

enum Encoders {
    F32(Encoder<f32>),
    Bf16(Encoder<Bf16Pair>),
}

impl NativeBert {
    /// Reads and packs the weights.
    pub(crate) fn load(
        weights: WeightsFile,
        config: &Config,
        precision: Precision,
    ) -> Result<Self, EmbedderError> {
        check(config)?;
        match precision {
            Precision::F32 => {
                let instructions = Instructions::fastest();
                Encoder::load(weights, config, instructions).map(Encoders::F32)
            }
            Precision::Bf16 => {
                let unavailable = EmbedderError::PrecisionUnavailable { device: Device::Cpu };
                let instructions = Bf16Instructions::fastest().ok_or(unavailable)?;
                Encoder::load(weights, config, instructions).map(Encoders::Bf16)
            }
        }
        .map(Self)
    }

    /// The mean over each text's token vectors. A text has at least one token.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        match &self.0 {
            Encoders::F32(encoder) => encoder.forward(texts),
            Encoders::Bf16(encoder) => encoder.forward(texts),
        }
    }
}

/// Refuses a model that the kernels are not made for. The number of layers, the vocabulary and the
/// number of positions may be any.
pub(crate) fn check(config: &Config) -> Result<(), EmbedderError> {
    let (width, heads) = (config.hidden_size, config.num_attention_heads);
    supported("hidden_size", width, width == WIDTH, WIDTH)?;
    supported("num_attention_heads", heads, heads == HIDDEN_PANELS, HIDDEN_PANELS)?;
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
