//! The forward pass on the processor: token ids → one vector for each text.
//!
//! Every matrix of activations or weights is kept in panels of 32 columns, the width of a head.
//! The tokens of all texts of a pass stand one after another, so nothing is padded; panels are
//! computed in parallel, each by one chain of multiply-adds per number. In f32 a text has therefore
//! the same bits on every processor, with any number of threads, and beside any other text.
//!
//! - `simd`: sixteen numbers at a time on AVX-512, AVX2, NEON or plain f32, and the innermost loop.
//! - `product`, `elementwise`, `attention`: the kernels, written once over `simd`.
//! - `encoder`, `embeddings`, `layer`, `linear`: the parts of the model; `weights` reads them.

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
mod pool;
mod product;
mod simd;
mod weights;

#[cfg(test)]
mod tests;

use std::path::Path;

use candle_transformers::models::bert::{Config, HiddenAct, PositionEmbeddingType};

use self::elementwise::HIDDEN_PANELS;
use self::encoder::Encoder;
use self::simd::{Bf16Instructions, Bf16Pair, Instructions};
pub use self::weights::WeightsError;
use crate::{Device, EmbedderError, Precision};

/// The model in one precision.
pub(crate) struct Network(Encoders);

enum Encoders {
    F32(Encoder<f32>),
    Bf16(Encoder<Bf16Pair>),
}

impl Network {
    /// Reads and packs the weights.
    pub(crate) fn load(
        weights: &Path,
        config: &Config,
        window: usize,
        precision: Precision,
    ) -> Result<Self, EmbedderError> {
        check(config, window)?;
        match precision {
            Precision::F32 => {
                let instructions = Instructions::fastest();
                Encoder::load(weights, config, instructions).map(Encoders::F32)
            }
            Precision::Bf16 => {
                let unavailable = EmbedderError::PrecisionUnavailable { device: Device::Cpu };
                let instructions = Bf16Instructions::detect().ok_or(unavailable)?;
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

/// Refuses a model of another architecture than the one that is computed here.
fn check(config: &Config, window: usize) -> Result<(), EmbedderError> {
    let width = 32 * HIDDEN_PANELS;
    let positions = config.max_position_embeddings;
    let requirements = [
        ("hidden_size", config.hidden_size == width, "384"),
        ("num_attention_heads", config.num_attention_heads == HIDDEN_PANELS, "12"),
        ("hidden_act", config.hidden_act == HiddenAct::Gelu, "gelu"),
        (
            "position_embedding_type",
            config.position_embedding_type == PositionEmbeddingType::Absolute,
            "absolute",
        ),
        (
            "intermediate_size",
            config.intermediate_size.is_multiple_of(32) && config.intermediate_size > 0,
            "a multiple of 32",
        ),
        ("max_position_embeddings", positions >= window, "the window or more"),
    ];
    match requirements.into_iter().find(|(_, holds, _)| !holds) {
        Some((field, _, expected)) => Err(EmbedderError::Architecture { field, expected }),
        None => Ok(()),
    }
}
