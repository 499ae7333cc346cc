//! Why a prompt holds what it holds.

use jiff::Timestamp;
use longmem_core::{SessionName, TokenCounter, Turn, TurnId, closed_words};
use serde::Serialize;

use super::AssembleInput;

/// What became of one thing that could have gone into a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceEntry {
    /// What it is.
    pub kind: TraceKind,
    /// Its turn, if it is one that is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// The turn's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionName>,
    /// The time that it bears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What its text costs as it is, or would be, written into the prompt.
    pub tokens: usize,
    /// Whether it went in.
    pub included: bool,
    /// Whether only a part of its text would stand in the prompt: a long turn, or what a tool
    /// printed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
    /// Why it went in or was left out.
    pub reason: String,
}

closed_words! {
    /// What a [`TraceEntry`] is about.
    pub enum TraceKind: "a part of a prompt" {
        /// The persona or other standing instructions.
        System = "system",
        /// A fact about the user.
        Fact = "fact",
        /// A summary of earlier turns.
        Summary = "summary",
        /// A turn of this session.
        Recent = "recent",
        /// The newest message.
        Message = "message",
        /// A recalled turn, or a neighbour of one.
        Recalled = "recalled",
    }
}

impl TraceEntry {
    /// An entry without a turn, a session, or a time.
    pub(super) fn new(
        kind: TraceKind,
        tokens: usize,
        included: bool,
        reason: impl Into<String>,
    ) -> Self {
        let (turn, session, time, shortened) = (None, None, None, false);
        Self { kind, turn, session, time, tokens, included, shortened, reason: reason.into() }
    }

    /// A text that went in.
    pub(super) fn of_text(
        kind: TraceKind,
        text: &str,
        reason: &str,
        counter: &dyn TokenCounter,
    ) -> Self {
        Self::new(kind, counter.count(text), true, reason)
    }

    /// The newest message of a prompt.
    pub(super) fn of_newest_message(input: &AssembleInput<'_>, counter: &dyn TokenCounter) -> Self {
        let reason = "the newest message always goes in";
        let entry = Self::of_text(TraceKind::Message, input.message, reason, counter);
        Self { turn: input.message_turn, ..entry }
    }

    /// The same entry, about this stored turn.
    pub(super) fn about(self, turn: &Turn) -> Self {
        let session = Some(turn.session.clone());
        Self { turn: Some(turn.id), session, time: Some(turn.time), ..self }
    }

    /// The same entry, with a note whether only a part of the text would stand there.
    pub(super) fn shortened(self, shortened: bool) -> Self {
        Self { shortened, ..self }
    }
}
