//! Encrypts a store with another key, encrypts a plain one, or makes an encrypted one plain again.

use std::path::Path;
use std::time::Duration;

use longmem_core::StoreKey;
use longmem_core::private_files::{IfExists, NewFile};
use longmem_store::StoreError;
use rusqlite::{Connection, ErrorCode};

use crate::encryption::{self, PLAIN_HEADER, written};
use crate::error::{place, store_error};
use crate::file::APPLICATION_ID;
use crate::open::{BUSY_TIMEOUT, connect};
use crate::open_file::OpenFile;
use crate::{IfMissing, SqliteStore, StoreOptions};

/// How long after a store was found in use it is tried again.
const PAUSE: Duration = Duration::from_millis(50);

impl SqliteStore {
    /// Says whether a file begins as one that is not encrypted; a missing or empty one does not.
    ///
    /// # Errors
    /// [`StoreError::File`] if it cannot be read.
    pub fn is_plain(path: &Path) -> Result<bool, StoreError> {
        match OpenFile::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            file => Ok(file?.read_at(0, PLAIN_HEADER.len())? == PLAIN_HEADER),
        }
    }

    /// Encrypts the store in a file with another key: from none to a key, from a key to another one, or
    /// from a key to none.
    ///
    /// Nobody else may have it open meanwhile. A whole copy is written beside it, synced, and takes its
    /// place in one step: whoever is killed leaves the file as it was or as it should be. The bytes of the
    /// old file are overwritten then, as far as the disk lets that be done: flash memory and snapshots of a
    /// file system keep old blocks.
    ///
    /// # Errors
    /// Those of [`open_with`](Self::open_with); [`StoreError::Locked`] if another process has it open;
    /// [`StoreError::DiskFull`] without room for the copy. The store is then as it was.
    pub fn change_key(
        path: &Path,
        from: Option<&StoreKey>,
        to: Option<&StoreKey>,
    ) -> Result<(), StoreError> {
        change_key(path, from, to, BUSY_TIMEOUT, || {})
    }
}

/// Does it, and waits as long as `patience` for others; `before_it_counts` is called when the copy is
/// complete, and the store locked.
fn change_key(
    path: &Path,
    from: Option<&StoreKey>,
    to: Option<&StoreKey>,
    patience: Duration,
    before_it_counts: impl FnOnce(),
) -> Result<(), StoreError> {
    if !encryption::is_built_in() {
        return Err(StoreError::NoEncryption(place(path)));
    }
    // Refuses what is no store, and brings an older one up to date.
    drop(SqliteStore::open_with(path, StoreOptions::new(IfMissing::Fail).with_key(from.cloned()))?);
    // What is renamed must be the file, not a link to it.
    let path = fs_err::canonicalize(path)?;
    let sqlite = |source| store_error(&path, source);
    // What the name leads to later is the copy.
    let old_file = OpenFile::open(&path)?;
    let copy = NewFile::begin(&path, IfExists::Replace)?;
    let connection = connect(&path, from).map_err(sqlite)?;
    write_copy(&connection, &path, copy.partial(), to, patience)?;
    before_it_counts();
    copy.finish()?;
    // While it is locked: a process that opened it just before must not take it for the store.
    let overwritten = old_file.overwrite();
    drop(connection);
    Ok(overwritten?)
}

/// Writes the copy, and leaves the store locked for everybody else.
fn write_copy(
    connection: &Connection,
    path: &Path,
    copy: &Path,
    to: Option<&StoreKey>,
    patience: Duration,
) -> Result<(), StoreError> {
    let sqlite = |source| store_error(path, source);
    let key = to.map(written);
    let key = key.as_ref().map_or("", |key| key.as_str());
    let name = copy.to_string_lossy();
    connection
        .execute("ATTACH DATABASE ?1 AS copy KEY ?2", (name.as_ref(), key))
        .map_err(sqlite)?;
    // A copy that is not finished is deleted, and synced as a whole when it is.
    connection
        .execute_batch("PRAGMA copy.journal_mode = OFF; PRAGMA copy.synchronous = OFF")
        .map_err(sqlite)?;
    lock_for_all(connection, patience).map_err(sqlite)?;
    let export = || {
        // Rows come in the order of tables, not of what refers to what.
        connection.query_row("SELECT sqlcipher_export('copy')", [], |_| Ok(()))?;
        connection.pragma_update(Some("copy"), "application_id", APPLICATION_ID)?;
        let format: i64 =
            connection.pragma_query_value(Some("main"), "user_version", |row| row.get(0))?;
        connection.pragma_update(Some("copy"), "user_version", format)?;
        connection.execute_batch("COMMIT")?;
        let check = "PRAGMA copy.quick_check(1)";
        connection.query_row(check, [], |row| row.get::<_, String>(0))
    };
    let found = export().map_err(sqlite)?;
    if found != "ok" {
        return Err(StoreError::Damaged { place: place(path), reason: found });
    }
    connection.execute_batch("DETACH DATABASE copy").map_err(sqlite)
}

/// Waits until nobody else has the store open, begins a transaction that keeps everybody out, and keeps them
/// out after its end. The log is in the file and gone.
fn lock_for_all(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.busy_timeout(Duration::ZERO)?;
    let mut waited = Duration::ZERO;
    loop {
        match try_to_lock(connection) {
            Ok(true) => {
                return connection.pragma_update(Some("main"), "locking_mode", "EXCLUSIVE");
            }
            Err(error)
                if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy)
                    || waited >= patience =>
            {
                return Err(error);
            }
            // Somebody else has it, or came between the two steps.
            _ => {
                waited += PAUSE;
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// Returns false if somebody opened the store between the two steps. Only without a write-ahead log does one
/// lock keep everybody out, and leaving it is possible only while nobody else has the file open.
fn try_to_lock(connection: &Connection) -> rusqlite::Result<bool> {
    connection.pragma_update(Some("main"), "journal_mode", "DELETE")?;
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    let mode: String =
        connection.pragma_query_value(Some("main"), "journal_mode", |row| row.get(0))?;
    if mode == "delete" {
        return Ok(true);
    }
    connection.execute_batch("ROLLBACK")?;
    Ok(false)
}

#[cfg(test)]
mod tests;
