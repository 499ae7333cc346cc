//! Forgetting: what is asked, what would go, what went.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{FactId, SessionName, TurnId, UserName};
use longmem_memory::ForgetTarget;
use serde::{Deserialize, Serialize};

use crate::{Fact, Scope, Turn};

/// Asks for turns to be deleted for good: single ones, all in scope, or everything of the user. The
/// scope's fields stand beside the others.
///
/// ```json
/// {
///   "user": "ana", "sessions": ["notes"], "roles": [], "since": null, "until": null,
///   "turns": [17, 18], "everything": false
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
/// {
///   "would_forget": 2, "facts": 1, "summaries": 0, "turns": [], "sessions": ["notes"],
///   "facts_that_go": [], "facts_that_hold_again": [],
///   "token": "69a5a3b4-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WouldForget {
    /// How many turns.
    pub would_forget: u64,
    /// Facts that were learned from them.
    pub facts: u64,
    /// Summaries that cover one of them.
    pub summaries: u64,
    /// The first of the turns, oldest first.
    pub turns: Vec<Turn>,
    /// Sessions that have no other turns.
    pub sessions: Vec<SessionName>,
    /// The facts that were learned from them.
    pub facts_that_go: Vec<Fact>,
    /// Facts that these had replaced, and that hold again.
    pub facts_that_hold_again: Vec<Fact>,
    /// With it, exactly this is forgotten, for five minutes; absent where nobody asks by a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl WouldForget {
    /// What would be deleted, with the token by which exactly this is forgotten.
    pub fn with_token(preview: longmem_memory::ForgetPreview) -> Self {
        let token = Some(preview.token.clone());
        Self { token, ..Self::from(preview) }
    }
}

impl From<longmem_memory::ForgetPreview> for WouldForget {
    fn from(preview: longmem_memory::ForgetPreview) -> Self {
        let derived = preview.derived();
        let facts = |facts: Vec<longmem_core::Fact>| facts.into_iter().map(Fact::from).collect();
        Self {
            would_forget: preview.turns,
            facts: derived.facts,
            summaries: derived.summaries,
            turns: preview.first.into_iter().map(Turn::from).collect(),
            sessions: preview.sessions,
            facts_that_go: facts(preview.facts),
            facts_that_hold_again: facts(preview.hold_again),
            token: None,
        }
    }
}

/// What was deleted.
///
/// ```json
/// {
///   "turns": 2, "sessions": 1, "facts": 1, "summaries": 0, "user": false,
///   "erased_from_disk": true, "copies": ["/backups/memory.db"]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// state, the disk is full, or a database server keeps them until it overwrites them.
    pub erased_from_disk: bool,
    /// Files to which backups and exports went, and which keep what was forgotten.
    #[serde(default)]
    pub copies: Vec<String>,
}

impl From<longmem_memory::Forgotten> for Forgotten {
    fn from(forgotten: longmem_memory::Forgotten) -> Self {
        Self {
            turns: forgotten.turns,
            sessions: forgotten.sessions,
            facts: forgotten.derived.facts,
            summaries: forgotten.derived.summaries,
            user: forgotten.user,
            erased_from_disk: forgotten.erasure.is_done(),
            copies: Vec::new(),
        }
    }
}

/// The text of a turn was replaced.
///
/// ```json
/// {
///   "id": 17, "user": "ana", "facts": 1, "summaries": 0, "erased_from_disk": true, "noted": []
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Amended {
    /// The turn's number, which it keeps.
    pub id: TurnId,
    /// Whose turn it is.
    pub user: UserName,
    /// Facts that were learned from the old text, and are gone.
    pub facts: u64,
    /// Summaries that covered the turn, and are gone.
    pub summaries: u64,
    /// False if the old text leaves the disk later, because another process reads an older state, the
    /// disk is full, or a database server keeps it until it overwrites it.
    pub erased_from_disk: bool,
    /// The facts that the standing instructions of the new text became.
    pub noted: Vec<FactId>,
}
