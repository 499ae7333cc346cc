//! What can go wrong while something is measured.

use longmem_chat::AssembleError;
use longmem_core::{Diagnose, EmbedError, ErrorCode, Fault, Remedy};
use longmem_memory::MemoryError;
use thiserror::Error;

/// Why something could not be measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The engine failed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// No prompt could be made.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The stopwatch was told to stop.
    #[error("the measurement was stopped")]
    Stopped,
}

impl From<EmbedError> for BenchError {
    fn from(error: EmbedError) -> Self {
        Self::Memory(MemoryError::Embed(error))
    }
}

impl Diagnose for BenchError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Memory(error) => error.code(),
            Self::Assemble(error) => error.code(),
            Self::Stopped => ErrorCode::Interrupted,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Memory(error) => error.fault(),
            Self::Assemble(error) => error.fault(),
            Self::Stopped => Fault::Caller,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Memory(error) => error.remedies(),
            Self::Assemble(error) => error.remedies(),
            Self::Stopped => Vec::new(),
        }
    }
}
