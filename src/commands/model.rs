//! `longmem model`: where the embedding model is, and whether it is what it should be.

use longmem_embed::{EmbedderError, FetchEvent, Manifest, ModelFiles, ModelSources};
use serde_json::json;

use crate::arguments::{ModelAction, ModelArguments};
use crate::compose::FetchWatcher;
use crate::failure::Failure;
use crate::output::{Output, bytes};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &ModelArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let manifest = Manifest::all_minilm_l6_v2();
    let watcher = FetchWatcher::new(output);
    let mut see = |event: FetchEvent<'_>| watcher.see(&event);
    let (files, verified) = match arguments.action.unwrap_or(ModelAction::Show) {
        ModelAction::Show => (settings.model.locate(&manifest, &mut see)?, false),
        ModelAction::Fetch => (fetch(&settings.model, &manifest, &mut see)?, false),
        ModelAction::Verify => {
            let files = settings.model.locate(&manifest, &mut see)?;
            files.verify(&manifest)?;
            (files, true)
        }
    };
    show(&manifest, &files, verified, output)
}

/// Finds the model or fetches it; a folder that is named is where it is fetched to.
fn fetch(
    sources: &ModelSources,
    manifest: &Manifest,
    see: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<ModelFiles, EmbedderError> {
    let Some(folder) = &sources.explicit else { return sources.fetch(manifest, see) };
    sources.locate(manifest, see).or_else(|_| {
        let mut sources = sources.clone();
        sources.explicit = None;
        sources.folders = Vec::new();
        sources.download_to.clone_from(folder);
        sources.fetch(manifest, see)
    })
}

fn show(
    manifest: &Manifest,
    files: &ModelFiles,
    verified: bool,
    output: Output,
) -> Result<(), Failure> {
    let model = manifest.embedding_model();
    let size = fs_err::metadata(&files.weights)?.len();
    if output.json {
        return Ok(output.document(&json!({
            "model": model,
            "folder": files.folder(),
            "source": files.source.to_string(),
            "weights_bytes": size,
            "verified": verified,
        }))?);
    }
    output.line(format!(
        "{}@{}: {} numbers a vector, {} tokens a passage",
        model.name, model.revision, model.dimensions, model.window
    ))?;
    output.line(format!(
        "in {} ({})",
        for_terminal(&files.folder().display().to_string()),
        bytes(size)
    ))?;
    if verified {
        output.line("every file has the sum that the manifest says")?;
    }
    Ok(())
}
