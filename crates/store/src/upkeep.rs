//! Upkeep: counts, checks, copies.

use std::path::Path;

use longmem_core::UserName;
use longmem_core::private_files::IfExists;

use crate::{Result, StoreLock};

/// What keeps a store in order.
pub trait Upkeep: Send + Sync {
    /// Counts everything.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn stats(&self) -> Result<StoreStats>;

    /// Lists the users by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn users(&self) -> Result<Vec<UserStats>>;

    /// Checks the whole store, user by user: what the database itself says, the vectors, and the lists
    /// of words, turns and codes against what they were made of. Hands on each problem, a line that
    /// says what is wrong. The memory that it takes does not grow with the store.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    fn check(&self, problem: &mut dyn FnMut(String)) -> Result<()>;

    /// Writes a compact copy of the store, as it is at one moment, to a file for its owner alone,
    /// which appears when it is whole; what was there is replaced only on request, and only then.
    /// `stop` is asked now and then by another thread; when it says true, the copy is given up.
    ///
    /// # Errors
    /// [`StoreError::File`](crate::StoreError::File) if the file exists and must stay;
    /// [`StoreError::Stopped`](crate::StoreError::Stopped);
    /// [`StoreError::Unsupported`](crate::StoreError::Unsupported) by a store that has its own tools
    /// for it. Nothing is left of the copy then.
    fn backup(
        &self,
        to: &Path,
        if_exists: IfExists,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<()>;

    /// Takes the right to watch files for a user, which one process has at a time and gives back when
    /// the lock is dropped or the process ends; none if another has it.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the right cannot be taken.
    fn lock_watching(&self, user: &UserName) -> Result<Option<StoreLock>>;

    /// Where the store is, as a person would name it; without any password.
    fn place(&self) -> String;

    /// Says whether the store is still where it was opened.
    fn is_there(&self) -> bool;
}

/// What a store holds, all users together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Number of users with at least one turn or fact.
    pub users: u64,
    /// Number of conversations.
    pub sessions: u64,
    /// Number of messages.
    pub turns: u64,
    /// Number of pieces of turns that were cut for the embedding model.
    pub passages: u64,
    /// Number of passages that have their vector.
    pub vectors: u64,
    /// Number of turns that have no vectors yet.
    pub turns_without_vectors: u64,
    /// Tokens that no vector covers, because a text was longer than the model's window: 0.
    pub truncated_tokens: u64,
    /// Bytes on disk, logs included.
    pub file_bytes: u64,
    /// Those of them that hold nothing any more: new turns fill them first, and a copy leaves them out.
    pub unused_bytes: u64,
}

/// What a store holds of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStats {
    /// Whose memory it is.
    pub user: UserName,
    /// Number of conversations.
    pub sessions: u64,
    /// Number of messages.
    pub turns: u64,
}
