//! Reads a store that this account may not write: a file or folder without write permission, or a
//! read-only file system.
//!
//! Nothing is made beside the file. While its write-ahead log is empty, SQLite is told that the file
//! does not change (`immutable`), and the file is compared before and after each read, since another
//! account may write it all the same. A log with content is read by SQLite's own protocol, for which
//! `-shm` must be there already.

use std::fmt::Write;
use std::path::Path;
use std::time::SystemTime;

use longmem_core::StoreKey;
use longmem_store::StoreError;
use rusqlite::{Connection, OpenFlags};

use crate::error::{place, store_error};
use crate::file::{log_bytes, unreadable, with_suffix};
use crate::open::set_up;

/// What tells whether somebody wrote.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    bytes: u64,
    modified: Option<SystemTime>,
    log_bytes: u64,
}

/// Runs a read on a connection of its own.
///
/// # Errors
/// [`StoreError::ChangedMeanwhile`] if another process wrote while it was read;
/// [`StoreError::LogUnreadable`] if the log has content that needs a file which is missing; and those
/// of the read.
pub(crate) fn read<T>(
    path: &Path,
    key: Option<&StoreKey>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let before = fingerprint(path)?;
    let is_still = before.log_bytes == 0;
    if !is_still && !with_suffix(path, "-shm").exists() {
        let log = place(&with_suffix(path, "-wal"));
        return Err(StoreError::LogUnreadable { place: place(path), log });
    }
    let result = connect(path, is_still, key).and_then(|reader| work(&reader));
    if is_still && fingerprint(path)? != before {
        return Err(StoreError::ChangedMeanwhile(place(path)));
    }
    result.map_err(|error| store_error(path, error))
}

fn fingerprint(path: &Path) -> Result<Fingerprint, StoreError> {
    let file = match fs_err::metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::Missing(place(path)));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    Ok(Fingerprint {
        bytes: file.len(),
        modified: file.modified().ok(),
        log_bytes: log_bytes(path),
    })
}

fn connect(path: &Path, is_still: bool, key: Option<&StoreKey>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(address(path, is_still), flags)?;
    set_up(&mut connection, key)?;
    Ok(connection)
}

/// The file as an address for SQLite, every byte but plain ones escaped.
fn address(path: &Path, is_still: bool) -> String {
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            address.push(char::from(*byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address.push_str(if is_still { "?immutable=1" } else { "?readonly_shm=1" });
    address
}
