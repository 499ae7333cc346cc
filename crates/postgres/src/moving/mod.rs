//! Gives users away to other stores, and takes users in.
//!
//! Rows are written by arrays rather than by COPY: the driver can copy only through a named statement,
//! which a pooler between would not know of.

mod attempts;
mod between_servers;
mod forgotten;
mod reading;
mod writing;

use std::cell::RefCell;

use longmem_core::UserName;
use longmem_store::{
    Extent, ForgottenKeys, Moving, RecordSink, RecordSource, Result, StoreError, TakenIn, Upkeep,
};

use crate::PostgresStore;
use crate::database::Users;
use crate::user_number::UserNumber;

pub use between_servers::{MoveStep, MovedUserReport};
use writing::Taking;

impl Moving for PostgresStore {
    fn read_user(&self, user: &UserName, extent: Extent, sink: &mut RecordSink<'_>) -> Result<()> {
        let handed_on = RefCell::new((sink, false));
        self.database.read(UserNumber::of(user).alone(), async |statements| {
            let mut hand_on = |records| {
                let (sink, begun) = &mut *handed_on.borrow_mut();
                *begun = true;
                sink(records)
            };
            let read = reading::read(statements, user, extent, &mut hand_on).await;
            // What was handed on cannot be taken back, so a lost server ends it.
            read.map_err(
                |failure| {
                    if handed_on.borrow().1 { self.error(failure).into() } else { failure }
                },
            )
        })
    }

    fn write_user(&self, user: &UserName, source: &RecordSource<'_>) -> Result<TakenIn> {
        attempts::with(source, |attempts| {
            self.database.write(UserNumber::of(user).alone(), async |statements| {
                let records = attempts.begin()?;
                match Taking::begin(statements, user, None).await? {
                    Some(taking) => taking.take_all(records).await,
                    None => Err(self.user_exists(user).into()),
                }
            })
        })
    }

    fn forgotten_keys(&self, user: Option<&UserName>) -> Result<ForgottenKeys> {
        let user = user.map(UserNumber::of);
        let whose = user.map_or(Users::All, UserNumber::alone);
        self.database.read(whose, async |statements| forgotten::read(statements, user).await)
    }

    fn take_forgotten_keys(&self, keys: &ForgottenKeys) -> Result<bool> {
        self.database.write(Users::All, async |statements| forgotten::take(statements, keys).await)
    }
}

impl PostgresStore {
    fn user_exists(&self, user: &UserName) -> StoreError {
        StoreError::UserExists { place: self.place(), user: user.clone() }
    }
}

/// The error of a source whose thread is gone.
fn source_is_gone() -> StoreError {
    StoreError::File(std::io::Error::other("the other store stopped without saying why"))
}
