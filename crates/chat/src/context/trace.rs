//! Why a prompt holds what it holds.

use jiff::Timestamp;
use longmem_core::{SessionName, Turn, TurnId};
use serde::Serialize;

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
    /// Whether only a part of it would stand there: a long turn, or what a tool printed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
    /// Why it went in or was left out.
    pub reason: String,
}

impl TraceEntry {
    pub(super) fn of_turn(
        kind: TraceKind,
        turn: &Turn,
        tokens: usize,
        included: bool,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            turn: Some(turn.id),
            session: Some(turn.session.clone()),
            time: Some(turn.time),
            tokens,
            included,
            shortened: false,
            reason: reason.into(),
        }
    }

    /// The same of a turn of which only a part would stand there.
    pub(super) fn shortened(self, shortened: bool) -> Self {
        Self { shortened, ..self }
    }
}

/// What a [`TraceEntry`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
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
