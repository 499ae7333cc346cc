//! What can go wrong in the engine.

use std::io;

use longmem_core::{Diagnose, EmbedError, Fault};
use longmem_store::StoreError;
use longmem_transcripts::TranscriptError;
use thiserror::Error;

/// Why the engine could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A transcript could not be read.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// The embedding model could not be loaded or run.
    #[error("{0}")]
    Embed(EmbedError),
    /// An export could not be written.
    #[error("the export could not be written: {0}")]
    Output(io::Error),
    /// A turn that says nothing.
    #[error("there is nothing to remember: the text is empty")]
    EmptyText,
}

impl MemoryError {
    /// Says whether the store cannot be used now, and may be later:
    /// see [`StoreError::is_unavailable`].
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}

impl Diagnose for MemoryError {
    fn fault(&self) -> Fault {
        match self {
            Self::Store(error) => error.fault(),
            Self::Transcript(error) => error.fault(),
            Self::Embed(error) => error.fault(),
            Self::Output(_) => Fault::Environment,
            Self::EmptyText => Fault::Caller,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Store(error) => error.hints(),
            Self::Transcript(error) => error.hints(),
            Self::Embed(error) => error.hints(),
            Self::Output(_) | Self::EmptyText => Vec::new(),
        }
    }
}
