//! Downloads the model from the Hugging Face Hub.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;

use fs_err as fs;
use hf_hub::api::Progress;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use crate::workshop::Workshop;
use crate::{EmbedderError, FetchEvent, Manifest, ManifestFile, ModelSources, stamps};

/// How often a file whose transfer breaks off is taken up again.
const RETRIES: usize = 2;

/// Downloads every file into the workshop.
pub(crate) fn download(
    sources: &ModelSources,
    manifest: &Manifest,
    workshop: &Workshop,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), EmbedderError> {
    let finished = workshop.finished()?;
    for file in manifest.files.iter() {
        if stamps::check_anew(&finished, file).is_ok() {
            continue;
        }
        // One cache per file: then a part that lies there can only be a part of this file.
        let bench = format!("hub/{}", file.name);
        let cache = workshop.bench(&bench)?;
        let continued = prepare_parts(&cache, manifest, file)?;
        let target = finished.join(&file.name);
        fs::rename(download_file(sources, manifest, file, &cache, on_event)?, &target)?;
        let cache = workshop.cleared_bench(&bench)?;
        if continued && stamps::check_anew(&finished, file).is_err() {
            // The part was of something else: begin again.
            fs::rename(download_file(sources, manifest, file, &cache, on_event)?, &target)?;
            workshop.cleared_bench(&bench)?;
        }
    }
    Ok(())
}

/// Says whether a part of the file lies in the cache, to be continued from its end.
fn prepare_parts(
    cache: &Path,
    manifest: &Manifest,
    file: &ManifestFile,
) -> Result<bool, EmbedderError> {
    let blobs = Cache::new(cache.to_owned()).repo(repository(manifest)).blob_path("");
    let mut found = false;
    for entry in fs::read_dir(blobs).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "part") {
            // A server refuses to continue from the end of a file, so a part that is whole, left by
            // a process that was killed at that moment, must go.
            if entry.metadata()?.len() >= file.size {
                fs::remove_file(entry.path())?;
            } else {
                found = true;
            }
        }
    }
    Ok(found)
}

/// Downloads one file on a thread of its own, so that a Hub which neither answers nor refuses can
/// be given up; the client has no time limit itself. An abandoned thread ends when its connection
/// does.
fn download_file(
    sources: &ModelSources,
    manifest: &Manifest,
    file: &ManifestFile,
    cache: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<PathBuf, EmbedderError> {
    let endpoint = || sources.hub_endpoint().to_owned();
    let failed = |error| refusal(endpoint(), file, &error);
    let repo = client(sources, cache).map_err(failed)?.repo(repository(manifest));
    let (sender, messages) = mpsc::channel();
    let name = file.name.clone();
    thread::spawn(move || {
        let counter = ByteCounter { bytes: 0, sender: sender.clone() };
        let result = repo.download_with_progress(&name, counter);
        // Nobody listens any more if the Hub was given up.
        let _ = sender.send(Message::Done(result));
    });
    loop {
        match messages.recv_timeout(sources.hub_patience) {
            Ok(Message::Received(received)) => on_event(FetchEvent::Progress {
                file: &file.name,
                received,
                total: Some(file.size),
            }),
            Ok(Message::Done(result)) => return Ok(fs::canonicalize(result.map_err(failed)?)?),
            Err(RecvTimeoutError::Timeout) => {
                let patience = sources.hub_patience;
                return Err(EmbedderError::HubSilent { endpoint: endpoint(), patience });
            }
            Err(RecvTimeoutError::Disconnected) => {
                let reason = "the client gave up on its answer".to_owned();
                return Err(EmbedderError::HubUnreachable { endpoint: endpoint(), reason });
            }
        }
    }
}

fn client(sources: &ModelSources, cache: &Path) -> Result<Api, ApiError> {
    // Not `ApiBuilder::new`, which looks for a home directory.
    ApiBuilder::from_cache(Cache::new(cache.to_owned()))
        .with_endpoint(sources.hub_endpoint().trim_end_matches('/').to_owned())
        .with_token(sources.hub_token.clone())
        .with_retries(RETRIES)
        .with_user_agent("longmem", env!("CARGO_PKG_VERSION"))
        .build()
}

fn repository(manifest: &Manifest) -> Repo {
    Repo::with_revision(manifest.name.clone(), RepoType::Model, manifest.revision.clone())
}

/// Tells a Hub that answered from one that no connection reaches.
fn refusal(endpoint: String, file: &ManifestFile, error: &ApiError) -> EmbedderError {
    let reason = error.to_string();
    let unreached = matches!(error, ApiError::RequestError(_) | ApiError::TooManyRetries(_))
        && !reason.contains("http status");
    if unreached {
        EmbedderError::HubUnreachable { endpoint, reason }
    } else {
        EmbedderError::HubRefused { endpoint, file: file.name.clone(), reason }
    }
}

enum Message {
    Received(u64),
    Done(Result<PathBuf, ApiError>),
}

/// Counts bytes and passes the count on.
struct ByteCounter {
    bytes: u64,
    sender: Sender<Message>,
}

impl Progress for ByteCounter {
    fn init(&mut self, _size: usize, _filename: &str) {
        self.bytes = 0;
    }

    fn update(&mut self, size: usize) {
        self.bytes += size as u64;
        let _ = self.sender.send(Message::Received(self.bytes));
    }

    fn finish(&mut self) {}
}
