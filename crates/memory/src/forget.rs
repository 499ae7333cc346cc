//! Deletes for good, after showing what would go.

use longmem_core::{Scope, TurnId};
use longmem_store::{ForgetTarget, Forgotten, WouldForget};

use crate::{Memory, MemoryError};

impl Memory {
    /// Shows what [`Memory::forget`] would delete, with the first `shown` of the turns.
    ///
    /// # Errors
    /// Those of [`Memory::forget`].
    pub fn preview_forget(
        &self,
        target: &ForgetTarget,
        shown: usize,
    ) -> Result<WouldForget, MemoryError> {
        refuse_unsaid(target)?;
        Ok(self.store.preview_forget(target, shown)?)
    }

    /// Deletes turns for good: text, words, vectors, what was made of them, and their bytes on disk. An
    /// import of the file that they came from leaves them out from then on: a salted hash of each
    /// source key is kept, which holds nothing of what was said.
    ///
    /// # Errors
    /// [`MemoryError::ForgetsEverything`] for a scope without any filter: to forget everything of a
    /// user is asked for by [`ForgetTarget::User`]. [`MemoryError::Store`], also for a user or
    /// session that is not in the store. Then nothing was deleted.
    pub fn forget(&self, target: &ForgetTarget) -> Result<Forgotten, MemoryError> {
        refuse_unsaid(target)?;
        let forgotten = self.store.forget(target)?;
        self.searcher.drop_user(target.user());
        Ok(forgotten)
    }
}

/// What is to be forgotten: single turns of a scope if some are named; everything of its user if
/// that is asked for and the scope has no filter; otherwise all turns in scope.
pub fn forget_target(scope: Scope, turns: Vec<TurnId>, everything: bool) -> ForgetTarget {
    if !turns.is_empty() {
        ForgetTarget::Turns(scope, turns)
    } else if everything && scope.is_whole_user() {
        ForgetTarget::User(scope.user)
    } else {
        ForgetTarget::Scope(scope)
    }
}

/// A filter that was left out by mistake must not delete everything.
fn refuse_unsaid(target: &ForgetTarget) -> Result<(), MemoryError> {
    match target {
        ForgetTarget::Scope(scope) if scope.is_whole_user() => Err(MemoryError::ForgetsEverything),
        _ => Ok(()),
    }
}
