//! Overwrites what deleted rows left in the unused middle of pages.
//!
//! When SQLite parts a page that is full, the rows that move to another page are still to be read in the
//! middle of the first one, between its list of rows and the rows that stay. `secure_delete` overwrites a
//! row where it is deleted, and not such an older copy of it. Nobody reads these bytes, and SQLite
//! overwrites them only when new rows need the room.
//!
//! The file is written through SQLite's own handle: opening and closing it another time would drop the
//! locks that this process holds on it.

#![expect(unsafe_code, reason = "SQLite gives its file handle only to C")]

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::path::Path;
use std::ptr;

use longmem_store::Erasure;
use rusqlite::{Connection, ErrorCode, ffi};

use crate::file::with_suffix;

/// How often it is tried again where another process writes in between.
const TRIES: usize = 20;

/// Pages that are read together.
const PAGES_AT_ONCE: usize = 64;

/// Empties the write-ahead log and overwrites the unused bytes of all pages with zeros, so that nothing
/// deleted is on disk, unless another process reads an older state or does not stop writing.
pub(crate) fn overwrite(connection: &Connection, path: &Path) -> rusqlite::Result<Erasure> {
    for _ in 0..TRIES {
        if !empty_log(connection)? {
            break;
        }
        // Pages that this connection holds would be written as they were.
        connection.execute_batch("PRAGMA shrink_memory")?;
        match connection.execute_batch("BEGIN IMMEDIATE") {
            // What was deleted is deleted, whoever writes now.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => break,
            begun => begun?,
        }
        let overwritten = overwrite_locked(connection, path);
        let end = if matches!(overwritten, Ok(Some(true))) { "COMMIT" } else { "ROLLBACK" };
        connection.execute_batch(end)?;
        if overwritten?.is_some() {
            return Ok(Erasure::Done);
        }
    }
    Ok(Erasure::WhenReadersFinish)
}

/// Empties the write-ahead log; false if another process reads an older state.
pub(crate) fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(
        "PRAGMA wal_checkpoint(TRUNCATE)",
        [],
        |row| Ok(row.get::<_, i64>(0)? == 0),
    )
}

/// Overwrites the unused bytes while nobody else can write; true if there were any. None if the log
/// holds pages: they go into the file at a moment that another process chooses.
fn overwrite_locked(connection: &Connection, path: &Path) -> rusqlite::Result<Option<bool>> {
    let log = with_suffix(path, "-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(None);
    }
    let page_size: usize = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages: u64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let file = DatabaseFile::of(connection)?;
    let length = pages * page_size as u64;
    let mut stretch = vec![0; page_size * PAGES_AT_ONCE];
    let zeros = vec![0; page_size];
    let mut is_written = false;
    // The first page holds the names of tables and nothing that was said.
    for start in (page_size as u64..length).step_by(stretch.len()) {
        let rest = usize::try_from(length - start).unwrap_or(usize::MAX);
        let read = stretch.len().min(rest);
        file.read(&mut stretch[..read], start)?;
        for (number, page) in stretch[..read].chunks_exact(page_size).enumerate() {
            let page_start = start + (number * page_size) as u64;
            let unused = unused_bytes(page);
            let no_bytes = &zeros[..unused.len()];
            if page[unused.clone()] != *no_bytes {
                file.write(no_bytes, page_start + unused.start as u64)?;
                is_written = true;
            }
        }
    }
    if is_written {
        file.sync()?;
        // Whoever holds pages as they were reads them again after any change: here one of no account.
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        connection.pragma_update(None, "user_version", version)?;
    }
    Ok(Some(is_written))
}

/// The bytes between a page's list of rows and its rows; none for a page that is not of a tree. That is
/// seen by the first byte: in all other pages a page's number begins there, which is small.
///
/// The layout is that of <https://www.sqlite.org/fileformat2.html#b_tree_pages>.
fn unused_bytes(page: &[u8]) -> Range<usize> {
    let number = |at: usize| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
    let header_bytes = match page[0] {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return 0..0,
    };
    let list_ends = header_bytes + 2 * number(3);
    // A page of 65,536 bytes without rows says 0.
    let rows_begin = match number(5) {
        0 => page.len(),
        begin => begin,
    };
    if list_ends <= rows_begin && rows_begin <= page.len() { list_ends..rows_begin } else { 0..0 }
}

/// The file of a connection's database, as SQLite has it open.
struct DatabaseFile<'a> {
    file: *mut ffi::sqlite3_file,
    methods: &'a ffi::sqlite3_io_methods,
}

impl<'a> DatabaseFile<'a> {
    fn of(connection: &'a Connection) -> rusqlite::Result<Self> {
        let mut file: *mut ffi::sqlite3_file = ptr::null_mut();
        // SAFETY: the connection is open as long as it is borrowed, and this request writes one pointer.
        let code = unsafe {
            ffi::sqlite3_file_control(
                connection.handle(),
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_FILE_POINTER,
                ptr::from_mut(&mut file).cast::<c_void>(),
            )
        };
        checked(code)?;
        // SAFETY: a connection's file is there until the connection is closed, and its methods are static;
        // null means that there is none.
        let methods = unsafe { file.as_ref().and_then(|file| file.pMethods.as_ref()) };
        let methods = methods.ok_or_else(|| failed(ffi::SQLITE_MISUSE))?;
        Ok(Self { file, methods })
    }

    fn read(&self, into: &mut [u8], at: u64) -> rusqlite::Result<()> {
        let read = self.methods.xRead.ok_or_else(|| failed(ffi::SQLITE_MISUSE))?;
        // SAFETY: the file is open, and as many bytes are asked for as there is room for.
        checked(unsafe {
            read(self.file, into.as_mut_ptr().cast(), into.len() as c_int, at as i64)
        })
    }

    fn write(&self, bytes: &[u8], at: u64) -> rusqlite::Result<()> {
        let write = self.methods.xWrite.ok_or_else(|| failed(ffi::SQLITE_MISUSE))?;
        // SAFETY: the file is open, and as many bytes are written as were given.
        checked(unsafe { write(self.file, bytes.as_ptr().cast(), bytes.len() as c_int, at as i64) })
    }

    fn sync(&self) -> rusqlite::Result<()> {
        let sync = self.methods.xSync.ok_or_else(|| failed(ffi::SQLITE_MISUSE))?;
        // SAFETY: the file is open.
        checked(unsafe { sync(self.file, ffi::SQLITE_SYNC_NORMAL) })
    }
}

fn checked(code: c_int) -> rusqlite::Result<()> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(failed(code)) }
}

fn failed(code: c_int) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

#[cfg(test)]
mod tests {
    use longmem_core::{Scope, TurnId};
    use longmem_store::{ForgetTarget, Turns, Upkeep};

    use super::*;
    use crate::made_up::{turn, user};
    use crate::{IfMissing, SqliteStore};

    /// What a row that moved to another page may have left.
    const LEFT: &[u8] = b"xylophonequartz";

    fn is_left(folder: &Path) -> bool {
        fs_err::read_dir(folder).unwrap().any(|file| {
            let bytes = fs_err::read(file.unwrap().path()).unwrap();
            bytes.windows(LEFT.len()).any(|window| window == LEFT)
        })
    }

    /// Also where another process holds the page in memory, and writes it again.
    #[test]
    fn what_rows_left_behind_goes_with_the_next_that_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.db");
        let (ana, bo) = (user("ana"), user("bo"));
        let said: Vec<_> = (0..200).map(|n| turn("talk", &format!("lisbon {n}"), n)).collect();
        let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
        let ids: Vec<TurnId> =
            store.insert_turns(&ana, &said).unwrap().iter().map(|inserted| inserted.id).collect();
        store.insert_turns(&bo, &said).unwrap();
        drop(store);
        let mut file = fs_err::read(&path).unwrap();
        for page in file.chunks_exact_mut(4096).skip(1) {
            let unused = unused_bytes(page);
            if unused.len() >= LEFT.len() {
                page[unused.start..unused.start + LEFT.len()].copy_from_slice(LEFT);
            }
        }
        fs_err::write(&path, file).unwrap();

        let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
        let other = SqliteStore::open(&path, IfMissing::Fail).unwrap();
        for name in [&ana, &bo] {
            other.turns_after(&Scope::of(name.clone()), None, 1000).unwrap();
        }
        other.insert_turns(&bo, &[turn("talk", "oslo", 0)]).unwrap();
        assert!(is_left(folder.path()));
        let target = ForgetTarget::Turns(Scope::of(ana.clone()), vec![ids[7]]);
        assert_eq!(store.forget(&target).unwrap().erasure, Erasure::Done);
        assert!(!is_left(folder.path()));
        other.insert_turns(&ana, &said[..9]).unwrap();
        other.insert_turns(&bo, &said[..9]).unwrap();
        store.insert_turns(&bo, &said[..9]).unwrap();
        assert!(!is_left(folder.path()), "somebody wrote a page as it was");
        drop((store, other));
        assert!(!is_left(folder.path()));
        let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
        assert_eq!(store.stats().unwrap().turns, 427);
    }

    /// A page of a tree, with two rows whose places are listed and which begin at byte 4000.
    fn leaf() -> Vec<u8> {
        let mut page = vec![7; 4096];
        page[..8].copy_from_slice(&[13, 0, 0, 0, 2, 0x0f, 0xa0, 0]);
        page
    }

    #[test]
    fn only_what_is_between_the_list_and_the_rows_is_unused() {
        assert_eq!(unused_bytes(&leaf()), 12..4000);
        let mut inner = leaf();
        inner[0] = 5;
        assert_eq!(unused_bytes(&inner), 16..4000);
    }

    #[test]
    fn a_page_of_another_kind_or_that_contradicts_itself_has_none() {
        let damaged = |at: usize, byte: u8| {
            let mut page = leaf();
            page[at] = byte;
            unused_bytes(&page)
        };
        assert!(damaged(0, 0).is_empty(), "an overflow page");
        assert!(damaged(5, 0xff).is_empty(), "rows beyond the end");
        assert!(damaged(3, 0xff).is_empty(), "a list longer than the page");
    }
}
