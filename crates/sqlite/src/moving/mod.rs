//! Gives users away to other stores, and takes users in.

mod forgotten;
mod reading;
mod renumbering;
mod writing;

use std::cell::RefCell;

use longmem_core::UserName;
use longmem_store::{
    Extent, ForgottenKeys, Moving, RecordSink, RecordSource, Result, StoreError, TakenIn,
};

use crate::SqliteStore;
use crate::users::user_id;

impl Moving for SqliteStore {
    fn read_user(&self, user: &UserName, extent: Extent, sink: &mut RecordSink<'_>) -> Result<()> {
        let stop = Stop::default();
        let read = self.connections.read(|connection| {
            let read = match user_id(connection, user)? {
                Some(user_id) => reading::read(connection, user_id, extent, sink),
                None => Err(Failure::Other(StoreError::UnknownUser(user.clone()))),
            };
            stop.at(read)
        });
        stop.or(read)
    }

    fn write_user(&self, user: &UserName, source: &RecordSource<'_>) -> Result<TakenIn> {
        let stop = Stop::default();
        let written = self.connections.write(|transaction| {
            let written = writing::write(transaction, user, source);
            stop.at(written.map_err(|failure| match failure {
                Failure::UserIsThere => {
                    let (place, user) = (crate::error::place(self.path()), user.clone());
                    Failure::Other(StoreError::UserExists { place, user })
                }
                other => other,
            }))
        });
        stop.or(written)
    }

    fn forgotten_keys(&self, _user: Option<&UserName>) -> Result<ForgottenKeys> {
        self.connections.read(forgotten::read)
    }

    fn take_forgotten_keys(&self, keys: &ForgottenKeys) -> Result<bool> {
        self.connections.write(|transaction| forgotten::take(transaction, keys))
    }
}

/// Why a user was not given away or taken in.
enum Failure {
    /// SQLite's error.
    Rows(rusqlite::Error),
    /// The user who is to be taken in is there.
    UserIsThere,
    /// The error of the other side, or a damaged vector.
    Other(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Rows(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

/// Keeps an error that is none of SQLite's, while one of SQLite's ends the transaction.
#[derive(Default)]
struct Stop(RefCell<Option<StoreError>>);

impl Stop {
    /// The result as SQLite's.
    fn at<T>(&self, result: std::result::Result<T, Failure>) -> rusqlite::Result<T> {
        result.map_err(|failure| match failure {
            Failure::Rows(error) => error,
            Failure::UserIsThere => rusqlite::Error::QueryReturnedNoRows,
            Failure::Other(error) => {
                *self.0.borrow_mut() = Some(error);
                rusqlite::Error::QueryReturnedNoRows
            }
        })
    }

    /// The error that was kept, otherwise what came of the transaction.
    fn or<T>(self, result: Result<T>) -> Result<T> {
        self.0.into_inner().map_or(result, Err)
    }
}
