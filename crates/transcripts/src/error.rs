//! Why a chat file could not be read at all.

use std::io;
use std::path::PathBuf;

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use thiserror::Error;

/// Why a path could not be read as chat files. What is wrong inside a file is counted in the
/// [`Report`](crate::Report) instead.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// A file or folder cannot be read; the message names its path.
    #[error("{0}")]
    Read(#[source] io::Error),
    /// A zip is damaged, cut off, or packed in a way that is not supported.
    #[error("{path} cannot be unpacked")]
    Archive {
        /// The zip.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// A zip needs a password.
    #[error("{path} is encrypted; expected a zip without a password")]
    Encrypted {
        /// The zip.
        path: PathBuf,
    },
    /// No file in a folder or zip has a name that chat files have.
    #[error("{path} holds no conversations*.json, no *.jsonl and no *.json file")]
    NoTranscripts {
        /// The folder or zip.
        path: PathBuf,
    },
    /// The content is nothing but white space.
    #[error("{path} is empty; expected a chat file")]
    Empty {
        /// The file, folder or zip.
        path: PathBuf,
    },
    /// A pipe can be read only once, and detecting its format would use up its content.
    #[error("{path} can be read only once, so its format cannot be detected")]
    ReadOnce {
        /// The pipe.
        path: PathBuf,
    },
    /// The content is of no known format.
    #[error(
        "{path} is not a chat file of a known format: expected {expected}; it begins with \
         \"{begins}\""
    )]
    Unrecognised {
        /// The file, folder or zip.
        path: PathBuf,
        /// The known formats, for people.
        expected: String,
        /// Its first characters, with control characters escaped.
        begins: String,
    },
}

impl Diagnose for TranscriptError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::NotFound => ErrorCode::FileNotFound,
            Self::Read(_) => ErrorCode::FileFailed,
            Self::Archive { .. } => ErrorCode::DamagedArchive,
            Self::Encrypted { .. } => ErrorCode::EncryptedArchive,
            Self::NoTranscripts { .. } | Self::Empty { .. } => ErrorCode::NoTranscripts,
            Self::ReadOnce { .. } | Self::Unrecognised { .. } => ErrorCode::UnknownFormat,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::NotFound => Fault::Caller,
            Self::Read(_) | Self::Archive { .. } => Fault::Environment,
            Self::Encrypted { .. }
            | Self::NoTranscripts { .. }
            | Self::Empty { .. }
            | Self::ReadOnce { .. }
            | Self::Unrecognised { .. } => Fault::Caller,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        vec![match self {
            Self::Read(_) => Remedy::CheckPath,
            Self::Archive { .. } => Remedy::DownloadExportAgain,
            Self::Encrypted { .. } => Remedy::UnpackWithPassword,
            Self::NoTranscripts { .. } => Remedy::NameExport,
            Self::Empty { .. } => return Vec::new(),
            Self::ReadOnce { .. } => Remedy::NameFormat,
            Self::Unrecognised { .. } => Remedy::ConvertToJsonLines,
        }]
    }
}
