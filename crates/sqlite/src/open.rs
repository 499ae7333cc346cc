//! Opens a file as a store, or says without changing it why it cannot be one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use longmem_core::private_files::{make_folder, narrow};
use longmem_core::{StoreKey, real_path};
use longmem_store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::connections::Connections;
use crate::error::{may_be_damage, opening_error, place, reason_of};
use crate::file::{APPLICATION_ID, Found, look_at, of_another_program, unreadable, with_suffix};
use crate::migrations::{self, FORMAT, FoundFormat};
use crate::open_file::OpenFile;
use crate::{SqliteStore, encryption, read_only, waiting};

/// How long a writer waits for another process.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// Whether a missing file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// Make a new, empty store.
    Create,
    /// Fail with [`StoreError::Missing`], or [`StoreError::Empty`] for a file without content.
    Fail,
}

/// Something that opening a store changed, which its owner should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpeningNotice {
    /// Other accounts could read the file, and cannot any more.
    Narrowed {
        /// The file.
        path: PathBuf,
        /// The mode that it had on Unix, such as 0o644.
        mode: u32,
    },
    /// There was no store, and a new one was made.
    Made {
        /// The file, or where a store of another kind is.
        path: PathBuf,
    },
}

/// How a file is opened as a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// Whether a missing file is made.
    pub if_missing: IfMissing,
    /// The key that the file is encrypted with; none by default, and the file is not encrypted.
    pub key: Option<StoreKey>,
}

impl StoreOptions {
    /// Without a key.
    pub fn new(if_missing: IfMissing) -> Self {
        Self { if_missing, key: None }
    }

    /// With this key, or without one.
    #[must_use]
    pub fn with_key(self, key: Option<StoreKey>) -> Self {
        Self { key, ..self }
    }
}

impl SqliteStore {
    /// Opens the store in a file, brings its schema up to date, or makes a new one.
    ///
    /// Several processes may have one file open; the file system must support locks (a local
    /// disk does). On Unix the file is its owner's alone, as
    /// [`private_files`](longmem_core::private_files) says; one of this account that others could
    /// read is taken from them, and [`SqliteStore::notices`] says so. A store that this account may
    /// read and not write opens, too: then every write is [`StoreError::ReadOnly`].
    ///
    /// # Errors
    /// [`StoreError`] for a file that is missing, not a store, from a newer longmem, damaged, locked,
    /// or cannot be read. The file is then as it was.
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
        Self::open_with(path, StoreOptions::new(if_missing))
    }

    /// Opens the store in a file as [`open`](Self::open) does, with a key if it is encrypted.
    ///
    /// With a key, everything in the file and its companions is encrypted (`SQLCipher`: AES-256, with
    /// an HMAC-SHA512 of each page), and so are copies of it. That needs the cargo feature `encryption`.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`StoreError::KeyNeeded`], [`StoreError::WrongKey`] and
    /// [`StoreError::NotEncrypted`] if key and file do not fit; [`StoreError::NoEncryption`] for a key
    /// without the feature. The file is then as it was.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::StoreKey;
    /// use longmem_sqlite::{IfMissing, SqliteStore, StoreOptions};
    /// use longmem_store::{StoreError, Upkeep};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("memory.db");
    /// let key = StoreKey::new([7; 32]); // read from a file, or from a system's keyring
    /// let options = StoreOptions::new(IfMissing::Create).with_key(Some(key));
    /// match SqliteStore::open_with(&file, options) {
    ///     Ok(store) => assert_eq!(store.users()?, []),
    ///     Err(StoreError::NoEncryption(_)) => assert!(!file.exists()),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_with(path: impl Into<PathBuf>, options: StoreOptions) -> Result<Self, StoreError> {
        let path = without_link(path.into());
        let StoreOptions { if_missing, key } = options;
        if key.is_some() && !encryption::is_built_in() {
            return Err(StoreError::NoEncryption(place(&path)));
        }
        let found = look_at(&path, key.as_ref())?;
        match (found, if_missing) {
            (Found::Nothing, IfMissing::Fail) => return Err(StoreError::Missing(place(&path))),
            (Found::Empty, IfMissing::Fail) => return Err(StoreError::Empty(place(&path))),
            (Found::Nothing, IfMissing::Create) => make_file(&path)?,
            (Found::Empty, IfMissing::Create) | (Found::Store, _) => {}
        }
        let made =
            matches!(found, Found::Nothing).then(|| OpeningNotice::Made { path: path.clone() });
        loop {
            let before = encryption::identity(&path);
            match Self::open_to_write(&path, key.as_ref()) {
                Err(StoreError::ReadOnly { reason, .. }) if found == Found::Store => {
                    return Self::open_to_read(path, key, reason);
                }
                // Another process may have put a file with another key into the place of this one.
                Ok(_) if before != encryption::identity(&path) => {}
                Ok(mut store) => {
                    store.notices.extend(made);
                    return Ok(store);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn open_to_write(path: &Path, key: Option<&StoreKey>) -> Result<Self, StoreError> {
        let file = OpenFile::open(path).map_err(|error| unreadable(path, &error))?;
        // SQLite opens a file without write permission for reading only, silently, and leaves
        // companions that nobody may write.
        if let Some(reason) = file.write_refusal() {
            return Err(StoreError::ReadOnly { place: place(path), reason });
        }
        // Before SQLite opens it, which gives the file's mode to the companions that it makes.
        let notices = narrow_files(path);
        let sqlite = |source| opening_error(path, source);
        let connected = connect(path, key).and_then(|connection| {
            let format = migrations::format_of(&connection)?;
            Ok((connection, format))
        });
        let (mut connection, format) =
            connected.map_err(|error| unreadable_as(path, key, error))?;
        // The header of an encrypted file could not be read before.
        if key.is_some()
            && !matches!(format, FoundFormat::None)
            && application_id(&connection).map_err(sqlite)? != APPLICATION_ID
        {
            return Err(of_another_program(path));
        }
        match known_format(path, format)? {
            Some(FORMAT) => {}
            Some(format) => migrate(&mut connection).map_err(|error| {
                if may_be_damage(&error) {
                    let reason = reason_of(&error);
                    let reason =
                        format!("its tables are not those of its format {format}: {reason}");
                    StoreError::Damaged { place: place(path), reason }
                } else {
                    sqlite(error)
                }
            })?,
            None => migrate(&mut connection).map_err(sqlite)?,
        }
        switch_to_wal(&connection).map_err(sqlite)?;
        Ok(Self {
            connections: Connections::new(path.to_owned(), file, key.cloned(), connection),
            notices,
        })
    }

    /// Opens a store that cannot be written, for the reason that the system gave.
    fn open_to_read(
        path: PathBuf,
        key: Option<StoreKey>,
        reason: String,
    ) -> Result<Self, StoreError> {
        let file = OpenFile::open(&path).map_err(|error| unreadable(&path, &error))?;
        let found =
            read_only::read(&path, key.as_ref(), migrations::format_of).map_err(|error| {
                // Its first page cannot be read.
                match (&key, error) {
                    (Some(_), StoreError::Damaged { place, .. }) => StoreError::WrongKey(place),
                    (_, error) => error,
                }
            })?;
        let format = known_format(&path, found)?.unwrap_or_default();
        if format < FORMAT {
            let reason = format!("its format {format} is brought to {FORMAT} by writing; {reason}");
            return Err(StoreError::ReadOnly { place: place(&path), reason });
        }
        Ok(Self {
            connections: Connections::read_only(path, file, key, reason),
            notices: Vec::new(),
        })
    }
}

/// The error for a file whose first page cannot be read.
fn unreadable_as(path: &Path, key: Option<&StoreKey>, error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() != Some(ErrorCode::NotADatabase) {
        return opening_error(path, error);
    }
    // What the file is may have changed since it was looked at.
    match look_at(path, key) {
        Err(error) => error,
        Ok(_) if key.is_some() => StoreError::WrongKey(place(path)),
        Ok(_) => opening_error(path, error),
    }
}

fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

/// The file that a link leads to: SQLite keeps the companions beside that.
fn without_link(path: PathBuf) -> PathBuf {
    if path.is_symlink() { real_path(&path).unwrap_or(path) } else { path }
}

/// Makes an empty file for its owner, which SQLite fills.
fn make_file(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let refused = |reason| StoreError::ReadOnly { place: place(path), reason };
    if let Some(folder) = folder {
        make_folder(folder).map_err(|error| {
            refused(format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
    }
    // Another process may make it at the same time.
    OpenFile::open_or_make(path).map(drop).map_err(|error| refused(error.to_string()))
}

/// Takes the store and its companions from those who may not read them. A file system that does not
/// let its modes be changed keeps them.
fn narrow_files(path: &Path) -> Vec<OpeningNotice> {
    let companions = ["-wal", "-shm", "-journal", "-index.lock"];
    for companion in companions {
        let _ = narrow(&with_suffix(path, companion));
    }
    let narrowed = narrow(path).ok().flatten();
    let notice = |mode| OpeningNotice::Narrowed { path: path.to_owned(), mode };
    narrowed.map(notice).into_iter().collect()
}

/// The number of a file's format, none of an empty file.
///
/// # Errors
/// [`StoreError::TooNew`]; [`StoreError::Damaged`] for a number that no longmem writes.
fn known_format(path: &Path, found: FoundFormat) -> Result<Option<u32>, StoreError> {
    match found {
        FoundFormat::None => Ok(None),
        FoundFormat::Numbered(found) if found > FORMAT => {
            Err(StoreError::TooNew { place: place(path), found, known: FORMAT })
        }
        FoundFormat::Numbered(format) => Ok(Some(format)),
        FoundFormat::Damaged(reason) => Err(StoreError::Damaged { place: place(path), reason }),
    }
}

/// Opens a connection that may write, to a file that is there: SQLite would make it for everybody.
pub(crate) fn connect(path: &Path, key: Option<&StoreKey>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    set_up(&mut connection, key)?;
    Ok(connection)
}

/// Gives a connection the settings that every one has.
pub(crate) fn set_up(connection: &mut Connection, key: Option<&StoreKey>) -> rusqlite::Result<()> {
    connection.busy_handler(Some(waiting::goes_on))?;
    // Before anything is read.
    if let Some(key) = key {
        encryption::give_key(connection, key)?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    // A turn that was acknowledged survives a power cut, not only a crash of the process.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is deleted is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    // In KiB. Pages that fall out are still in the system's cache, which all processes share.
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A statement is planned once, and not again for each value that it is given.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Lets one parameter hold many values: `IN rarray(?)`.
    rusqlite::vtab::array::load_module(connection)
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    // The first format is written with a rollback journal, so that the header with its application
    // id is in the file itself as soon as the file is a store.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    mark_as_store(&transaction)?;
    migrations::apply(&transaction)?;
    transaction.commit()
}

/// Writes into the header that the file is a store.
pub(crate) fn mark_as_store(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)
}

/// Switching needs the file for oneself for an instant, and SQLite does not wait for that by itself.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if tries < 200 && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) =>
            {
                tries += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}
