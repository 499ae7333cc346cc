//! One call: who makes it, and the memory that it may read and change.

use std::sync::Arc;

use jiff::Zoned;
use longmem_core::{Diagnose, ErrorCode, UserName};
use longmem_memory::{Memory, MemoryError};

use super::reply::Refusal;
use crate::Permission;
use crate::caller::Caller;
use crate::shared::Shared;

/// One call of a tool, or one reading of a resource or a prompt.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Caller,
}

impl Call {
    /// Whose memory it is about.
    pub(super) fn user(&self) -> &UserName {
        &self.caller.user
    }

    /// The present moment, where days begin and end as the user's do.
    pub(super) fn now(&self) -> Zoned {
        self.shared.memory.now().to_zoned(self.shared.settings.time_zone.clone())
    }

    /// Reads the memory; none if nothing is stored of the user yet.
    ///
    /// # Errors
    /// Why it could not be read, or that the caller may not.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory, &UserName) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<Option<T>, Refusal> {
        self.require(Permission::Read)?;
        let user = self.user().clone();
        let read = self.shared.memory.read(move |memory| work(memory, &user)).await;
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if is_nothing_yet(&error) => Ok(None),
            Err(error) => Err(Refusal::of(&error, &self.shared.settings)),
        }
    }

    /// Stores something; a missing store is made.
    ///
    /// # Errors
    /// Why nothing was stored, or that the caller may not.
    pub(super) async fn add<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory, &UserName) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.require(Permission::Write)?;
        let user = self.user().clone();
        let done = self.shared.memory.run(move |memory| work(memory, &user)).await;
        done.map_err(|error| Refusal::of(&error, &self.shared.settings))
    }

    /// Changes or deletes what is stored: a missing store stays missing.
    ///
    /// # Errors
    /// Why nothing was changed, or that the caller may not.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory, &UserName) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.require(Permission::Write)?;
        let user = self.user().clone();
        let done = self.shared.memory.read(move |memory| work(memory, &user)).await;
        done.map_err(|error| {
            if is_nothing_yet(&error) {
                return Refusal::new(NOTHING_YET, "memory_add stores something.");
            }
            Refusal::of(&error, &self.shared.settings)
        })
    }

    fn require(&self, permission: Permission) -> Result<(), Refusal> {
        self.caller.require(permission).map_err(|problem| {
            Refusal::new(problem.detail, "Whoever runs this server can allow it.")
        })
    }
}

/// What is said of a memory without anything in it.
pub(super) const NOTHING_YET: &str = "Nothing is stored yet";

fn is_nothing_yet(error: &MemoryError) -> bool {
    matches!(error.code(), ErrorCode::NoStore | ErrorCode::UnknownUser)
}
