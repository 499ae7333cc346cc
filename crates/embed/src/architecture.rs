//! Refuses a model whose vectors would not be what its manifest says.

use std::fmt::Display;
use std::path::Path;

use candle_transformers::models::bert::Config;

use crate::tokenizer::WindowTokenizer;
use crate::weights::WeightsFile;
use crate::{EmbedderError, Manifest, ModelFiles};

/// Refuses a manifest whose vectors are made in another way than by the mean over the vectors of
/// tokens, scaled to unit length.
pub(crate) fn check_manifest(manifest: &Manifest) -> Result<(), EmbedderError> {
    supported("the pooling", &manifest.pooling, manifest.pooling == "mean", "mean")?;
    supported("normalized", manifest.normalized, manifest.normalized, "true")
}

/// Refuses files that contradict the manifest or each other.
pub(crate) fn check_files(
    manifest: &Manifest,
    files: &ModelFiles,
    config: &Config,
    weights: &WeightsFile,
) -> Result<(), EmbedderError> {
    let (width, positions) = (config.hidden_size, config.max_position_embeddings);
    agrees(&files.config, "hidden_size", width, manifest.dimensions)?;
    if positions < manifest.window {
        let at_least = format!("at least {}, the window", manifest.window);
        return Err(contradiction(&files.config, "max_position_embeddings", positions, at_least));
    }
    let layers = weights.layers();
    agrees(&files.weights, "the number of layers", layers, config.num_hidden_layers)?;
    weights.tensor("embeddings.word_embeddings.weight", &[config.vocab_size, width])?;
    weights.tensor("embeddings.position_embeddings.weight", &[positions, width])?;
    for layer in 0..layers {
        let name = format!("encoder.layer.{layer}.intermediate.dense.weight");
        weights.tensor(&name, &[config.intermediate_size, width])?;
    }
    Ok(())
}

/// Refuses a tokenizer with more tokens than the model has embeddings for.
pub(crate) fn check_vocabulary(
    files: &ModelFiles,
    config: &Config,
    tokenizer: &WindowTokenizer,
) -> Result<(), EmbedderError> {
    let (found, most) = (tokenizer.vocabulary(), config.vocab_size);
    if found > most {
        let at_most = format!("at most {most}, the vocab_size");
        return Err(contradiction(&files.tokenizer, "the number of tokens", found, at_most));
    }
    Ok(())
}

/// Refuses a property of the model that is not computed here.
pub(crate) fn supported(
    what: &'static str,
    found: impl Display,
    is_supported: bool,
    supported: impl Display,
) -> Result<(), EmbedderError> {
    if is_supported {
        return Ok(());
    }
    let (found, supported) = (found.to_string(), supported.to_string());
    Err(EmbedderError::Unsupported { what, found, supported })
}

fn agrees(
    path: &Path,
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), EmbedderError> {
    if found == expected { Ok(()) } else { Err(contradiction(path, what, found, expected)) }
}

fn contradiction(
    path: &Path,
    what: &'static str,
    found: usize,
    expected: impl Display,
) -> EmbedderError {
    EmbedderError::Contradiction {
        path: path.to_owned(),
        what,
        found: found.to_string(),
        expected: expected.to_string(),
    }
}
