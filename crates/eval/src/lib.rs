//! Measures recall quality and latency on public data sets.
//!
//! Useful for seeing what a change to the engine does, on LoCoMo, LongMemEval or data of one's own:
//! it remembers each conversation in a store of its own, lets the engine index it, asks every
//! question, and compares what comes back, and what a prompt made of it holds, with the evidence.
//! Everything goes through the engine itself; the strategies that it is compared with
//! ([`Strategy`]) take what they need from the same store. It does not judge answers: no language
//! model takes part.
//!
//! - [`dataset::read`] reads the conversations;
//! - [`run`] asks the questions and returns an [`Outcome`] for each;
//! - [`Report`] sums them up, as JSON or as a [table](fn@table);
//! - [`replay()`] counts what the prompts of a conversation cost with a provider's cache.
//!
//! The same engine gives the same numbers on every run, but for the latencies.
//!
//! # Examples
//! ```
//! use std::ops::ControlFlow;
//! use std::sync::Arc;
//!
//! use longmem_core::{EstimatedTokens, FixedClock, Timestamp};
//! use longmem_eval::{Report, RunOptions, dataset, run, table};
//! use longmem_memory::Memory;
//! use longmem_sqlite::{IfMissing, SqliteStore};
//! use longmem_test_support::WordHashEmbedder; // outside tests: longmem_embed::LazyEmbedder
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("ana.jsonl");
//! std::fs::write(&file, r#"{"id": "ana", "sessions": [{"id": "s1", "date": "2026-03-02",
//!     "turns": [{"id": "t1", "role": "user", "text": "I moved to Lisbon in March."}]}],
//!     "questions": [{"id": "q1", "text": "When did I move?", "evidence": ["t1"]}]}"#)?;
//! let dataset = dataset::read(&file)?;
//!
//! let embedder = Arc::new(WordHashEmbedder::default());
//! let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
//! let options = RunOptions::new(folder.path(), &EstimatedTokens);
//! let measured = run(
//!     &dataset,
//!     &options,
//!     &|file| {
//!         let store = SqliteStore::open(file, IfMissing::Create)?;
//!         Ok(Memory::new(Arc::new(store), embedder.clone(), clock.clone()))
//!     },
//!     &mut |_progress| ControlFlow::Continue(()),
//! )?;
//! let report = Report::new(&measured);
//! assert_eq!(report.groups[0].strategies[0].turn.as_ref().unwrap().scores.recall(1), Some(1.0));
//! assert!(table(&report).contains("naive-hybrid"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod dataset;
pub mod metrics;
pub mod statistics;

mod context;
mod embed_once;
mod error;
mod fit;
mod haystack;
mod misses;
mod outcome;
mod ranking;
mod replay;
mod report;
mod run;
mod scoring;
mod strategy;
mod table;

pub use embed_once::EmbedOnce;
pub use error::{DatasetFlaw, EvalError};
pub use fit::{Fit, Fold, Recalls, ThresholdRow, fit, fit_table};
pub use misses::misses;
pub use outcome::{EvidencePlace, Outcome, StageTime, StrategyOutcome};
pub use replay::{
    OpenMemory, Prices, ReplayOptions, ReplayReport, WayReport, replay, replay_table,
};
pub use report::{
    AbstentionReport, DatasetSummary, GroupReport, LatencyReport, LevelReport, Report,
    StageLatency, StrategyReport,
};
pub use run::{Phase, Run, RunOptions, RunProgress, run};
pub use strategy::{Strategy, UnknownStrategy};
pub use table::table;
