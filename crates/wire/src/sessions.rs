//! A user's conversations.

use std::collections::HashMap;

use longmem_chat::ActionItems;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{SessionName, Timestamp};
use longmem_memory::SessionSummary;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Turn;

/// A list of sessions.
///
/// ```json
/// { "sessions": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sessions {
    /// The sessions, the one with the newest turn first.
    pub sessions: Vec<Session>,
}

impl From<Vec<SessionSummary>> for Sessions {
    fn from(sessions: Vec<SessionSummary>) -> Self {
        Self { sessions: sessions.into_iter().map(Session::from).collect() }
    }
}

impl Sessions {
    /// Gives each session its summary, or says that it has none.
    #[must_use]
    pub fn with_summaries(mut self, summaries: &HashMap<SessionName, String>) -> Self {
        for session in &mut self.sessions {
            session.summary = Some(summaries.get(&session.session).cloned());
        }
        self
    }
}

/// One conversation at a glance. `summary` is absent unless it was asked for.
///
/// ```json
/// {
///   "session": "move", "title": "Moving house", "turns": 4,
///   "start": "2026-03-08T18:30:00Z", "end": "2026-03-08T18:31:06Z",
///   "summary": "Ana moved to Lisbon."
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Its name, unique among the user's.
    pub session: SessionName,
    /// Its title, if the source had one.
    pub title: Option<String>,
    /// How many turns it has.
    pub turns: u64,
    /// The time of its first turn.
    pub start: Timestamp,
    /// The time of its last turn.
    pub end: Timestamp,
    /// What was said in it, in short; `null` if there is no summary yet.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub summary: Option<Option<String>>,
}

/// Reads a field that is there, `null` included.
#[expect(clippy::option_option, reason = "absent and null mean two things")]
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<SessionSummary> for Session {
    fn from(session: SessionSummary) -> Self {
        Self {
            session: session.session,
            title: session.title,
            turns: session.turns,
            start: session.start,
            end: session.end,
            summary: None,
        }
    }
}

/// A session with its turns. The session's fields stand beside them.
///
/// ```json
/// {
///   "session": "move", "title": "Moving house", "turns": 4,
///   "start": "2026-03-08T18:30:00Z", "end": "2026-03-08T18:31:06Z",
///   "shown": []
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownSession {
    /// The session at a glance.
    #[serde(flatten)]
    pub session: Session,
    /// The turns that were asked for, in their order.
    pub shown: Vec<Turn>,
}

impl ShownSession {
    /// A session with those of its turns that were asked for.
    pub fn new(session: SessionSummary, shown: Vec<longmem_core::Turn>) -> Self {
        Self { session: session.into(), shown: shown.into_iter().map(Turn::from).collect() }
    }
}

/// Turns were moved into a session.
///
/// ```json
/// { "turns": 4, "sessions": 1, "summaries": 0, "session": "house" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    /// Turns that are in another session now.
    pub turns: u64,
    /// Sessions that have no turns any more, and are gone.
    pub sessions: u64,
    /// Summaries that covered one of the turns, and are gone.
    pub summaries: u64,
    /// The session that they are in.
    pub session: SessionName,
}

/// What a session leaves to be done and to be answered.
///
/// ```json
/// { "action_items": ["Ana sends the floor plan."], "open_questions": ["Which tiles?"] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenItems {
    /// What is to be done.
    pub action_items: Vec<String>,
    /// What was asked and not answered.
    pub open_questions: Vec<String>,
}

impl From<ActionItems> for OpenItems {
    fn from(items: ActionItems) -> Self {
        Self { action_items: items.action_items, open_questions: items.open_questions }
    }
}
