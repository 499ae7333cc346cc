//! The JSON of every request and result: one shape for `--json`, HTTP and MCP.
//!
//! Each document is a plain struct that is written and read by serde, made from the engine's type
//! with `From`. The engine may change its types; these shapes change only by new fields, and a
//! reader passes over fields that it does not know.
//!
//! - Names of users and sessions, roles, kinds and times are the types of `longmem-core`: a name
//!   is checked when it is read, a time is RFC 3339 in UTC.
//! - Numbers of turns and facts are positive integers, unique within a store.
//! - A field that may be left out is `null` unless its documentation says that it is absent.
//!
//! # Examples
//! ```
//! use longmem_core::{TurnId, UserName};
//! use longmem_memory::Inserted;
//! use longmem_wire::Remembered;
//!
//! let inserted = Inserted { id: TurnId(17), new: true };
//! let document = Remembered::new(inserted, UserName::new("ana")?, "notes".parse()?);
//! assert_eq!(
//!     serde_json::to_string(&document)?,
//!     r#"{"id":17,"new":true,"user":"ana","session":"notes","noted":[]}"#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod config;
mod context;
mod copies;
mod error;
mod facts;
mod forget;
mod import;
mod index;
mod install;
mod learning;
mod models;
mod moderation;
mod recall;
mod ring;
mod scope;
mod server;
mod sessions;
mod stats;
mod turn;
mod upkeep;
mod watch;

pub use answer::{Answer, MessageRequest, Quote, QuotedFact, StopReason};
pub use config::{ApiKeySet, ConfigChanged, Configuration, Setting, SettingSource};
pub use context::{Context, TraceEntry, TraceKind};
pub use copies::{MadeCopy, known_copies, note_copy};
pub use error::{ErrorDocument, ErrorReport, full_message};
pub use facts::{Entity, Fact, FactDeleted, FactEdited, FactNote, FactNoted, Facts, Name, Names};
pub use forget::{Amended, ForgetRequest, Forgotten, WouldForget};
pub use import::{
    FailedImport, FileEndedEarly, FileLeftOut, Import, ImportPreview, ImportPreviews, Imports,
    TranscriptRead,
};
pub use index::Indexed;
pub use install::{AgentCommand, FileChange, Installation};
pub use learning::{LearningReport, Summaries, Summary, Usage};
pub use models::{ModelServer, ModelServers, ServedModel};
pub use moderation::{ModerationAnswer, ModerationQuestion};
pub use recall::{
    Adjustment, ChannelHit, Channels, Explanation, Recall, RecallRequest, RecalledFact,
    RecalledTurn, UnknownTimeZone,
};
pub use ring::{AwayUser, MovedUser, RingMoved, RingServer, RingStatus};
pub use scope::Scope;
pub use server::{Permission, ServerKey, ServerKeyAdded, ServerKeyRevoked, ServerKeys, Serving};
pub use sessions::{Moved, OpenItems, Session, Sessions, ShownSession};
pub use stats::{EmbeddingModel, Redacted, Stats, UserStats, Users};
pub use turn::{ExportedTurn, NewTurn, Remembered, Turn, Turns};
pub use upkeep::{Backup, Check, Checks, Copied, CopiedUser, KeyMade, KeyRotated, Model, Salvaged};
pub use watch::WatchEvent;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
