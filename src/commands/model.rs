//! `longmem model`: where the embedding model is, and whether it is what it should be.

use longmem_embed::{FetchEvent, Manifest, ModelFiles, ModelSources};
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
        ModelAction::Fetch => (fetch_sources(&settings.model).fetch(&manifest, &mut see)?, false),
        ModelAction::Verify => {
            let files = settings.model.locate(&manifest, &mut see)?;
            files.verify(&manifest)?;
            (files, true)
        }
    };
    show(&manifest, &files, verified, output)
}

/// A folder that is named is where the model is fetched to, not where it must be already.
fn fetch_sources(sources: &ModelSources) -> ModelSources {
    let mut sources = sources.clone();
    if let Some(folder) = sources.explicit.take() {
        sources.folders.clear();
        sources.download_to = folder;
    }
    sources
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
