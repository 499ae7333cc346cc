//! Looks at what stands at a store's path before SQLite opens it, and changes nothing.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use longmem_core::{StoreKey, special_kind};
use longmem_store::StoreError;

use crate::encryption::{PAGE_BYTES, PLAIN_HEADER, looks_encrypted};
use crate::error::place;
use crate::open_file::OpenFile;

/// "lmem": stands in the file's header and tells a store from every other SQLite file.
pub(crate) const APPLICATION_ID: i32 = 0x6c6d_656d;

/// What stands at a path, if it may be opened as a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A file without content, or one whose making was broken off before anything was in it.
    Empty,
    /// A store.
    Store,
}

/// Looks at a path that is to be opened with a key, or without one. Only the first page is read, so that a
/// file of something else is not even opened by SQLite.
///
/// # Errors
/// [`StoreError`] for anything that cannot be opened as a store.
pub(crate) fn look_at(path: &Path, key: Option<&StoreKey>) -> Result<Found, StoreError> {
    let metadata = match fs_err::metadata(path) {
        Ok(metadata) => metadata,
        // A path that leads through a file, too: making the folder says so.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            refuse_log_alone(path)?;
            return Ok(Found::Nothing);
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    let other = |found: &str| StoreError::NotAStore { place: place(path), found: found.into() };
    if metadata.is_dir() {
        return Err(other("it is a folder"));
    }
    if let Some(kind) = special_kind(metadata.file_type()) {
        return Err(other(&format!("it is {kind}")));
    }
    // Two names of one file have a write-ahead log each, and what is written through one overwrites
    // what was written through the other.
    let names = number_of_names(&metadata);
    if names > 1 {
        return Err(StoreError::SeveralNames { place: place(path), names });
    }
    let opened = OpenFile::open(path).map_err(|error| unreadable(path, &error))?;
    let header = opened.read_at(0, PAGE_BYTES)?;
    // A process that died while it made the file leaves a journal; SQLite rolls it back.
    let unfinished = with_suffix(path, "-journal").exists();
    let only_zeros = header.iter().all(|byte| *byte == 0);
    if header.is_empty() || unfinished && only_zeros {
        refuse_log_alone(path)?;
        return Ok(Found::Empty);
    }
    if only_zeros {
        return Err(other("it begins with zeros, as a file does that was never copied to its end"));
    }
    let is_encrypted = looks_encrypted(&header);
    match key {
        Some(_) if is_encrypted => return Ok(Found::Store),
        None if is_encrypted => return Err(StoreError::KeyNeeded(place(path))),
        _ if header.len() < 100 || !header.starts_with(PLAIN_HEADER) => {
            return Err(other("it is not an SQLite file"));
        }
        _ => {}
    }
    let word = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if word(68) as i32 != APPLICATION_ID {
        return Err(of_another_program(path));
    }
    if key.is_some() {
        return Err(StoreError::NotEncrypted(place(path)));
    }
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let expected = u64::from(word(28)) * page_size;
    let length = metadata.len();
    // Pages that only the write-ahead log holds yet are missing from the file rightly.
    if length < expected && !unfinished && !with_suffix(path, "-wal").exists() {
        let reason = format!("it has {length} bytes, its header says {expected}");
        return Err(StoreError::Damaged { place: place(path), reason });
    }
    Ok(Found::Store)
}

/// The error for a file that SQLite reads and longmem did not write.
pub(crate) fn of_another_program(path: &Path) -> StoreError {
    let found = "it is an SQLite file of another program".to_owned();
    StoreError::NotAStore { place: place(path), found }
}

/// A file's name with something appended, as SQLite names its companions.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Bytes of the write-ahead log; 0 without one.
pub(crate) fn log_bytes(path: &Path) -> u64 {
    fs_err::metadata(with_suffix(path, "-wal")).map_or(0, |log| log.len())
}

/// The error for a file that the system does not let this account read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unreadable { place: place(path), reason: error.to_string() }
}

/// Refuses a write-ahead log whose store is gone: SQLite would delete it with all turns in it.
fn refuse_log_alone(path: &Path) -> Result<(), StoreError> {
    if log_bytes(path) == 0 {
        return Ok(());
    }
    Err(StoreError::LogAlone { place: place(path), log: place(&with_suffix(path, "-wal")) })
}

#[cfg(unix)]
fn number_of_names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

/// Unknown here, so taken for one.
#[cfg(not(unix))]
fn number_of_names(_metadata: &Metadata) -> u64 {
    1
}
