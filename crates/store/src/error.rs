//! What can go wrong with a store, and what to do about it.

use std::path::PathBuf;

use longmem_core::{Diagnose, FactId, Fault, InvalidEmbedding, Remedy, SessionName, UserName};
use rusqlite::ErrorCode;
use rusqlite::types::Type;
use thiserror::Error;

/// Why a store could not do what was asked; nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no file, and the caller did not ask to make one.
    #[error("there is no memory at {}", .0.display())]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{} is not a longmem store: {found}", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
    },
    /// A newer longmem wrote it.
    #[error(
        "{} was written by a newer longmem: its format is {found}, this one knows up to {known}",
        path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The format's number in the file.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file or its folder cannot be written.
    #[error("{} cannot be written: {reason}", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The disk is full.
    #[error("the disk that holds {} is full; nothing was stored", .0.display())]
    DiskFull(PathBuf),
    /// The system failed to read or write the file.
    #[error("{} cannot be read or written: {reason}", path.display())]
    InputOutput {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The file's content is not what SQLite wrote.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Another process held the file for longer than the busy timeout.
    #[error("{} is locked by another process for more than {seconds} seconds", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A user that has no memory here.
    #[error("there is no user \"{0}\" in this store")]
    UnknownUser(UserName),
    /// A session that the user does not have.
    #[error("user \"{user}\" has no session \"{session}\"")]
    UnknownSession {
        /// Whose sessions were searched.
        user: UserName,
        /// What was asked for.
        session: SessionName,
    },
    /// A fact that the user does not have.
    #[error("user \"{user}\" has no fact {fact}")]
    UnknownFact {
        /// Whose facts were searched.
        user: UserName,
        /// What was asked for.
        fact: FactId,
    },
    /// The vectors here were made by another model.
    #[error("the vectors of {} were made by {stored}, not by {given}", path.display())]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// The model that serves in the store.
        stored: String,
        /// The model that was given.
        given: String,
    },
    /// A stored vector that is none.
    #[error(transparent)]
    BadVector(#[from] BadVector),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// SQLite failed in a way that has no name of its own here.
    #[error("the store {} failed: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
}

/// A stored vector that is none.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("the vector of passage {passage} is damaged: {reason}")]
pub struct BadVector {
    /// The passage's number.
    pub passage: i64,
    /// What is wrong with its vector.
    pub reason: InvalidEmbedding,
}

impl BadVector {
    /// As the error of the column that held it, so that it passes through SQLite's callbacks.
    pub(crate) fn in_column(self, column: usize) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(self))
    }
}

impl StoreError {
    /// Says whether the store cannot be used now, through no fault of what was asked, and may be
    /// later: it is locked, full, gone, cannot be written or is damaged.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Missing(_)
                | Self::ReadOnly { .. }
                | Self::DiskFull(_)
                | Self::InputOutput { .. }
                | Self::Damaged { .. }
                | Self::Locked { .. }
                | Self::File(_)
        )
    }

    /// Gives an SQLite error the name that a person can act on.
    pub(crate) fn from_sqlite(path: &std::path::Path, source: rusqlite::Error) -> Self {
        if let rusqlite::Error::FromSqlConversionFailure(_, _, inner) = &source
            && let Some(bad) = inner.downcast_ref::<BadVector>()
        {
            return Self::BadVector(bad.clone());
        }
        let path = path.to_owned();
        let Some(code) = source.sqlite_error_code() else {
            return Self::Sqlite { path, source };
        };
        let reason = source.to_string();
        if code == ErrorCode::DiskFull {
            Self::DiskFull(path)
        } else if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
            Self::Locked { path, seconds: crate::open::BUSY_TIMEOUT.as_secs() }
        } else if matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) {
            Self::Damaged { path, reason }
        } else if matches!(
            code,
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied
        ) {
            Self::ReadOnly { path, reason }
        } else if code == ErrorCode::SystemIoFailure {
            Self::InputOutput { path, reason }
        } else {
            Self::Sqlite { path, source }
        }
    }
}

impl Diagnose for StoreError {
    fn code(&self) -> longmem_core::ErrorCode {
        use longmem_core::ErrorCode;

        match self {
            Self::Missing(_) => ErrorCode::NoStore,
            Self::NotAStore { .. } => ErrorCode::NotAStore,
            Self::TooNew { .. } => ErrorCode::NewerStore,
            Self::ReadOnly { .. } => ErrorCode::NotWritable,
            Self::DiskFull(_) => ErrorCode::DiskFull,
            Self::InputOutput { .. } => ErrorCode::DiskFailed,
            Self::Damaged { .. } | Self::BadVector(_) => ErrorCode::DamagedStore,
            Self::Locked { .. } => ErrorCode::Locked,
            Self::UnknownUser(_) => ErrorCode::UnknownUser,
            Self::UnknownSession { .. } => ErrorCode::UnknownSession,
            Self::UnknownFact { .. } => ErrorCode::UnknownFact,
            Self::OtherModel { .. } => ErrorCode::OtherModel,
            Self::File(_) => ErrorCode::FileFailed,
            Self::Sqlite { .. } => ErrorCode::Bug,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Missing(_)
            | Self::NotAStore { .. }
            | Self::TooNew { .. }
            | Self::UnknownUser(_)
            | Self::UnknownSession { .. }
            | Self::UnknownFact { .. }
            | Self::OtherModel { .. } => Fault::Caller,
            Self::ReadOnly { .. }
            | Self::DiskFull(_)
            | Self::InputOutput { .. }
            | Self::Damaged { .. }
            | Self::Locked { .. }
            | Self::BadVector(_)
            | Self::File(_) => Fault::Environment,
            Self::Sqlite { .. } => Fault::Bug,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        vec![match self {
            Self::Missing(_) => Remedy::RememberFirst,
            Self::NotAStore { .. } => Remedy::NameAnotherStore,
            Self::TooNew { .. } => Remedy::UseNewerVersion,
            Self::ReadOnly { .. } => Remedy::MakeWritable,
            Self::DiskFull(_) => Remedy::FreeSpace,
            Self::InputOutput { .. } => Remedy::CheckDisk,
            Self::Damaged { .. } => Remedy::RestoreBackup,
            Self::Locked { .. } => Remedy::WaitForOtherProcess,
            Self::UnknownUser(_) => Remedy::ListUsers,
            Self::UnknownSession { .. } => Remedy::ListSessions,
            Self::UnknownFact { .. } => Remedy::ListFacts,
            Self::OtherModel { .. } => Remedy::ReplaceModel,
            Self::BadVector(_) => Remedy::EmbedAgain,
            Self::File(_) | Self::Sqlite { .. } => return Vec::new(),
        }]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use longmem_core::Scope;
    use rusqlite::ffi;

    use super::*;
    use crate::made_up::{turn, user};
    use crate::{IfMissing, Store};

    /// The message, whose fault it is, and what would help, for an error that SQLite reports by its
    /// number.
    fn read(code: i32) -> (String, Fault, Option<Remedy>) {
        let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        let error = StoreError::from_sqlite(Path::new("m.db"), source);
        (error.to_string(), error.fault(), error.remedies().pop())
    }

    #[test]
    fn what_a_person_can_mend_has_a_name_and_a_remedy() {
        for (codes, message, remedy) in [
            (
                &[ffi::SQLITE_FULL][..],
                "the disk that holds m.db is full; nothing was stored",
                Remedy::FreeSpace,
            ),
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
        let store = Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
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
        assert!(matches!(error, StoreError::DiskFull(path) if path == store.path()));
        assert_eq!(store.stats().unwrap().turns, 1);
        limit(10_000);
        store.insert_turns(&ana, &turns).unwrap();
        let hits = store.search_words(&Scope::of(ana), "lisbon", usize::MAX).unwrap();
        assert_eq!(hits.len(), 101);
        store.check(&mut |problem| panic!("{problem}")).unwrap();
    }
}
