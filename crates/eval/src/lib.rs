//! Measures recall on data sets of conversations and questions.
//!
//! Useful for seeing what a change to the engine does, on LoCoMo, LongMemEval or data of one's own:
//! it remembers each conversation in a memory of its own, lets the engine index it, asks every
//! question, and compares what is recalled, and what a prompt made of it holds, with the evidence
//! that the data set names. The ways of finding that longmem is compared with ([`Strategy`]) read
//! the same memory. Answers are not judged: no language model takes part.
//!
//! - [`dataset::read`] reads the conversations;
//! - [`run`] asks the questions and returns an [`Outcome`] for each;
//! - [`Report`] sums them up, as JSON or as a [table](fn@table);
//! - [`Evaluation`] puts the reports of several data sets [side by side](comparison).
//!
//! The same engine gives the same numbers on every run, except for the latencies.
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
//! let measured = run(
//!     &dataset,
//!     &RunOptions::new(&EstimatedTokens),
//!     &|name| {
//!         let store = SqliteStore::open(folder.path().join(name), IfMissing::Create)?;
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

mod calibration;
mod carrier;
mod comparison;
mod context;
mod embed_once;
mod error;
mod haystack;
mod misses;
mod nothing;
mod outcome;
mod ranking;
mod report;
mod run;
mod scoring;
mod shortfall;
mod strategy;
mod summary;
mod table;

pub use calibration::Calibration;
pub use carrier::{Carrier, PlainText};
pub use comparison::{calibration, comparison};
pub use embed_once::EmbedOnce;
pub use error::{DatasetFlaw, EvalError};
pub use haystack::{Evidence, Haystack, OpenMemory};
pub use misses::misses;
pub use nothing::{
    KindCount, MessageKind, NothingReport, SMALL_TALK, ThresholdReport, nothing, nothing_table,
};
pub use outcome::{EvidencePlace, Level, Outcome, Stage, StageTime, StrategyOutcome};
pub use report::{
    AbstentionReport, DatasetSummary, GroupReport, LatencyReport, LevelReport, Report,
    StageLatency, StrategyReport, VariantReport,
};
pub use run::{Phase, Run, RunOptions, RunProgress, run};
pub use shortfall::{Measure, Shortfall};
pub use strategy::Strategy;
pub use summary::{Evaluation, StrategySummary, Summary};
pub use table::{aligned, table};
