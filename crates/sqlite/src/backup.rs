//! Copies a store while others use it.

use std::path::Path;

use crate::{Store, StoreError};

impl Store {
    /// Writes a compact copy of the store, as it is at one moment, to a file that must not exist.
    ///
    /// # Errors
    /// [`StoreError::File`] if the file exists; [`StoreError`] when it cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        // Made first and empty, so that no other file can be overwritten.
        fs_err::OpenOptions::new().write(true).create_new(true).open(to)?;
        let name = to.to_string_lossy();
        let copied = self
            .connections
            .maintain(|connection| connection.execute("VACUUM INTO ?1", [name.as_ref()]).map(drop));
        if copied.is_err() {
            // Half a copy must not be taken for one; the failure itself is what is told.
            let _ = fs_err::remove_file(to);
        }
        copied
    }
}
