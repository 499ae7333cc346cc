//! Gives SQLite's errors the names that a person can act on.

use std::path::Path;

use longmem_search::DamagedVector;
use longmem_store::StoreError;
use rusqlite::ErrorCode;
use rusqlite::types::Type;

/// A file as messages name it.
pub(crate) fn place(path: &Path) -> String {
    path.display().to_string()
}

/// A damaged vector as the error of the column that held it, so that it passes through SQLite's
/// callbacks.
pub(crate) fn in_column(damaged: DamagedVector, column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(damaged))
}

/// The store's error for one of SQLite's.
pub(crate) fn store_error(path: &Path, source: rusqlite::Error) -> StoreError {
    if let rusqlite::Error::FromSqlConversionFailure(_, _, inner) = &source
        && let Some(damaged) = inner.downcast_ref::<DamagedVector>()
    {
        return StoreError::DamagedVector(damaged.clone());
    }
    let place = place(path);
    let Some(code) = source.sqlite_error_code() else {
        return match source {
            rusqlite::Error::QueryReturnedNoRows => {
                StoreError::Damaged { place, reason: "a row that it must have is missing".into() }
            }
            _ if is_unreadable_value(&source) => {
                StoreError::Damaged { place, reason: format!("a value cannot be read: {source}") }
            }
            _ => StoreError::Backend { place, source: Box::new(source) },
        };
    };
    let reason = source.to_string();
    if code == ErrorCode::DiskFull {
        StoreError::DiskFull(place)
    } else if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
        StoreError::Locked { place, seconds: crate::open::BUSY_TIMEOUT.as_secs() }
    } else if matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) {
        StoreError::Damaged { place, reason }
    } else if matches!(
        code,
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied
    ) {
        StoreError::ReadOnly { place, reason }
    } else if code == ErrorCode::SystemIoFailure {
        StoreError::InputOutput { place, reason }
    } else {
        StoreError::Backend { place, source: Box::new(source) }
    }
}

/// The error for a file that could not even be opened as a database: no statement of ours was run, so
/// it is the file.
pub(crate) fn opening_error(path: &Path, source: rusqlite::Error) -> StoreError {
    let reason = reason_of(&source);
    match store_error(path, source) {
        StoreError::Backend { place, .. } => StoreError::Damaged { place, reason },
        other => other,
    }
}

/// Whether a value in the file is not what was written there: of another type, outside of its range,
/// not UTF-8, or in no row at all.
fn is_unreadable_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
            | Error::QueryReturnedNoRows
    )
}

/// Whether what the file holds may be the reason of an error, and not its surroundings.
pub(crate) fn may_be_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        // A statement that does not fit the tables.
        _ if matches!(error, rusqlite::Error::SqlInputError { .. }) => true,
        None => is_unreadable_value(error),
        Some(code) => matches!(
            code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::SchemaChanged
                | ErrorCode::TooBig
                | ErrorCode::Unknown
        ),
    }
}

/// What SQLite says of an error, in one line, without the statement.
pub(crate) fn reason_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{Diagnose, Fault, Remedy, Scope};
    use longmem_search::Searcher;
    use longmem_store::{Turns, Upkeep};
    use rusqlite::ffi;

    use super::*;
    use crate::made_up::{turn, user};
    use crate::{IfMissing, SqliteStore};

    /// The message, whose fault it is, and what would help, for an error that SQLite reports by its
    /// number.
    fn read(code: i32) -> (String, Fault, Option<Remedy>) {
        let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        let error = store_error(Path::new("m.db"), source);
        (error.to_string(), error.fault(), error.remedies().pop())
    }

    #[test]
    fn what_a_person_can_mend_has_a_name_and_a_remedy() {
        for (codes, message, remedy) in [
            (&[ffi::SQLITE_FULL][..], "the disk that holds m.db is full", Remedy::FreeSpace),
            (
                &[ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_SNAPSHOT, ffi::SQLITE_LOCKED],
                "m.db is locked by another process for more than 20 seconds",
                Remedy::WaitForOtherProcess,
            ),
            (
                &[ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_VTAB, ffi::SQLITE_NOTADB],
                "m.db is damaged: ",
                Remedy::RestoreBackup,
            ),
            (
                &[ffi::SQLITE_READONLY, ffi::SQLITE_CANTOPEN, ffi::SQLITE_PERM],
                "m.db cannot be written: ",
                Remedy::MakeWritable,
            ),
            (&[ffi::SQLITE_IOERR_WRITE], "m.db cannot be read or written: ", Remedy::CheckDisk),
        ] {
            for code in codes {
                let (came, fault, helps) = read(*code);
                assert!(came.starts_with(message), "{came}");
                assert_eq!((fault, helps), (Fault::Environment, Some(remedy.clone())), "{came}");
            }
        }
    }

    #[test]
    fn what_nobody_can_mend_is_a_bug_without_a_remedy() {
        let (message, fault, remedy) = read(ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        assert!(message.starts_with("the store m.db failed: "), "{message}");
        assert_eq!((fault, remedy), (Fault::Bug, None));
    }

    /// SQLite reports its own limit on a file as it reports a full disk.
    #[test]
    fn a_full_file_takes_nothing_of_a_batch_and_goes_on_when_there_is_space() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let ana = user("ana");
        let turns = vec![turn("talk", &"lisbon ".repeat(600), 0); 100];
        let limit = |pages: u32| {
            store
                .connections
                .maintain(|connection| connection.pragma_update(None, "max_page_count", pages))
                .unwrap();
        };
        store.insert_turns(&ana, &turns[..1]).unwrap();
        limit(60);
        let error = store.insert_turns(&ana, &turns).unwrap_err();
        assert!(matches!(error, StoreError::DiskFull(full) if full == store.place()));
        assert_eq!(store.stats().unwrap().turns, 1);
        limit(10_000);
        store.insert_turns(&ana, &turns).unwrap();
        let searcher = Searcher::default();
        let hits = searcher.search_words(&store, &Scope::of(ana), "lisbon", usize::MAX).unwrap();
        assert_eq!(hits.len(), 101);
        store.check(&mut |problem| panic!("{problem}")).unwrap();
    }
}
