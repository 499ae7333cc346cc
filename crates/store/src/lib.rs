//! Keeps turns, passages, vectors, facts and summaries in SQLite, and scores vectors and words.
//!
//! One file holds the memory of many users; every read names one of them. A turn is on disk when
//! [`Store::insert_turns`] returns; its vectors come later, from whoever embeds
//! ([`Store::queued_turns`], [`Store::write_vectors`]). Several processes may share the file: no
//! lock is held while anything is scored, and each process refreshes its copy of the vectors when
//! another one wrote.
//!
//! Useful for up to some million passages per user on one machine. Not useful on a network file
//! system, whose locks SQLite cannot trust.
//!
//! # Examples
//! ```
//! use longmem_core::{NewTurn, Role, Scope, SessionName, UserName};
//! use longmem_store::{IfMissing, Store};
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path().join("memory.db"), IfMissing::Create)?;
//! let ana = UserName::new("ana")?;
//! let turn = NewTurn {
//!     session: SessionName::new("notes")?,
//!     session_title: None,
//!     role: Role::User,
//!     speaker: None,
//!     text: "I moved to Lisbon in March".to_owned(),
//!     time: "2026-03-02T10:00:00Z".parse()?,
//!     source_key: None,
//! };
//! store.insert_turns(&ana, &[turn])?;
//! let hits = store.search_words(&Scope::of(ana), "Did I move to Lisbon?", 10)?;
//! assert_eq!(hits.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backup;
mod blocks;
mod candidates;
mod code;
mod code_blocks;
mod connections;
mod dot;
mod entities;
mod error;
mod export;
mod facts;
mod forget;
mod hamming;
mod indexing;
mod layout;
mod learning;
mod lexical;
mod migrations;
mod open;
mod postings;
mod scope_filter;
mod selection;
mod sessions;
mod smoothing;
mod snapshot;
mod stats;
mod summaries;
mod turn_blocks;
mod turns;
mod two_stages;
mod user_cache;
mod vector_codec;
mod vectorized;
mod vocabulary;
mod windows;

#[cfg(test)]
#[path = "../tests/made_up/mod.rs"]
mod made_up;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use connections::Connections;
use user_cache::UserCache;

pub use candidates::{Candidate, CandidateRequest, Candidates, DenseHit, LexicalHit};
pub use entities::KnownEntity;
pub use error::{BadVector, StoreError};
pub use export::StoredTurn;
pub use facts::FactsAt;
pub use forget::{Derived, Epoch, ForgetTarget, Forgotten, WouldForget};
pub use indexing::{EmbeddedTurn, IndexLock, QueuedTurn};
pub use learning::{Learned, LearnedFact, Replaced};
pub use lexical::LexicalParameters;
pub use open::IfMissing;
pub use sessions::SessionSummary;
pub use smoothing::DenseParameters;
pub use stats::{StoreStats, UserStats};
pub use turns::Inserted;
pub use two_stages::Scan;

/// Numbers in each vector.
pub(crate) const DIMENSIONS: usize = 384;

/// One open store.
pub struct Store {
    connections: Connections,
    users: UserCache,
}

impl Store {
    fn with_connection(path: PathBuf, writer: Connection) -> Self {
        Self { connections: Connections::new(path, writer), users: UserCache::default() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.connections.path()
    }

    /// Where the store is, as a person would name it.
    pub fn place(&self) -> String {
        self.path().display().to_string()
    }

    /// Says whether the store is still where it was opened.
    pub fn is_there(&self) -> bool {
        self.path().exists()
    }
}
