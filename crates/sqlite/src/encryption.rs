//! What encrypted files need beside plain ones: the key, and how to tell one from another.

use std::path::Path;

use longmem_core::StoreKey;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

/// The bytes of a page; `SQLCipher`'s default, and SQLite's.
pub(crate) const PAGE_BYTES: usize = 4096;

/// What a file begins with that is not encrypted.
pub(crate) const PLAIN_HEADER: &[u8] = b"SQLite format 3\0";

/// Says whether this program can encrypt. It is asked, and not known from the cargo feature, since
/// SQLite takes a key without a word where it cannot encrypt, and how it is linked is decided elsewhere.
pub(crate) fn is_built_in() -> bool {
    let version = || {
        let connection = Connection::open_in_memory()?;
        connection.query_row("PRAGMA cipher_version", [], |_| Ok(())).optional()
    };
    matches!(version(), Ok(Some(())))
}

/// Lets a connection read and write with a key, and reads with it. The key is used as it is, so that
/// opening takes no time: there is no password to make guessing slow for.
pub(crate) fn give_key(connection: &Connection, key: &StoreKey) -> rusqlite::Result<()> {
    // It would write about a wrong key to standard error.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    connection.pragma_update(None, "key", written(key).as_str())?;
    // What SQLite would put into files of its own stays in memory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Whoever has the wrong key leaves the log alone, too.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// A key as `SQLCipher` reads one that is used as it is.
pub(crate) fn written(key: &StoreKey) -> Zeroizing<String> {
    Zeroizing::new(format!("x'{}'", *key.to_hexadecimal()))
}

/// Says whether a file's first page may be encrypted: its bytes are as random ones are. A compressed file's
/// may be, too.
pub(crate) fn looks_encrypted(page: &[u8]) -> bool {
    if page.len() < PAGE_BYTES {
        return false;
    }
    let mut counts = [0_u32; 256];
    for byte in page {
        counts[usize::from(*byte)] += 1;
    }
    let expected = page.len() as f64 / 256.0;
    let chi_squared: f64 =
        counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    // For random bytes it is 255 ± 23, and above this once in a hundred million files.
    chi_squared < 400.0
}

/// What tells a file from another one that took its name; none without a file, and where the system does
/// not say it.
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs_err::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
