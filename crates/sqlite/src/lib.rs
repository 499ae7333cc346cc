//! Keeps a memory in one SQLite file: the embedded default.
//!
//! One file holds the memory of many users. A turn is on disk when
//! [`insert_turns`](longmem_store::Turns::insert_turns) returns. Several processes may share the file:
//! no lock is held while anything is scored, and each process refreshes its copy of the lists and
//! vectors when another one wrote.
//!
//! Useful for up to some million passages per user on one machine. Not useful on a network file
//! system, whose locks SQLite cannot trust.
//!
//! # Examples
//! ```
//! use longmem_core::{NewTurn, Role, Scope, SessionName, UserName};
//! use longmem_search::Searcher;
//! use longmem_sqlite::{IfMissing, SqliteStore};
//! use longmem_store::Turns;
//!
//! let folder = tempfile::tempdir()?;
//! let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
//! let ana = UserName::new("ana")?;
//! let turn = NewTurn {
//!     session: SessionName::new("notes")?,
//!     session_title: None,
//!     role: Role::User,
//!     speaker: None,
//!     text: "I moved to Lisbon in March".to_owned(),
//!     time: "2026-03-02T10:00:00Z".parse()?,
//!     note: false,
//!     source_key: None,
//! };
//! store.insert_turns(&ana, &[turn])?;
//! let found =
//!     Searcher::default().search_words(&store, &Scope::of(ana), "Did I move to Lisbon?", 10)?;
//! assert_eq!(found.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block_tables;
mod changes;
mod check;
mod connections;
mod embedding_models;
mod encryption;
mod entities;
mod error;
mod fact_lines;
mod fact_vectors;
mod facts;
mod file;
mod forget;
mod forgotten_keys;
mod insert;
mod kept;
mod learning;
mod lock_file;
mod migrations;
mod moving;
mod new_key;
mod newest_turns;
mod numbers;
mod open;
mod open_file;
mod queue;
mod read;
mod read_only;
mod rows;
mod salvage;
mod scope_filter;
mod search_source;
mod session_names;
mod source_keys;
mod summaries;
mod unused_bytes;
mod upkeep;
mod users;
mod waiting;
mod word_lists;

#[cfg(test)]
#[path = "../tests/made_up/mod.rs"]
mod made_up;

use std::path::Path;

use connections::Connections;

pub use open::{IfMissing, OpeningNotice, StoreOptions};
pub use salvage::{Readable, Salvaged, readable_turns, salvage};
pub use waiting::on_long_wait;

/// A store in one SQLite file.
pub struct SqliteStore {
    connections: Connections,
    notices: Vec<OpeningNotice>,
}

impl SqliteStore {
    /// The file.
    pub fn path(&self) -> &Path {
        self.connections.path()
    }

    /// What opening the store changed that its owner should hear of.
    pub fn notices(&self) -> &[OpeningNotice] {
        &self.notices
    }
}

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
