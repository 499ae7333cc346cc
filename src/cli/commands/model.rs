//! `longmem model`: finds, fetches and verifies the embedding model.

use longmem_embed::{EmbedderError, FetchEvent, Manifest, ModelFiles, ModelSources};
use longmem_wire as wire;

use crate::arguments::{ModelAction, ModelArguments};

use crate::failure::Failure;
use crate::fetch_watcher::FetchWatcher;
use crate::output::Output;
use crate::render;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &ModelArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let manifest = Manifest::all_minilm_l6_v2();
    let watcher = FetchWatcher::new(output);
    let mut see = |event: FetchEvent<'_>| watcher.see(&event);
    let files = match arguments.action.unwrap_or(ModelAction::Show) {
        ModelAction::Show => settings.options.model.locate(&manifest, &mut see)?,
        ModelAction::Fetch => fetch(&settings.options.model, &manifest, &mut see)?,
        ModelAction::Verify => {
            let files = settings.options.model.locate(&manifest, &mut see)?;
            files.verify(&manifest)?;
            files
        }
    };
    show(&manifest, &files, output)
}

/// Finds the model, or fetches it: into the folder that is named, if one is.
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

fn show(manifest: &Manifest, files: &ModelFiles, output: Output) -> Result<(), Failure> {
    let model = wire::Model {
        model: manifest.embedding_model().into(),
        folder: files.folder().display().to_string(),
        source: files.source.to_string(),
        weights_bytes: fs_err::metadata(&files.weights)?.len(),
        // Files are found only if they have the sums that the manifest says.
        verified: true,
    };
    if output.json {
        return Ok(output.document(&model)?);
    }
    Ok(output.lines(render::model(&model))?)
}
