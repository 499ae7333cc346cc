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
    /// There is nothing at the path.
    #[error("there is no file or folder {path}")]
    Missing {
        /// The path.
        path: PathBuf,
    },
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
    /// An SQLite file is damaged, locked, or of a kind that is not supported.
    #[error("{path} cannot be read as an SQLite database")]
    Database {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rusqlite::Error,
    },
    /// No file in a folder or zip has a name that chat files have.
    #[error("{path} holds no file that a chat could be in: no *.json, *.jsonl, *.txt or *.db")]
    NoTranscripts {
        /// The folder or zip.
        path: PathBuf,
    },
    /// A folder holds nothing that is read but a link that leads out of it.
    #[error("{path} is a link that leads out of the folder, which is not followed")]
    LinkOutside {
        /// The link.
        path: PathBuf,
    },
    /// The content is nothing but white space.
    #[error("{path} is empty; expected a chat file")]
    Empty {
        /// The file, folder or zip.
        path: PathBuf,
    },
    /// The content is of another format than the one that was asked for.
    #[error("{path} looks like {found}; expected {wanted}")]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// What was asked for, for people.
        wanted: &'static str,
        /// What the file looks like, for people.
        found: &'static str,
    },
    /// The file holds chats of a kind that is not read.
    #[error("{path} looks like {description}, which is not read")]
    UnreadFormat {
        /// The file.
        path: PathBuf,
        /// What it is, for people.
        description: &'static str,
        /// What can be read in its place, as an instruction.
        instead: &'static str,
    },
    /// The content is of no known format.
    #[error("{path} is not a chat file of a known format; it begins with \"{begins}\"")]
    Unrecognised {
        /// The file, folder or zip.
        path: PathBuf,
        /// Its first characters, with control characters escaped.
        begins: String,
    },
}

impl Diagnose for TranscriptError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Missing { .. } => ErrorCode::FileNotFound,
            Self::Read(error) if error.kind() == io::ErrorKind::NotFound => ErrorCode::FileNotFound,
            Self::Read(_) | Self::Database { .. } => ErrorCode::FileFailed,
            Self::Archive { .. } => ErrorCode::DamagedArchive,
            Self::Encrypted { .. } => ErrorCode::EncryptedArchive,
            Self::NoTranscripts { .. } | Self::LinkOutside { .. } | Self::Empty { .. } => {
                ErrorCode::NoTranscripts
            }
            Self::OtherFormat { .. } | Self::UnreadFormat { .. } | Self::Unrecognised { .. } => {
                ErrorCode::UnknownFormat
            }
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::NotFound => Fault::Caller,
            Self::Read(_) | Self::Archive { .. } | Self::Database { .. } => Fault::Environment,
            Self::Missing { .. }
            | Self::Encrypted { .. }
            | Self::NoTranscripts { .. }
            | Self::LinkOutside { .. }
            | Self::Empty { .. }
            | Self::OtherFormat { .. }
            | Self::UnreadFormat { .. }
            | Self::Unrecognised { .. } => Fault::Caller,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        vec![match self {
            Self::Missing { .. } | Self::Read(_) | Self::Database { .. } => Remedy::CheckPath,
            Self::Archive { .. } => Remedy::DownloadExportAgain,
            Self::Encrypted { .. } => Remedy::UnpackWithPassword,
            Self::NoTranscripts { .. } | Self::LinkOutside { .. } => Remedy::NameExport,
            Self::Empty { .. } => return Vec::new(),
            Self::OtherFormat { .. } => Remedy::NameFormat,
            Self::UnreadFormat { instead, .. } => Remedy::ExportOtherwise { how: instead },
            Self::Unrecognised { .. } => Remedy::ConvertToJsonLines,
        }]
    }
}
