//! What keeps a store in order: counts, checks, copies.

use std::path::Path;

use longmem_core::private_files::IfExists;
use longmem_core::{EmbeddingModel, Scope, UserName};
use longmem_store::{Epoch, StoreLock, StoreStats, UserStats};

use crate::{Memory, MemoryError};

impl Memory {
    /// Takes the right to watch files for a user, which one process has at a time and gives back when
    /// the lock is dropped or the process ends; none if another has it.
    ///
    /// # Errors
    /// [`MemoryError::Store`] if the right cannot be taken.
    pub fn lock_watching(&self, user: &UserName) -> Result<Option<StoreLock>, MemoryError> {
        Ok(self.store.lock_watching(user)?)
    }

    /// Counts what the store holds.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn stats(&self) -> Result<StoreStats, MemoryError> {
        Ok(self.store.stats()?)
    }

    /// Lists the users by name, with how much is stored of each.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn users(&self) -> Result<Vec<UserStats>, MemoryError> {
        Ok(self.store.users()?)
    }

    /// The model whose vectors serve searches; none before the first were written.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn serving_model(&self) -> Result<Option<EmbeddingModel>, MemoryError> {
        Ok(self.store.serving_model()?)
    }

    /// Counts the turns that wait for vectors: one user's, or all.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn waiting(&self, user: Option<&UserName>) -> Result<u64, MemoryError> {
        Ok(self.store.waiting(user)?)
    }

    /// A number that changes whenever something of a user was deleted, so that whoever holds turns
    /// can tell whether all of them are still there.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn epoch(&self, user: &UserName) -> Result<Epoch, MemoryError> {
        Ok(self.store.epoch(user)?)
    }

    /// Fails for a user or a session that is not in the store.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn check_names(&self, scope: &Scope) -> Result<(), MemoryError> {
        Ok(self.store.check_names(scope)?)
    }

    /// Checks that the whole store is as it should be, and hands on each problem as it is found:
    /// a line that says what is wrong.
    ///
    /// # Errors
    /// [`MemoryError::Store`] when the store cannot be read at all.
    pub fn check(&self, problem: &mut dyn FnMut(String)) -> Result<(), MemoryError> {
        Ok(self.store.check(problem)?)
    }

    /// Writes a compact copy of the store, as it is at one moment, to a file for its owner alone, which
    /// appears when it is whole; what was there is replaced only on request. `stop` is asked now and
    /// then by another thread; when it says true, the copy is given up and nothing is left of it.
    ///
    /// # Errors
    /// [`MemoryError::Store`], also if the file exists and must stay, and if it was stopped.
    pub fn backup(
        &self,
        to: &Path,
        if_exists: IfExists,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), MemoryError> {
        Ok(self.store.backup(to, if_exists, stop)?)
    }

    /// Where the store is, as a person would name it: "memory.db".
    pub fn place(&self) -> String {
        self.store.place()
    }

    /// Says whether the store is still where it was opened.
    pub fn is_there(&self) -> bool {
        self.store.is_there()
    }

    /// Keeps a small value under a name, in place of the one before; none deletes it. It belongs to a
    /// user, with whom it is forgotten, or to the whole store (no user). Backups have it, exports do
    /// not.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn keep_value(
        &self,
        user: Option<&UserName>,
        name: &str,
        value: Option<&[u8]>,
    ) -> Result<(), MemoryError> {
        Ok(self.store.keep_value(user, name, value)?)
    }

    /// Keeps several small values of a user at once, as [`Memory::keep_value`] does.
    ///
    /// # Errors
    /// [`MemoryError::Store`]; then none was kept.
    pub fn keep_values(
        &self,
        user: &UserName,
        values: &[(String, Vec<u8>)],
    ) -> Result<(), MemoryError> {
        Ok(self.store.keep_values(user, values)?)
    }

    /// Reads the value that [`Memory::keep_value`] kept under a name.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn kept_value(
        &self,
        user: Option<&UserName>,
        name: &str,
    ) -> Result<Option<Vec<u8>>, MemoryError> {
        Ok(self.store.kept_value(user, name)?)
    }

    /// Lists the names of kept values that begin with a prefix, sorted.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn kept_names(
        &self,
        user: Option<&UserName>,
        prefix: &str,
    ) -> Result<Vec<String>, MemoryError> {
        Ok(self.store.kept_names(user, prefix)?)
    }
}
