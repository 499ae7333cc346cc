//! A prompt with the reasons for everything in it.

use longmem_chat::{Message, TextBlock};
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{SessionName, Timestamp, TurnId};
use serde::{Deserialize, Serialize};

/// What is, or would be, sent to a language model. `system` and `messages` are in the shape of the
/// Anthropic Messages API and can be sent as they are.
///
/// ```json
/// {
///   "system": [
///     { "type": "text", "text": "You are brief.", "cache_control": { "type": "ephemeral" } }
///   ],
///   "messages": [
///     { "role": "user", "content": [{ "type": "text", "text": "Where do I live?" }] }
///   ],
///   "tokens": 31,
///   "budget": 4000,
///   "trace": [{ "kind": "message", "tokens": 5, "included": true, "reason": "always goes in" }]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Context {
    /// What stays the same from prompt to prompt: the persona, facts, summaries.
    pub system: Vec<TextBlock>,
    /// The conversation: alternating roles, the user first and last.
    pub messages: Vec<Message>,
    /// What system and messages cost together, in estimated tokens.
    pub tokens: usize,
    /// What they could have cost.
    pub budget: usize,
    /// What went in, what was left out, and why.
    pub trace: Vec<TraceEntry>,
}

impl From<longmem_chat::Context> for Context {
    fn from(context: longmem_chat::Context) -> Self {
        Self {
            system: context.system,
            messages: context.messages,
            tokens: context.tokens,
            budget: context.budget.tokens(),
            trace: context.trace.into_iter().map(TraceEntry::from).collect(),
        }
    }
}

/// What became of one thing that could have gone into a prompt. `turn`, `session`, `time` and
/// `shortened` are absent where they do not apply.
///
/// ```json
/// {
///   "kind": "recalled", "turn": 17, "session": "move", "time": "2026-03-08T18:30:00Z",
///   "tokens": 23, "included": true, "shortened": true, "reason": "rank 3"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceEntry {
    /// What it is.
    pub kind: TraceKind,
    /// Its turn, if it is one that is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// The turn's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionName>,
    /// The time that it bears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What its text costs in the prompt, or would cost.
    pub tokens: usize,
    /// Whether it went in.
    pub included: bool,
    /// Whether only a part of a long turn stands there, or would.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
    /// Why it went in or was left out.
    pub reason: String,
}

impl From<longmem_chat::TraceEntry> for TraceEntry {
    fn from(entry: longmem_chat::TraceEntry) -> Self {
        Self {
            kind: entry.kind.into(),
            turn: entry.turn,
            session: entry.session,
            time: entry.time,
            tokens: entry.tokens,
            included: entry.included,
            shortened: entry.shortened,
            reason: entry.reason,
        }
    }
}

/// What a [`TraceEntry`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TraceKind {
    /// The persona or other standing instructions.
    System,
    /// A fact about the user.
    Fact,
    /// A summary of earlier turns.
    Summary,
    /// A turn of this session.
    Recent,
    /// The newest message.
    Message,
    /// A recalled turn, or a neighbour of one.
    Recalled,
}

impl From<longmem_chat::TraceKind> for TraceKind {
    fn from(kind: longmem_chat::TraceKind) -> Self {
        match kind {
            longmem_chat::TraceKind::System => Self::System,
            longmem_chat::TraceKind::Fact => Self::Fact,
            longmem_chat::TraceKind::Summary => Self::Summary,
            longmem_chat::TraceKind::Recent => Self::Recent,
            longmem_chat::TraceKind::Message => Self::Message,
            longmem_chat::TraceKind::Recalled => Self::Recalled,
        }
    }
}
