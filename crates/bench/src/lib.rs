//! Measures how fast a machine embeds, recalls and stores.
//!
//! Useful for telling what a memory of a given size costs, on the machine that will hold it. What is
//! measured is the engine itself, through [`Memory`](longmem_memory::Memory): on a memory of one's
//! own, or on one that is [filled](fill) with a made-up [history]. What recall finds is not judged;
//! `longmem-eval` does that.
//!
//! - [`Stopwatch`] times calls, and a [`Figure`] is what it read;
//! - [`one_at_a_time`] and [`all_at_once`] measure an embedding model;
//! - [`RecallBench`] measures recall and prompts;
//! - [`storing`] measures how fast turns are written;
//! - [`StoreBench`] measures all that a store does, to compare stores.
//!
//! # Examples
//! ```
//! use std::sync::Arc;
//!
//! use longmem_bench::{Stopwatch, storing};
//! use longmem_core::{FixedClock, Timestamp};
//! use longmem_memory::Memory;
//! use longmem_sqlite::{IfMissing, SqliteStore};
//! use longmem_test_support::WordHashEmbedder;
//!
//! let folder = tempfile::tempdir()?;
//! let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
//! let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
//! let memory = Memory::new(Arc::new(store), Arc::new(WordHashEmbedder::default()), clock);
//!
//! let stopwatch = Stopwatch::new(|| false);
//! let figures = storing(&memory, &stopwatch)?;
//! println!("{:.0} turns a second, one by one", figures.one_by_one.value());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod history;

mod embedding;
mod error;
mod figure;
mod given_vectors;
mod made_up_memory;
mod recall;
mod stopwatch;
mod store_bench;
mod writing;

pub use embedding::{AtOnce, all_at_once, long_texts, one_at_a_time, short_texts};
pub use error::BenchError;
pub use figure::Figure;
pub use given_vectors::GivenVectors;
pub use made_up_memory::{fill, mixtures, user};
pub use recall::{RECALLED, RecallBench, RecallFigures, made_up_questions, questions_about};
pub use stopwatch::{Stopwatch, timed};
pub use store_bench::{
    AtOnceFigures, Extent, ForgettingFigures, ImportingFigures, RecallOf, RememberingFigures,
    StoreBench,
};
pub use writing::{StoringFigures, storing};
