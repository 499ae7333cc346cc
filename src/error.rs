//! What can go wrong at the library's front door.

use std::path::PathBuf;

use longmem_chat::ChatError;
use longmem_core::{Diagnose, ErrorCode, Fault, InvalidName, Remedy};
use longmem_memory::MemoryError;
use thiserror::Error;

use crate::key_file::KeyFileError;

/// Why something could not be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The name of a user or a session cannot be one.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The engine failed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// No prompt could be made, or the language model did not answer.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The file that holds the store's key cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The file that holds the password of a store's server cannot be used.
    #[error("the password cannot be read from {}: {reason}", file.display())]
    PasswordFile {
        /// The file.
        file: PathBuf,
        /// What the system says, or what is wrong with it.
        reason: String,
    },
    /// There is no home folder to keep things in.
    #[error("{reason}")]
    NoHomeFolder {
        /// What the system says.
        reason: String,
    },
    /// A path begins with the name of somebody's home folder, as `~ana/memory.db`.
    #[error("{} begins with somebody's home folder, which only a shell can find", path.display())]
    OtherHome {
        /// The path.
        path: PathBuf,
    },
    /// An environment variable has a value that cannot be.
    #[error("{variable}: {reason}")]
    Environment {
        /// The variable's name.
        variable: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
}

impl Diagnose for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Name(_) => ErrorCode::InvalidName,
            Self::Memory(error) => error.code(),
            Self::Chat(error) => error.code(),
            Self::KeyFile(error) => error.code(),
            Self::PasswordFile { .. }
            | Self::NoHomeFolder { .. }
            | Self::OtherHome { .. }
            | Self::Environment { .. } => ErrorCode::WrongSettings,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Name(_)
            | Self::PasswordFile { .. }
            | Self::NoHomeFolder { .. }
            | Self::OtherHome { .. }
            | Self::Environment { .. } => Fault::Caller,
            Self::KeyFile(error) => error.fault(),
            Self::Memory(error) => error.fault(),
            Self::Chat(error) => error.fault(),
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Name(_) | Self::PasswordFile { .. } | Self::Environment { .. } => Vec::new(),
            Self::Memory(error) => error.remedies(),
            Self::Chat(error) => error.remedies(),
            Self::KeyFile(error) => error.remedies(),
            Self::NoHomeFolder { .. } => vec![Remedy::NameHomeFolder],
            Self::OtherHome { .. } => vec![Remedy::NameWholePath],
        }
    }
}
