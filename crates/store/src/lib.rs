//! What a store must do: the trait, its types and errors, and the suite that every store passes.
//!
//! A store keeps what many users said, with the vectors, facts and summaries made of it. It scores
//! nothing: [`longmem_search`] does, on the rows and bytes that a [`Store`] hands out, so that every
//! store gives the same answers bit for bit.
//!
//! What every method promises, unless it says otherwise:
//!
//! - **One user.** A read or write names a user, and nothing of another user is seen or changed.
//! - **One transaction.** A write is durable when the method returns, or nothing changed. What a store
//!   means by durable, it says: SQLite has it on disk.
//! - **Repeatable.** A write may be run again from its beginning, when a database asks for that; so
//!   closures that it is given are `Fn` and change nothing.
//! - **Order.** Numbers of turns and of passages rise, for each user, in the order of commit, and are
//!   never used twice.
//!
//! With the feature `suite`, `store_suite!` makes one test of each of these promises for a store of
//! one's own.

mod changes;
mod error;
mod fact_lines;
mod facts;
mod forget_fingerprint;
mod forgotten_key;
mod kept;
mod learning;
mod moving;
pub mod own_values;
mod turns;
mod upkeep;
mod vectors;

#[cfg(feature = "suite")]
pub mod suite;

use longmem_search::SearchSource;

pub use changes::{Amended, Changes, Moved};
pub use error::StoreError;
pub use fact_lines::{FactLines, FactPlace};
pub use facts::{DeletedFacts, Facts, FactsAt, ImportedFact, KnownEntity};
pub use forget_fingerprint::ForgetFingerprint;
pub use forgotten_key::ForgottenKey;
pub use kept::{IMPORT_MARKS, KeptValues};
pub use learning::{Learned, LearnedFact, Learning, Replaced};
pub use longmem_search::Epoch;
pub use moving::{
    ContentFingerprint, Extent, ForgottenKeys, MovedFact, MovedPassages, MovedSession,
    MovedSummary, MovedTurn, MovedUser, Moving, NUMBERS_IN_CHUNK, RecordBatches, RecordSink,
    RecordSource, TakenIn, UserRecords, content_fingerprint,
};
pub use turns::{
    ChangeMark, Derived, Erasure, ForgetTarget, Forgotten, Inserted, KeyState, SessionSummary,
    StoredTurn, Turns, UserOverview, WouldForget, has_grown,
};
pub use upkeep::{StoreStats, Upkeep, UserStats};
pub use vectors::{
    Claim, EmbeddedTurn, IndexShare, ModelState, QueuedTurn, StoreLock, Vectors, may_index,
};

/// The result of everything that a store does.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A place that keeps the memory of many users. It is shared by threads, and may be shared by
/// processes.
pub trait Store:
    Turns
    + Changes
    + Vectors
    + Facts
    + Learning
    + KeptValues
    + Upkeep
    + Moving
    + SearchSource<Error = StoreError>
{
}

impl<S> Store for S where
    S: Turns
        + Changes
        + Vectors
        + Facts
        + Learning
        + KeptValues
        + Upkeep
        + Moving
        + SearchSource<Error = StoreError>
{
}
