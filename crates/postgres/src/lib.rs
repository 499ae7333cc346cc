//! Keeps a memory in PostgreSQL, for many machines at once: 15 or later, no extension.
//!
//! Any number of processes on any number of machines share a store. Each user's rows are led by the hash
//! of the name, locked row by row for writing, and hidden from transactions that named another user. A
//! turn is durable when [`insert_turns`](longmem_store::Turns::insert_turns) returns, as far as the
//! server's `synchronous_commit` says; a write that the server lost is repeated on the next one of the
//! address, and never made twice.
//!
//! Useful for teams that outgrew one machine. Not useful for one machine: SQLite needs no server and
//! answers sooner.

mod changes;
mod check;
mod commit_marks;
mod database;
mod embedding_models;
mod entities;
mod fact_lines;
mod fact_vectors;
mod facts;
mod failure;
mod forget;
mod forgotten_keys;
mod insert;
mod kept;
mod learning;
mod leases;
mod lists;
mod location;
mod migrations;
mod moving;
mod number_slots;
mod numbers;
mod options;
mod presence;
mod queue;
mod report;
mod ring;
mod scratch;
mod search_source;
mod session_names;
mod silence;
mod source_keys;
mod statements;
mod summaries;
mod tail_cache;
mod tls;
mod turn_rows;
mod turns;
mod upkeep;
mod user_number;
mod user_places;
mod users;

use std::sync::Arc;
use std::time::Duration;

use longmem_store::{Result, StoreError};

use database::Database;
use failure::Failure;
use location::Location;
use migrations::{IfNotCurrent, STEPS};
pub use moving::{MoveStep, MovedUserReport};
pub use number_slots::NUMBER_SLOTS;
pub use options::{AddressDefaults, AddressParts, PostgresOptions, Stop, is_address, place};
pub use presence::Presence;
pub use report::ServerReport;
pub use ring::{RingRecord, RingServer};
pub use scratch::ScratchSchema;
use tail_cache::TailCache;
pub use user_places::UserPlace;

/// A store in a PostgreSQL database.
pub struct PostgresStore {
    database: Database,
    tails: Arc<TailCache>,
    /// How long a lease lasts unless it is prolonged.
    lease: Duration,
    is_new: bool,
}

impl PostgresStore {
    /// Opens the store at an address, as libpq reads it:
    /// `postgres://user@host1,host2:5432/database?target_session_attrs=read-write`. `schema` names the
    /// schema of the tables ("longmem"), `connections` how many there are at most (8).
    ///
    /// # Errors
    /// [`StoreError::InvalidAddress`]; [`StoreError::Unreachable`]; [`StoreError::Missing`] if there are
    /// no tables and none are to be made; [`StoreError::TooOld`] for tables that an older version made, if
    /// they are not to be changed; [`StoreError::TooNew`] for those of a newer version, unless it left them
    /// so that this one works with them.
    pub fn open(address: &str, options: &PostgresOptions) -> Result<Self> {
        let location = Location::parse(address, options)?;
        let database = Database::new(location, options.stop.clone())?;
        let may = IfNotCurrent { create: options.create, migrate: options.migrate };
        let is_new = migrations::open(&database, &STEPS, may)?;
        let lease = options.lease.unwrap_or(leases::LENGTH);
        Ok(Self { database, tails: Arc::default(), lease, is_new })
    }

    /// The same store, with the same connections, for one who expects other users there.
    #[must_use]
    pub fn with_presence(&self, presence: Presence) -> Self {
        Self {
            database: self.database.with_presence(presence),
            tails: Arc::clone(&self.tails),
            lease: self.lease,
            is_new: self.is_new,
        }
    }

    /// Whether there were no tables, so that opening the store made them.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Number of times that this process waited for the server so far, but for the making of connections:
    /// what a network between them delays.
    pub fn trips(&self) -> u64 {
        self.database.trips()
    }

    fn error(&self, failure: Failure) -> StoreError {
        failure.into_store_error(self.database.location())
    }
}

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
