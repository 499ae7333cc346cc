//! Moving: a user's memory goes from one store to another, whatever kinds they are.
//!
//! It goes as records that name no store: sessions, turns, passages with their vectors, facts, summaries,
//! small values. Lists of words, turns and codes are not among them, since the target makes its own.

mod batches;
mod content;
mod records;

use longmem_core::UserName;

use crate::{ForgottenKey, Result};

pub use batches::RecordBatches;
pub use content::{ContentFingerprint, content_fingerprint};
pub use records::{
    MovedFact, MovedPassages, MovedSession, MovedSummary, MovedTurn, MovedUser, NUMBERS_IN_CHUNK,
    UserRecords,
};

/// Takes records over, batch after batch.
pub type RecordSink<'a> = dyn FnMut(UserRecords) -> Result<()> + 'a;

/// Hands all records of a user to a sink; it may be asked again from the beginning, if a write is
/// repeated.
pub type RecordSource<'a> = dyn Fn(&mut RecordSink<'_>) -> Result<()> + Sync + 'a;

/// What a store does to give a user away and to take one in.
pub trait Moving: Send + Sync {
    /// Hands out a user's memory as it is at one moment, in batches, so that the memory that it takes
    /// does not grow with what the user has. [`UserRecords`] says in which order they come.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`](crate::StoreError::UnknownUser); the errors of the sink; a damaged
    /// vector.
    fn read_user(&self, user: &UserName, extent: Extent, sink: &mut RecordSink<'_>) -> Result<()>;

    /// Takes in a user who is not there, in one transaction. The records come in the order of
    /// [`UserRecords`]. Vectors of models that this store does not have are left out. A turn waits for
    /// vectors if it did so in the source and this store's newest model is that of the source; if it is
    /// another one, every turn waits that has no vector of it.
    ///
    /// # Errors
    /// [`StoreError::UserExists`](crate::StoreError::UserExists); the errors of the source. Nothing of
    /// the user is stored then.
    fn write_user(&self, user: &UserName, source: &RecordSource<'_>) -> Result<TakenIn>;

    /// Reads by what forgotten turns are known: those of one user as far as the store can tell whose
    /// they are, otherwise all of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn forgotten_keys(&self, user: Option<&UserName>) -> Result<ForgottenKeys>;

    /// Keeps by what forgotten turns are known in another store. False, and none is kept, if this store
    /// has another salt and forgotten keys of its own: a key is hashed with the salt, and cannot be hashed
    /// again.
    ///
    /// # Errors
    /// When the store cannot be written; then none was kept.
    fn take_forgotten_keys(&self, keys: &ForgottenKeys) -> Result<bool>;
}

/// How much of a user is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Everything,
    /// What was said and what is known: neither vectors nor small values.
    Words,
}

/// What became of a user's numbers in the target: each kind keeps them, unless somebody else has some of
/// them there. New ones are given in the same order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Whether turns have other numbers than in the source.
    pub new_turn_numbers: bool,
    /// Whether facts have other numbers than in the source.
    pub new_fact_numbers: bool,
    /// Whether summaries have other numbers than in the source.
    pub new_summary_numbers: bool,
    /// Number of passages whose vectors were left out, since the store does not have their model.
    pub passages_left_out: u64,
}

/// By what a store knows forgotten turns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgottenKeys {
    /// What was hashed before each key.
    pub salt: Vec<u8>,
    /// Each key, with the number of its user where the store can tell: the first 63 bits of SHA-256 of
    /// the name.
    pub keys: Vec<(Option<i64>, ForgottenKey)>,
}
