//! Opens the memories that are measured.

use std::path::Path;
use std::sync::Arc;

use longmem::{IfMissing, Options, open_memory};
use longmem_core::TextEmbedder;
use longmem_memory::{Memory, MemoryError};

/// Opens the memory in a file, or makes it if there is no such file.
pub(super) fn open_or_make(
    file: &Path,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    open(file, IfMissing::Create, embedder)
}

/// Opens the memory in a file that exists.
pub(super) fn open_existing(
    file: &Path,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    open(file, IfMissing::Fail, embedder)
}

fn open(
    file: &Path,
    if_missing: IfMissing,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    let mut options = Options::at(file);
    options.if_missing = if_missing;
    options.embedder = Some(embedder);
    open_memory(options)
}
