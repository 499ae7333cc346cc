//! Turns memory into a prompt under a token budget, talks to a language model, and learns from the
//! conversation.
//!
//! - [`assemble`] is the heart: a pure function from the session's last turns, what was recalled,
//!   facts and summaries to a [`Context`] that never exceeds its [`TokenBudget`].
//! - A [`Provider`] answers it: [`Anthropic`], or any [`OpenAiCompatible`] server.
//! - A [`Conversation`] joins both with a memory: it stores what is said, and recalls for it.
//! - A [`Learner`] notes facts about the user and sums up what was said, off the answer's path.
//! - A [`Talk`] is a conversation together with its learner, built from [`TalkSettings`].
//!
//! The engine below is synchronous; this crate calls it from async code through an
//! [`AsyncMemory`]. Where nothing is async, [`Blocking`] waits for this crate's futures.
//!
//! # Examples
//! ```no_run
//! use std::sync::Arc;
//!
//! use longmem_chat::{Api, ApiKey, AsyncMemory, Blocking, ModelSettings, TalkSettings};
//! use longmem_core::{SessionName, UserName};
//! # fn example(memory: longmem_memory::Memory) -> Result<(), Box<dyn std::error::Error>> {
//!
//! // Without a model, memory is quoted.
//! let mut model = ModelSettings::new(Api::Anthropic, "claude-haiku-5-5", 1_024);
//! model.key = Some(ApiKey::new("sk-…")?);
//! let mut settings = TalkSettings::default();
//! settings.model = Some(model);
//!
//! let memory = AsyncMemory::one_at_a_time(Arc::new(memory));
//! let (user, session) = (UserName::new("ana")?, SessionName::new("today")?);
//! let conversation = settings.conversation(memory, user, Some(session))?;
//! let mut on_text = |piece: &str| print!("{piece}");
//! Blocking::new()?.run(conversation.ask("Where do I live?", &mut on_text))?;
//! # Ok(())
//! # }
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod async_memory;
mod blocking;
mod budget;
mod context;
mod conversation;
mod counting;
mod error;
mod excerpt;
mod learning;
mod notice;
mod provider;
mod quoted_answer;
mod spool;
mod talk;

pub use async_memory::{Access, AsyncMemory};
pub use blocking::Blocking;
pub use budget::{DEFAULT_BUDGET, TokenBudget};
pub use context::{
    AssembleError, AssembleInput, BROKEN_OFF, CacheControl, Context, DatedText, MESSAGE_TOKENS,
    Message, MessageRole, TextBlock, TraceEntry, TraceKind, assemble, quoting,
};
pub use conversation::{Conversation, ConversationSettings, RECALLED_TURNS, Reply, session_title};
#[cfg(feature = "tiktoken")]
pub use counting::TiktokenTokens;
pub use counting::{CalibratedTokens, Calibration, ModelCalibration, TokenCounting, calibrations};
pub use error::ChatError;
pub use excerpt::{excerpt, excerpt_about, places_about};
pub use learning::{
    ActionItems, LastLearning, Learner, LearnerSettings, LearningOutcome, LearningReport,
};
pub use notice::Notice;
pub use provider::{
    AnswerSchema, Anthropic, Api, ApiKey, Completion, Endpoint, EventParser, Fallback,
    InvalidApiKey, LanguageModel, LocalServer, ModelServer, ModelSettings, OnText,
    OpenAiCompatible, Provider, ProviderError, Request, RetryAdvice, Retrying, ServedModel,
    ServerEvent, StopReason, Usage, http_client, local_servers,
};
pub use quoted_answer::{Quote, QuotedAnswer, QuotedFact, quote_answer};
pub use spool::{HeldSpool, Keep, Spool, StoredLater, write_with_key};
pub use talk::{SpoolSettings, Talk, TalkSettings, last_talk};

/// An answer without what its model thought before it said it.
pub use longmem_text::without_thinking;

/// What an own [`Provider`] is implemented with.
pub use async_trait::async_trait;
