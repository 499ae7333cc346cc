//! Counts, copies, and says where the store is.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use longmem_core::private_files::{IfExists, NewFile};
use longmem_core::{UserName, fnv1a};
use longmem_store::{Result, StoreError, StoreLock, StoreStats, Upkeep, UserStats};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ffi};

use crate::file::with_suffix;
use crate::lock_file::LockFile;
use crate::rows::parsed;
use crate::{SqliteStore, check, error};

impl Upkeep for SqliteStore {
    fn stats(&self) -> Result<StoreStats> {
        let file_bytes = ["", "-wal"]
            .iter()
            .filter_map(|suffix| fs_err::metadata(with_suffix(self.path(), suffix)).ok())
            .map(|metadata| metadata.len())
            .sum();
        self.connections.read(|connection| {
            connection.query_row(
                "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions),
                        (SELECT count(*) FROM turns), (SELECT count(*) FROM passages),
                        (SELECT count(*) FROM vectors), (SELECT count(*) FROM index_queue),
                        (SELECT coalesce(sum(truncated_tokens), 0) FROM embedding_models),
                        (SELECT freelist_count * page_size
                         FROM pragma_freelist_count, pragma_page_size)",
                [],
                |row| {
                    Ok(StoreStats {
                        users: row.get(0)?,
                        sessions: row.get(1)?,
                        turns: row.get(2)?,
                        passages: row.get(3)?,
                        vectors: row.get(4)?,
                        turns_without_vectors: row.get(5)?,
                        truncated_tokens: row.get(6)?,
                        file_bytes,
                        unused_bytes: row.get(7)?,
                    })
                },
            )
        })
    }

    fn users(&self) -> Result<Vec<UserStats>> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT u.name, (SELECT count(*) FROM sessions WHERE user_id = u.id),
                            (SELECT count(*) FROM turns WHERE user_id = u.id)
                     FROM users u ORDER BY u.name",
                )?
                .query_map([], |row| {
                    Ok(UserStats {
                        user: parsed(row, 0)?,
                        sessions: row.get(1)?,
                        turns: row.get(2)?,
                    })
                })?
                .collect()
        })
    }

    fn check(&self, problem: &mut dyn FnMut(String)) -> Result<()> {
        self.connections.read(|connection| check::check(connection, problem))
    }

    fn backup(
        &self,
        to: &Path,
        if_exists: IfExists,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        let copy = NewFile::begin(to, if_exists)?;
        // A killed process leaves it, and SQLite would take it for the new copy's.
        let journal = with_suffix(copy.partial(), "-journal");
        remove_if_there(&journal)?;
        let name = ValueRef::Text(copy.partial().as_os_str().as_encoded_bytes());
        let written = self.connections.copy(|connection| {
            let vacuum = || connection.execute("VACUUM INTO ?1", [ToSqlOutput::Borrowed(name)]);
            Ok(until_stopped(connection, stop, vacuum))
        })?;
        if let Err(error) = written {
            remove_if_there(&journal)?;
            return Err(copying_error(self.path(), to, error));
        }
        if stop() {
            return Err(StoreError::Stopped);
        }
        Ok(copy.finish()?)
    }

    fn lock_watching(&self, user: &UserName) -> Result<Option<StoreLock>> {
        self.lock_for_user("watch", user)
    }

    fn place(&self) -> String {
        error::place(self.path())
    }

    fn is_there(&self) -> bool {
        self.path().exists()
    }
}

impl SqliteStore {
    /// Takes the right to do something for a user that one does at a time; none if another has it.
    pub(crate) fn lock_for_user(&self, what: &str, user: &UserName) -> Result<Option<StoreLock>> {
        drop(self.connections.writer()?);
        // A user's name need not be one of a file.
        let suffix = format!("-{what}-{:016x}.lock", fnv1a(user.as_str().as_bytes()));
        Ok(LockFile::hold(with_suffix(self.path(), &suffix), false)?.map(StoreLock::new))
    }
}

/// Runs a statement, and asks every few milliseconds whether it should be given up.
fn until_stopped<T>(
    connection: &Connection,
    stop: &(dyn Fn() -> bool + Sync),
    work: impl FnOnce() -> T,
) -> T {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
    let (done, waits) = mpsc::channel::<()>();
    let handle = connection.get_interrupt_handle();
    std::thread::scope(|threads| {
        let watch = move || {
            while waits.recv_timeout(BETWEEN_LOOKS) == Err(mpsc::RecvTimeoutError::Timeout) {
                if stop() {
                    handle.interrupt();
                }
            }
        };
        // Where no thread can be started, the work is done to its end.
        let _watcher = std::thread::Builder::new().spawn_scoped(threads, watch);
        let result = work();
        drop(done);
        result
    })
}

/// The error of a copy, which names the file that it is about.
fn copying_error(from: &Path, to: &Path, source: rusqlite::Error) -> StoreError {
    const READING: [i32; 2] = [ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_SHORT_READ];
    let about_the_store = match source.sqlite_error() {
        Some(error) if error.code == ErrorCode::OperationInterrupted => return StoreError::Stopped,
        Some(error) => {
            READING.contains(&error.extended_code)
                || matches!(
                    error.code,
                    ErrorCode::DatabaseCorrupt
                        | ErrorCode::NotADatabase
                        | ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                )
        }
        None => true,
    };
    error::store_error(if about_the_store { from } else { to }, source)
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
