//! The engine: remember, index, recall, forget, import, export, behind one [`Memory`].
//!
//! It is synchronous and may be shared between threads. Turns are durable when
//! [`Memory::remember`] returns; vectors come with [`Memory::index`]; what has no vector yet is
//! still found by its words.
//!
//! # Examples
//! ```
//! use std::sync::Arc;
//!
//! use longmem_core::{FixedClock, NewTurn, Role, Scope, SessionName, UserName};
//! use longmem_memory::{IndexOptions, Memory, RecallRequest};
//! use longmem_sqlite::{IfMissing, SqliteStore};
//! use longmem_test_support::WordHashEmbedder; // outside tests: longmem_embed::LazyEmbedder
//!
//! let folder = tempfile::tempdir()?;
//! let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
//! let now = "2026-03-02T10:00:00Z".parse()?;
//! let memory =
//!     Memory::new(Arc::new(store), Arc::new(WordHashEmbedder::default()), Arc::new(FixedClock(now)));
//!
//! let ana = UserName::new("ana")?;
//! let said = memory.new_turn(SessionName::new("notes")?, Role::User, "I moved to Lisbon in March");
//! memory.remember(&ana, &[said])?;
//! memory.index(IndexOptions::default(), &mut |_| std::ops::ControlFlow::Continue(()))?;
//!
//! let recall = memory.recall(&RecallRequest::new(Scope::of(ana), "When did I move?"))?;
//! assert_eq!(recall.results[0].turn.text, "I moved to Lisbon in March");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alike;
mod asking;
mod canary;
mod changes;
mod contenders;
mod copying;
mod deadline;
mod error;
mod export;
mod facts;
mod forget;
mod forget_token;
mod import;
mod import_preview;
mod import_records;
mod import_storing;
mod index;
mod instructions;
mod learning;
mod memory;
mod moderation;
mod named_request;
mod naming;
mod order;
mod question;
mod ranking;
mod recall;
mod recalled_facts;
mod redactions;
mod relevance;
mod safeguards;
mod session_names;
mod session_search;
mod short_line;
mod signals;
mod storable;
mod upkeep;
mod written_time;

pub use alike::says_the_question;
pub use canary::CanaryStep;
pub use copying::{ComparedAnswers, CopiedStore, CopiedUser};
pub use deadline::Degraded;
pub use error::MemoryError;
pub use export::ExportReport;
pub use facts::{FactNote, NotedFact};
pub use forget::{ForgetPreview, forget_target};
pub use import::{ImportProgress, ImportReport, ImportRequest};
pub use import_preview::{ImportPreview, preview_import};
pub use index::{CATCH_UP_TURNS, CaughtUp, IndexEvent, IndexOptions, IndexProgress, IndexReport};
pub use instructions::NotedInstruction;
pub use memory::{Memory, NOTES_SESSION, own_words};
pub use moderation::{
    Moderation, Moderator, ModeratorFailure, OnFailure, Stage, Statement, StatementKind, Verdict,
};
pub use named_request::{NamedRequest, key_in_request};
pub use naming::{entities_in, facts_about, named_in};
pub use ranking::RankingParameters;
pub use recall::{Channels, Found, RESULTS_WITH_NEIGHBOURS, Recall, RecallRequest, RecallTimings};
pub use recalled_facts::RecalledFact;
pub use redactions::Redactions;
pub use relevance::{DEFAULT_THRESHOLD, PROMPT_THRESHOLD, RelevanceWeights, UNSURE_SCORE};
pub use safeguards::Safeguards;
pub use session_names::MAX_CANDIDATES;
pub use short_line::{InvalidLine, MAX_STATEMENT_CHARACTERS, short_line};
pub use signals::Signals;
pub use written_time::{NotATime, WrittenTime};

pub use longmem_search::{Scan, SessionNumber};
pub use longmem_store::{
    Amended, ChangeMark, DeletedFacts, Derived, Epoch, Erasure, FactsAt, ForgetTarget, Forgotten,
    IMPORT_MARKS, Inserted, KeyState, KnownEntity, Learned, LearnedFact, Moved, Replaced,
    SessionSummary, Store, StoreError, StoreLock, StoreStats, UserStats,
};
pub use longmem_transcripts::{
    EndReason, EndedEarly, Format, LeftOutFile, LeftOutFiles, LeftOutReason,
    Progress as TranscriptProgress, Report as TranscriptReport, SkipReason,
    Source as TranscriptSource, TranscriptError,
};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
