//! Opens memories.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use longmem_core::{Clock, TextEmbedder};
use longmem_memory::{Memory, MemoryError};
use longmem_sqlite::{IfMissing, SqliteStore};

/// Opens the memory in a file, or makes it if there is no such file.
pub(crate) fn open_or_make(
    file: &Path,
    embedder: Arc<dyn TextEmbedder>,
    clock: Arc<dyn Clock>,
) -> Result<Memory, MemoryError> {
    let store = Arc::new(SqliteStore::open(file, IfMissing::Create)?);
    Ok(Memory::new(store, embedder, clock))
}

/// The machine's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
