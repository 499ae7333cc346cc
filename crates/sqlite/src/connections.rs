//! One connection that writes, and a few that read beside it; or only reads, each on a connection of
//! its own.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use longmem_core::StoreKey;
use longmem_store::{Erasure, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::check;
use crate::error::{may_be_damage, place, store_error};
use crate::open::connect;
use crate::open_file::OpenFile;
use crate::read_only;
use crate::unused_bytes;

/// Number of idle readers that are kept; more readers than this at once open a connection each time.
const IDLE_READERS: usize = 8;

/// The connections of one process to one file.
pub(crate) struct Connections {
    path: PathBuf,
    key: Option<StoreKey>,
    writer: Writer,
    idle_readers: Mutex<Vec<Connection>>,
    /// Keeps the locks of the connections, and is closed after them.
    _file: OpenFile,
}

enum Writer {
    Connected(Mutex<Connection>),
    /// The store cannot be written, for the reason that the system gave.
    Refused(String),
}

impl Connections {
    pub(crate) fn new(
        path: PathBuf,
        file: OpenFile,
        key: Option<StoreKey>,
        writer: Connection,
    ) -> Self {
        let writer = Writer::Connected(Mutex::new(writer));
        Self { path, key, writer, idle_readers: Mutex::default(), _file: file }
    }

    /// Those to a file that can only be read.
    pub(crate) fn read_only(
        path: PathBuf,
        file: OpenFile,
        key: Option<StoreKey>,
        reason: String,
    ) -> Self {
        let writer = Writer::Refused(reason);
        Self { path, key, writer, idle_readers: Mutex::default(), _file: file }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a read. In WAL mode it sees one state of the file and blocks nobody.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if let Writer::Refused(_) = &self.writer {
            return read_only::read(&self.path, self.key.as_ref(), |reader| {
                reader.unchecked_transaction().and_then(|transaction| work(&transaction))
            });
        }
        let reader = match locked(&self.idle_readers).pop() {
            Some(reader) => Ok(reader),
            // SQLite would make an empty file, which nobody could tell from the store.
            None if !self.path.exists() => {
                return Err(StoreError::Missing(place(&self.path)));
            }
            None => connect(&self.path, self.key.as_ref()),
        };
        let reader = reader.map_err(|error| store_error(&self.path, error))?;
        let result = reader.unchecked_transaction().and_then(|transaction| work(&transaction));
        let result = result.map_err(|error| self.explained(&reader, error));
        let mut idle = locked(&self.idle_readers);
        if idle.len() < IDLE_READERS {
            idle.push(reader);
        }
        result
    }

    /// Runs a write as one transaction: it is on disk when this returns, or nothing changed. A file
    /// that was deleted or is no longer mounted is said to be missing, since SQLite would go on
    /// writing where nobody can ever read.
    pub(crate) fn write<T>(
        &self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer()?;
        if !self.path.exists() {
            return Err(StoreError::Missing(place(&self.path)));
        }
        let mut write = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        write().map_err(|error| self.explained(&writer, error))
    }

    /// Runs something on the writing connection outside a transaction.
    pub(crate) fn maintain<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let writer = self.writer()?;
        work(&writer).map_err(|error| self.explained(&writer, error))
    }

    /// Runs something that only reads on a connection outside a transaction.
    pub(crate) fn copy<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        match &self.writer {
            Writer::Connected(writer) => {
                let writer = locked(writer);
                work(&writer).map_err(|error| self.explained(&writer, error))
            }
            Writer::Refused(_) => read_only::read(&self.path, self.key.as_ref(), work),
        }
    }

    /// Fails if the store can only be read.
    pub(crate) fn writer(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        match &self.writer {
            Writer::Connected(writer) => Ok(locked(writer)),
            Writer::Refused(reason) => {
                Err(StoreError::ReadOnly { place: place(&self.path), reason: reason.clone() })
            }
        }
    }

    /// The store's error for one of SQLite's. Where that one may come of a bug or of damage (a table
    /// that is not there, a number given out twice), a check of the store tells which.
    fn explained(&self, connection: &Connection, error: rusqlite::Error) -> StoreError {
        let may_be_damage = may_be_damage(&error);
        let error = store_error(&self.path, error);
        match error {
            StoreError::Backend { place, source } if may_be_damage => {
                match check::first_problem(connection) {
                    Some(reason) => StoreError::Damaged { place, reason },
                    None => StoreError::Backend { place, source },
                }
            }
            other => other,
        }
    }

    /// Overwrites what was deleted, in the write-ahead log and in unused parts of the file, so that its
    /// bytes are nowhere on disk, unless another process is reading an older state or the disk does not
    /// take it. What was deleted is so already, so this is no error: it would say that nothing was
    /// changed. In an encrypted file what is unused stays, encrypted.
    pub(crate) fn erase_deleted(&self) -> Erasure {
        let erased = self.maintain(|connection| match self.key {
            None => unused_bytes::overwrite(connection, &self.path),
            Some(_) if unused_bytes::empty_log(connection)? => Ok(Erasure::Done),
            Some(_) => Ok(Erasure::WhenReadersFinish),
        });
        erased.unwrap_or(Erasure::WhenDiskTakesIt)
    }
}

/// Locks; a panic elsewhere leaves a connection usable, since its transaction was rolled back.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
