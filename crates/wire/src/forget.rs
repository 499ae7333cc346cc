//! Forgetting: what is asked, what would go, what went.

use longmem_core::TurnId;
use longmem_memory::ForgetTarget;
use serde::{Deserialize, Serialize};

use crate::{Scope, Turn};

/// Asks for turns to be deleted for good: single ones, all in scope, or everything of the user. The
/// scope's fields stand beside the others.
///
/// ```json
/// {
///   "user": "ana", "sessions": ["notes"], "roles": [], "since": null, "until": null,
///   "turns": [17, 18], "everything": false
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ForgetRequest {
    /// Of whom, and what part of it.
    #[serde(flatten)]
    pub scope: Scope,
    /// Only these turns, as far as they are in scope; empty means all in scope.
    #[serde(default)]
    pub turns: Vec<TurnId>,
    /// Everything of the user; a scope without any filter is refused otherwise.
    #[serde(default)]
    pub everything: bool,
}

impl ForgetRequest {
    /// Asks for everything in scope to be deleted.
    pub fn new(scope: Scope) -> Self {
        Self { scope, turns: Vec::new(), everything: false }
    }
}

impl From<ForgetRequest> for ForgetTarget {
    fn from(asked: ForgetRequest) -> Self {
        longmem_memory::forget_target(asked.scope.into(), asked.turns, asked.everything)
    }
}

/// What would be deleted.
///
/// ```json
/// { "would_forget": 2, "facts": 1, "summaries": 0, "turns": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WouldForget {
    /// How many turns.
    pub would_forget: u64,
    /// Facts that were learned from them.
    pub facts: u64,
    /// Summaries that cover one of them.
    pub summaries: u64,
    /// The first of the turns, oldest first.
    pub turns: Vec<Turn>,
}

impl From<longmem_memory::WouldForget> for WouldForget {
    fn from(preview: longmem_memory::WouldForget) -> Self {
        Self {
            would_forget: preview.turns,
            facts: preview.derived.facts,
            summaries: preview.derived.summaries,
            turns: preview.first.into_iter().map(Turn::from).collect(),
        }
    }
}

/// What was deleted.
///
/// ```json
/// {
///   "turns": 2, "sessions": 1, "facts": 1, "summaries": 0, "user": false,
///   "erased_from_disk": true
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// Turns, with their words and vectors.
    pub turns: u64,
    /// Sessions that had no other turns.
    pub sessions: u64,
    /// Facts that were learned from the turns.
    pub facts: u64,
    /// Summaries that covered one of the turns.
    pub summaries: u64,
    /// Whether the user had nothing else and is gone too.
    pub user: bool,
    /// False if the deleted bytes leave the disk later, because another process reads an older
    /// state.
    pub erased_from_disk: bool,
}

impl From<longmem_memory::Forgotten> for Forgotten {
    fn from(forgotten: longmem_memory::Forgotten) -> Self {
        Self {
            turns: forgotten.turns,
            sessions: forgotten.sessions,
            facts: forgotten.derived.facts,
            summaries: forgotten.derived.summaries,
            user: forgotten.user,
            erased_from_disk: forgotten.erasure == longmem_memory::Erasure::Done,
        }
    }
}
