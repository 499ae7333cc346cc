//! Which files memory was copied to, so that whoever forgets something learns what that does not reach.

use std::path::{Path, PathBuf};

use longmem_core::Timestamp;
use longmem_memory::Memory;
use serde::{Deserialize, Serialize};

/// The store's value that lists them.
const COPIES: &str = "copies";

/// Number of copies that are kept in mind; the oldest go first.
const MOST: usize = 50;

/// A file to which a backup or an export went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MadeCopy {
    /// Its path, from the root on.
    pub file: PathBuf,
    /// When it was made.
    pub made: Timestamp,
}

/// Keeps in mind that memory was copied to a file. A store that cannot be written is copied all the
/// same, and then nobody knows of it.
pub fn note_copy(memory: &Memory, file: &Path) {
    let Ok(file) = std::path::absolute(file) else { return };
    let mut copies = known_copies(memory);
    copies.retain(|copy| copy.file != file);
    copies.push(MadeCopy { file, made: memory.now() });
    let first = copies.len().saturating_sub(MOST);
    if let Ok(value) = serde_json::to_vec(&copies[first..]) {
        // The copy is made, which is what was asked for.
        let _ = memory.keep_value(None, COPIES, Some(&value));
    }
}

/// The copies that are still where they were made, oldest first.
pub fn known_copies(memory: &Memory) -> Vec<MadeCopy> {
    let value = memory.kept_value(None, COPIES).ok().flatten().unwrap_or_default();
    let mut copies: Vec<MadeCopy> = serde_json::from_slice(&value).unwrap_or_default();
    copies.retain(|copy| copy.file.exists());
    copies
}
