//! Opens a file as a store, or says without changing it why it cannot be one.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use longmem_store::StoreError;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::SqliteStore;
use crate::error::{place, store_error};
use crate::migrations::{self, FORMAT};

/// "lmem": stands in the file's header and tells a store from every other SQLite file.
const APPLICATION_ID: i32 = 0x6c6d_656d;

/// How long a writer waits for another process.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// Whether a missing file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// Make a new, empty store.
    Create,
    /// Fail with [`StoreError::Missing`].
    Fail,
}

impl SqliteStore {
    /// Opens the store in a file, brings its schema up to date, or makes a new one.
    ///
    /// Several processes may have one file open; the file system must support locks (a local
    /// disk does).
    ///
    /// # Errors
    /// [`StoreError`] for a file that is missing, not a store, from a newer longmem, damaged,
    /// locked, or cannot be written. The file is then as it was.
    ///
    /// # Examples
    /// ```
    /// use longmem_sqlite::{IfMissing, SqliteStore};
    /// use longmem_store::Upkeep;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
    /// assert_eq!(store.users()?, []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl Into<PathBuf>, if_missing: IfMissing) -> Result<Self, StoreError> {
        let path = path.into();
        if !path.exists() && if_missing == IfMissing::Fail {
            return Err(StoreError::Missing(place(&path)));
        }
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs_err::create_dir_all(parent).map_err(|error| StoreError::ReadOnly {
                place: place(&path),
                reason: error.to_string(),
            })?;
        }
        refuse_other_files(&path)?;
        let sqlite = |source| store_error(&path, source);
        let mut connection = connect(&path).map_err(sqlite)?;
        let format = migrations::format_of(&connection).map_err(sqlite)?;
        if format > FORMAT {
            return Err(StoreError::TooNew { place: place(&path), found: format, known: FORMAT });
        }
        if format < FORMAT {
            migrate(&mut connection).map_err(sqlite)?;
        }
        switch_to_wal(&connection).map_err(sqlite)?;
        Ok(Self::with_connection(path, connection))
    }
}

/// Opens one connection with the settings that every connection has.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A turn that was acknowledged survives a power cut, not only a crash of the process.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is deleted is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    // In KiB. Pages that fall out are still in the system's cache, which all processes share.
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Lets one parameter hold many values: `IN rarray(?)`.
    rusqlite::vtab::array::load_module(&connection)?;
    Ok(connection)
}

/// Reads the file's first 100 bytes, so that a file of something else is not even opened by SQLite.
fn refuse_other_files(path: &Path) -> Result<(), StoreError> {
    let other = |found: &str| StoreError::NotAStore { place: place(path), found: found.into() };
    if path.is_dir() {
        return Err(other("it is a folder"));
    }
    let mut header = Vec::with_capacity(100);
    // SQLite opens a file without write permission for reading only, silently, and leaves companions
    // that nobody may write; so the file is opened for writing here first.
    match fs_err::OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(StoreError::ReadOnly { place: place(path), reason: error.to_string() });
        }
    };
    // A process that died while it made the file leaves a journal; SQLite rolls it back.
    let unfinished = with_suffix(path, "-journal").exists();
    if header.is_empty() || unfinished && header.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(other("it is not an SQLite file"));
    }
    let word = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if word(68) as i32 != APPLICATION_ID {
        return Err(other("it is an SQLite file of another program"));
    }
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let expected = u64::from(word(28)) * page_size;
    let length = fs_err::metadata(path)?.len();
    // Pages that only the write-ahead log holds yet are missing from the file rightly.
    if length < expected && !unfinished && !with_suffix(path, "-wal").exists() {
        let reason = format!("it has {length} bytes, its header says {expected}");
        return Err(StoreError::Damaged { place: place(path), reason });
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    // The first format is written with a rollback journal, so that the header with its application
    // id is in the file itself as soon as the file is a store.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrations::apply(&transaction)?;
    transaction.commit()
}

/// Switching needs the file for oneself for an instant, and SQLite does not wait for that by itself.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if tries < 200
                    && error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) =>
            {
                tries += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

/// A file's name with something appended, as SQLite names its companions.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
