//! One call: who makes it, and the memory that it may read and change.

use std::sync::Arc;

use jiff::Zoned;
use longmem_core::{Diagnose, ErrorCode, Fault, UserName};
use longmem_memory::{Memory, MemoryError};

use super::reply::Refusal;
use super::warmth::Warmth;
use crate::Permission;
use crate::api::failure::problem_of;
use crate::api::waiting::{Waiting, stored_first};
use crate::caller::Caller;
use crate::shared::Shared;

/// One call of a tool, or one reading of a resource or a prompt.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Caller,
    /// Whether the caller runs this server on their own machine, and may know of its files.
    pub(super) is_owner: bool,
    pub(super) warmth: Warmth,
}

impl Call {
    /// Whose memory it is about.
    pub(super) fn user(&self) -> &UserName {
        &self.caller.user
    }

    /// The present moment, where days begin and end as the user's do.
    pub(super) fn now(&self) -> Zoned {
        self.shared.memory.now().to_zoned(self.shared.settings.talk.conversation.time_zone.clone())
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
            Err(error) => Err(self.refusal(&error)),
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
        done.map_err(|error| self.refusal(&error))
    }

    /// Changes or deletes what is stored, after what waits to be stored: a missing store stays missing.
    ///
    /// # Errors
    /// Why nothing was changed, or that the caller may not.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory, &UserName, &Waiting) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.require(Permission::Write)?;
        let user = self.user().clone();
        let work = stored_first(&self.shared, self.user(), move |memory, waiting| {
            Ok(work(memory, &user, waiting)?)
        });
        let done = self.shared.memory.read(work).await;
        done.map_err(|error| {
            if is_nothing_yet(&error) {
                return Refusal::new(NOTHING_YET, "memory_add stores something.");
            }
            self.refusal(&error)
        })
    }

    /// Whether standing instructions in what is stored become facts.
    pub(super) fn learns(&self) -> bool {
        self.shared.settings.talk.conversation.learns
    }

    fn require(&self, permission: Permission) -> Result<(), Refusal> {
        if self.caller.permissions.contains(&permission) {
            return Ok(());
        }
        let message = match permission {
            Permission::Write => "this memory may be read here, and not changed",
            _ => "this memory may not be read here",
        };
        Err(Refusal::new(message, "Whoever runs this server can allow it."))
    }

    /// An error in the caller's words; of what is wrong with the server's machine, others than its owner
    /// learn only the kind.
    fn refusal<E: Diagnose>(&self, error: &E) -> Refusal {
        if self.is_owner || error.fault() == Fault::Caller {
            return Refusal::of(error, &self.shared.settings);
        }
        Refusal::new(problem_of(error).detail, "Whoever runs this server can look into it.")
    }
}

/// What is said of a memory without anything in it.
pub(super) const NOTHING_YET: &str = "Nothing is stored yet";

fn is_nothing_yet(error: &impl Diagnose) -> bool {
    matches!(error.code(), ErrorCode::NoStore | ErrorCode::UnknownUser)
}
