//! Downloads the model from the Hugging Face Hub.

mod transfer;

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use fs_err as fs;
use url::Url;

use self::transfer::{Broken, Transfer};
use super::checksums::check_by_hashing;
use super::staging_folder::StagingFolder;
use super::{FetchEvent, Manifest, ManifestFile, ModelSources};
use crate::EmbedderError;

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
        let part = staging.folder(&format!("hub/{}", file.name))?.join("part");
        let continues = is_begun(&part, file)?;
        let target = finished.join(&file.name);
        download_file(sources, manifest, file, &part, on_event)?;
        fs::rename(&part, &target)?;
        if continues && check_by_hashing(&finished, file).is_err() {
            // The part belonged to another version of the file.
            download_file(sources, manifest, file, &part, on_event)?;
            fs::rename(&part, &target)?;
        }
    }
    Ok(())
}

/// Says whether a part of the file is there, to be continued from its end.
fn is_begun(part: &Path, file: &ManifestFile) -> Result<bool, EmbedderError> {
    let length = fs::metadata(part).map_or(0, |metadata| metadata.len());
    // A server refuses to continue a file from its end, so a part that is whole is removed. A process
    // that was killed at that moment leaves one.
    if length >= file.size && part.exists() {
        fs::remove_file(part)?;
        return Ok(false);
    }
    Ok(length > 0)
}

/// Downloads one file on a thread of its own, so that a Hub which never answers can be given up. An
/// abandoned thread ends when its connection does.
fn download_file(
    sources: &ModelSources,
    manifest: &Manifest,
    file: &ManifestFile,
    part: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), EmbedderError> {
    let endpoint = || sources.shown_hub_endpoint();
    let unreachable = |reason| EmbedderError::HubUnreachable { endpoint: endpoint(), reason };
    let url = address(sources.hub_endpoint(), manifest, file).map_err(unreachable)?;
    let (sender, messages) = mpsc::channel();
    let (token, size, part) = (sources.hub_token.clone(), file.size, part.to_owned());
    thread::spawn(move || {
        // Sending fails if the Hub was given up; then nobody needs to know.
        let received = |bytes| drop(sender.send(Message::Received(bytes)));
        let result = Transfer { url, token, size }.run(&part, &received);
        let _ = sender.send(Message::Done(result));
    });
    loop {
        match messages.recv_timeout(sources.hub_patience) {
            Ok(Message::Received(received)) => on_event(FetchEvent::Progress {
                file: &file.name,
                received,
                total: Some(file.size),
            }),
            Ok(Message::Done(result)) => {
                return result.map_err(|broken| match broken {
                    Broken::Disk(error) => error.into(),
                    Broken::Connection(reason) => unreachable(reason),
                    Broken::Refused(reason) => {
                        let file = file.name.clone();
                        EmbedderError::HubRefused { endpoint: endpoint(), file, reason }
                    }
                });
            }
            Err(RecvTimeoutError::Timeout) => {
                let patience = sources.hub_patience;
                return Err(EmbedderError::HubSilent { endpoint: endpoint(), patience });
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(unreachable("the client gave up on its answer".to_owned()));
            }
        }
    }
}

/// Where the Hub has a file.
fn address(endpoint: &str, manifest: &Manifest, file: &ManifestFile) -> Result<Url, String> {
    let endpoint = endpoint.trim_end_matches('/');
    let revision = manifest.revision.replace('/', "%2F");
    Url::parse(&format!("{endpoint}/{}/resolve/{revision}/{}", manifest.name, file.name))
        .map_err(|error| error.to_string())
}

enum Message {
    /// Number of bytes of the file that are there.
    Received(u64),
    Done(Result<(), Broken>),
}
