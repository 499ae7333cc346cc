//! Long-term memory for chat assistants and agents, on your own machine: every turn of every
//! conversation is stored durably, embedded locally, and recalled within a token budget.
//!
//! ```
//! use longmem::{Longmem, Options};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     # let folder = tempfile::tempdir()?;
//!     # let mut options = Options::new(folder.path());
//!     # options.model.download_to = "models".into();
//!     # #[cfg(any())]
//!     let options = Options::new("longmem-data"); // the folder that holds everything
//!     let longmem = Longmem::open(options)?;
//!
//!     longmem.remember("ana", "I moved to Lisbon in March")?;
//!     longmem.remember("ana", "Priya takes over the budget on Monday")?;
//!
//!     let recall = longmem.recall("ana", "Where do I live?")?;
//!     assert_eq!(recall.results[0].turn.text, "I moved to Lisbon in March");
//!
//!     // What a language model should know for its answer, within 4,000 tokens:
//!     let prompt = longmem.context("ana", "Who has the budget?")?;
//!     println!("{} tokens: {:?}", prompt.tokens, prompt.messages);
//!     Ok(())
//! }
//! ```
//!
//! The embedding model, all-MiniLM-L6-v2, is fetched once (91 MB) by the first call that needs it.
//! Nothing else leaves the machine, unless [`Options::with_language_model`] names who answers.
//!
//! - [`Longmem`] has the verbs with sensible defaults: remember, import, index, recall, context, ask,
//!   facts, sessions, forget. Names of users are plain texts; every call sees one user only.
//! - [`Longmem::conversation`] and [`Longmem::talk`] are conversations that remember: streamed, stored,
//!   within a budget, learned from. They are async; everything else is not.
//! - [`Longmem::memory`] is the engine, with every request spelt out: scopes, channels, thresholds.
//! - [`Options`] name the place of the store, a file or the address of a PostgreSQL database, the model, the clock; an embedder or a store of one's own
//!   takes their place. [`Options::from_environment`] are those of the command line.
//!
//! The library prints nothing, and reads neither the environment nor a home folder unless it is told
//! to. Errors say what would help as values: see [`core::Remedy`].
//!
//! Programs to start from: `examples/chatbot.rs`, `recall.rs`, `own_embedder.rs`, `own_store/`.

mod clock;
pub mod environment;
mod error;
mod folders;
pub mod key_file;
mod longmem;
mod new_key;
mod opening;
mod options;
mod place;
mod ring_address;
mod server_environment;

pub use clock::SystemClock;
pub use error::Error;
pub use folders::{Folders, HubSettings};
pub use longmem::Longmem;
pub use new_key::change_key;
pub use opening::{open_later, open_memory, open_patiently};
pub use options::{MAX_THREADS, Options, checked_threads};
pub use place::{ServerAddress, StorePlace};
pub use ring_address::RingAddress;

pub use longmem_chat as chat;
pub use longmem_core as core;
pub use longmem_embed as embed;
pub use longmem_memory as memory;
pub use longmem_postgres as postgres;
pub use longmem_ring as ring;
pub use longmem_search as search;
pub use longmem_sqlite as sqlite;
pub use longmem_store as store;
pub use longmem_text as text;

pub use longmem_chat::{Api, ApiKey, Context, Conversation, ModelSettings, Reply, Talk};
pub use longmem_core::{
    Clock, Diagnose, Embedding, Fact, FactId, Recalled, Role, Scope, SessionName, StoreKey,
    TextEmbedder, Turn, TurnId, UserName,
};
pub use longmem_memory::{Forgotten, ImportReport, IndexReport, Memory, Recall, RecallRequest};
pub use longmem_sqlite::{IfMissing, OpeningNotice, Readable, Salvaged, readable_turns, salvage};
pub use longmem_store::Store;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
