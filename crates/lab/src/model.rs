//! The embedding model that experiments use.

use std::path::Path;

use longmem_core::TextEmbedder;
use longmem_embed::{Compute, Manifest, MiniLm, ModelFiles, ModelSources};

use crate::arguments::ModelArguments;
use crate::error::LabError;

/// Loads the model as longmem computes it.
pub(crate) fn model(arguments: &ModelArguments) -> Result<MiniLm, LabError> {
    let compute = Compute::new(arguments.device, arguments.precision);
    Ok(MiniLm::load(&Manifest::all_minilm_l6_v2(), &files(arguments)?, compute)?)
}

/// Loads the model as candle computes it.
pub(crate) fn candle_model(arguments: &ModelArguments) -> Result<MiniLm, LabError> {
    Ok(MiniLm::load_reference(&Manifest::all_minilm_l6_v2(), &files(arguments)?)?)
}

/// The model's files: from the folder that is named, or else from the repository's `models/`, into
/// which they are fetched if they are not there.
fn files(arguments: &ModelArguments) -> Result<ModelFiles, LabError> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = ModelSources::new(repository.join("models"));
    sources.explicit.clone_from(&arguments.model_dir);
    Ok(sources.fetch(&Manifest::all_minilm_l6_v2(), &mut |_| {})?)
}

/// Embeds all texts in one call.
pub(crate) fn embed(
    model: &dyn TextEmbedder,
    texts: &[String],
) -> Result<Vec<longmem_core::Embedding>, LabError> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(model.embed_passages(&texts)?)
}
