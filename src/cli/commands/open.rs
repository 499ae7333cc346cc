//! Opens the memories that are measured.

use std::path::Path;
use std::sync::Arc;

use longmem::{IfMissing, Options, StorePlace, open_memory};
use longmem_core::TextEmbedder;
use longmem_memory::{Memory, MemoryError};

/// Opens the memory in a file, or makes it if there is no such file.
pub(super) fn open_or_make(
    file: &Path,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    open(&StorePlace::File(file.to_owned()), IfMissing::Create, embedder)
}

/// Opens the memory in a file that exists.
pub(super) fn open_existing(
    file: &Path,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    open(&StorePlace::File(file.to_owned()), IfMissing::Fail, embedder)
}

/// Opens a memory that may be kept by a server.
pub(super) fn open(
    place: &StorePlace,
    if_missing: IfMissing,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    let mut options = Options::new("");
    options.place = place.clone();
    options.if_missing = if_missing;
    options.embedder = Some(embedder);
    open_memory(options)
}
