//! What can go wrong in a conversation.

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use longmem_memory::MemoryError;
use thiserror::Error;

use crate::{AssembleError, Completion, ProviderError};

/// Why a message got no answer. Asked again, it is not stored again.
#[derive(Debug, Error)]
pub enum ChatError {
    /// No prompt could be made; nothing was stored.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The memory could not be read or written.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The language model did not answer, or not to the end; the message is stored.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The session does not end with an answer.
    #[error("there is no answer to continue in this session")]
    NothingToContinue,
    /// The language model answered, but its answer could not be stored.
    #[error("the answer could not be stored: {source}")]
    AnswerNotStored {
        /// The answer, which is nowhere else.
        completion: Box<Completion>,
        /// What happened.
        source: MemoryError,
    },
}

impl Diagnose for ChatError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Assemble(error) => error.code(),
            Self::NothingToContinue => ErrorCode::NothingToContinue,
            Self::Memory(error) | Self::AnswerNotStored { source: error, .. } => error.code(),
            Self::Provider(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Assemble(error) => error.fault(),
            Self::NothingToContinue => Fault::Caller,
            Self::Memory(error) | Self::AnswerNotStored { source: error, .. } => error.fault(),
            Self::Provider(error) => error.fault(),
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Assemble(error) => error.remedies(),
            Self::NothingToContinue => Vec::new(),
            Self::Memory(error) | Self::AnswerNotStored { source: error, .. } => error.remedies(),
            Self::Provider(error) => error.remedies(),
        }
    }
}
