//! Deletes for good, after showing what would go.

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

    /// Deletes turns for good: text, words, vectors, what was made of them, and their bytes on disk.
    ///
    /// # Errors
    /// [`MemoryError::ForgetsEverything`] for a scope without any filter: to forget everything of a
    /// user is asked for by [`ForgetTarget::User`]. [`MemoryError::Store`], also for a user or
    /// session that is not in the store. Then nothing was deleted.
    pub fn forget(&self, target: &ForgetTarget) -> Result<Forgotten, MemoryError> {
        refuse_unsaid(target)?;
        Ok(self.store.forget(target)?)
    }
}

/// A filter that was left out by mistake must not delete everything.
fn refuse_unsaid(target: &ForgetTarget) -> Result<(), MemoryError> {
    match target {
        ForgetTarget::Scope(scope) if scope.is_whole_user() => Err(MemoryError::ForgetsEverything),
        _ => Ok(()),
    }
}
