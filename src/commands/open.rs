//! Opens the memories that are measured.

use std::path::Path;
use std::sync::Arc;

use longmem_core::TextEmbedder;
use longmem_memory::{Memory, MemoryError};
use longmem_sqlite::{IfMissing, SqliteStore};

use longmem::SystemClock;

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
    let store = Arc::new(SqliteStore::open(file, if_missing)?);
    Ok(Memory::new(store, embedder, Arc::new(SystemClock)))
}
