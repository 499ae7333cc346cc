//! The suite that every store passes, on a file that two have open.

use std::sync::Arc;

use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::Store;
use longmem_store::suite::Fixture;
use tempfile::TempDir;

struct InFile {
    folder: TempDir,
}

impl InFile {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder for a test") }
    }
}

impl Fixture for InFile {
    fn store(&self) -> Arc<dyn Store> {
        let path = self.folder.path().join("memory.db");
        Arc::new(SqliteStore::open(path, IfMissing::Create).expect("the store opens"))
    }
}

longmem_store::store_suite!(InFile::new);

#[cfg(feature = "encryption")]
mod encrypted {
    use longmem_core::StoreKey;
    use longmem_sqlite::StoreOptions;

    use super::*;

    struct InEncryptedFile(InFile);

    impl InEncryptedFile {
        fn new() -> Self {
            Self(InFile::new())
        }
    }

    impl Fixture for InEncryptedFile {
        fn store(&self) -> Arc<dyn Store> {
            let path = self.0.folder.path().join("memory.db");
            let key = StoreKey::new([42; StoreKey::BYTES]);
            let options = StoreOptions::new(IfMissing::Create).with_key(Some(key));
            Arc::new(SqliteStore::open_with(path, options).expect("the store opens"))
        }
    }

    longmem_store::store_suite!(InEncryptedFile::new);
}
