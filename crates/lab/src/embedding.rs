//! How fast given texts are embedded, so that other models can be compared.

use longmem_bench::{Figure, Stopwatch, all_at_once, one_at_a_time};
use longmem_core::TextEmbedder;
use serde::Serialize;

use crate::arguments::{EmbeddingArguments, ModelArguments};
use crate::error::LabError;
use crate::model::{candle_model, embed, model};
use crate::{npy, texts};

/// What was measured.
#[derive(Serialize)]
struct Measured {
    one_at_a_time: Figure,
    all_at_once: Figure,
    /// Tokens of a text on average.
    mean_tokens: f64,
}

/// Embeds the texts alone and together, writes their vectors if asked to, and returns the times as
/// JSON.
pub(crate) fn run(
    arguments: &EmbeddingArguments,
    model_arguments: &ModelArguments,
) -> Result<String, LabError> {
    let texts = texts::read(&arguments.texts)?;
    let model = if arguments.candle { candle_model } else { model }(model_arguments)?;
    let model: &dyn TextEmbedder = &model;
    if let Some(path) = &arguments.write_vectors {
        npy::write(path, &embed(model, &texts)?)?;
    }
    let stopwatch = Stopwatch::new(|| false);
    let one_at_a_time = one_at_a_time(model, &texts, &stopwatch)?;
    let at_once = all_at_once(model, &texts, arguments.rounds, &stopwatch)?;
    let measured =
        Measured { one_at_a_time, all_at_once: at_once.figure, mean_tokens: at_once.mean_tokens };
    Ok(serde_json::to_string(&measured).expect("figures have a JSON form"))
}
