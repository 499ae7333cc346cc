//! Why an experiment failed.

use std::io;
use std::path::PathBuf;

use longmem_bench::BenchError;
use longmem_chat::ChatError;
use longmem_core::{EmbedError, InvalidName};
use longmem_embed::EmbedderError;
use longmem_eval::EvalError;
use longmem_memory::MemoryError;
use thiserror::Error;

/// Why an experiment failed.
#[derive(Debug, Error)]
pub(crate) enum LabError {
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error(transparent)]
    Embedder(#[from] EmbedderError),
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A fit leaves out one conversation at a time.
    #[error("fitting needs two conversations or more with questions whose evidence names turns")]
    TooFewConversations,
    /// A replay in which no message is answered.
    #[error("the data set has no conversation in which a message is answered")]
    NothingToReplay,
    /// A file of vectors that cannot be read or written.
    #[error(
        "{path} is not a file of vectors ({reason}); expected an array of float32 with a row for \
         each vector, as numpy.save writes it"
    )]
    Vectors { path: PathBuf, reason: String },
    /// A line of a file of texts that holds no text.
    #[error("{path}:{line} is not a text; expected \"…\" or {{\"text\": …}}")]
    Text { path: PathBuf, line: usize },
    /// A file of texts without a text.
    #[error("{path} holds no text")]
    NoTexts { path: PathBuf },
}

impl From<EmbedError> for LabError {
    fn from(error: EmbedError) -> Self {
        Self::Memory(MemoryError::Embed(error))
    }
}
