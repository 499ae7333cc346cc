//! Turns memory into a prompt under a token budget, talks to a language model, and learns from the
//! talk.
//!
//! - [`assemble`] is the heart: a pure function from the session's last turns, what was recalled,
//!   facts and summaries to a [`Context`] that never exceeds its [`TokenBudget`].
//! - A [`Provider`] answers it: [`Anthropic`], or any [`OpenAiCompatible`] server.
//! - A [`Conversation`] joins both with a memory: it stores what is said, and recalls for it.
//! - A [`Learner`] notes facts about the user and sums up what was said, off the answer's path.
//!
//! The engine below is synchronous; this crate calls it from async code through an
//! [`AsyncMemory`].

mod async_memory;
mod budget;
mod context;
mod conversation;
mod error;
mod learning;
mod live;
mod provider;
mod quoted_answer;
mod spool;

pub use async_memory::AsyncMemory;
pub use budget::{Shares, TokenBudget};
pub use context::{
    AssembleError, AssembleInput, CacheControl, Context, ContextOptions, DatedText, MESSAGE_TOKENS,
    Message, MessageRole, TextBlock, TraceEntry, TraceKind, assemble,
};
pub use conversation::{Conversation, ConversationSettings, LanguageModel, Reply};
pub use error::ChatError;
pub use learning::{ActionItems, Learner, LearnerSettings, LearningReport};
pub use live::{LiveSession, Notice};
pub use provider::{
    Anthropic, Api, ApiKey, Completion, Endpoint, Fallback, InvalidApiKey, OnText,
    OpenAiCompatible, Provider, ProviderError, Request, RetryAdvice, RetryPolicy, Retrying,
    StopReason, Usage,
};
pub use quoted_answer::{Quote, QuotedAnswer, quote_answer};
pub use spool::Spool;
