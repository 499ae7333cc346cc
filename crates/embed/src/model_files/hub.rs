//! Downloads the model from the Hugging Face Hub.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;

use fs_err as fs;
use hf_hub::api::Progress;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use super::checksums::check_by_hashing;
use super::staging_folder::StagingFolder;
use super::{FetchEvent, Manifest, ManifestFile, ModelSources};
use crate::EmbedderError;

/// Number of times that a file whose transfer breaks off is continued.
const RETRIES: usize = 2;

/// Downloads every file into the staging folder.
pub(super) fn download(
    sources: &ModelSources,
    manifest: &Manifest,
    staging: &StagingFolder,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), EmbedderError> {
    let finished = staging.finished()?;
    for file in manifest.files.iter() {
        if check_by_hashing(&finished, file).is_ok() {
            continue;
        }
        // Each file has a cache of its own: a part that is found there is a part of this file.
        let folder = format!("hub/{}", file.name);
        let cache = staging.folder(&folder)?;
        let continues = prepare_part(&cache, manifest, file)?;
        let target = finished.join(&file.name);
        fs::rename(download_file(sources, manifest, file, &cache, on_event)?, &target)?;
        let cache = staging.empty_folder(&folder)?;
        if continues && check_by_hashing(&finished, file).is_err() {
            // The part belonged to another version of the file.
            fs::rename(download_file(sources, manifest, file, &cache, on_event)?, &target)?;
            staging.empty_folder(&folder)?;
        }
    }
    Ok(())
}

/// Says whether a part of the file is in the cache, to be continued from its end.
fn prepare_part(
    cache: &Path,
    manifest: &Manifest,
    file: &ManifestFile,
) -> Result<bool, EmbedderError> {
    let blobs = Cache::new(cache.to_owned()).repo(repository(manifest)).blob_path("");
    let mut found = false;
    for entry in fs::read_dir(blobs).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "part") {
            // A server refuses to continue a file from its end, so a part that is whole is removed.
            // A process that was killed at that moment leaves one.
            if entry.metadata()?.len() >= file.size {
                fs::remove_file(entry.path())?;
            } else {
                found = true;
            }
        }
    }
    Ok(found)
}

/// Downloads one file on a thread of its own, so that a Hub which never answers can be given up:
/// the client has no time limit. An abandoned thread ends when its connection does.
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
        // Sending fails if the Hub was given up; then nobody needs the result.
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

/// Distinguishes a Hub that answered from one that no connection reaches.
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

/// Sends the number of bytes received so far.
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
