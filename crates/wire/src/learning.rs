//! What was learned from conversations, and what that cost.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{SummaryId, SummaryOf, Timestamp};
use serde::{Deserialize, Serialize};

/// What a learner did.
///
/// ```json
/// {
///   "turns": 12, "new": 2, "changed": 1, "same": 3, "incidental": 4, "ungrounded": 0,
///   "malformed": 0, "summaries": 1,
///   "usage": { "input": 2100, "cache_read": 0, "cache_write": 0, "output": 240 }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LearningReport {
    /// Turns of the person that were looked at.
    pub turns: u64,
    /// Facts that are new.
    pub new: u64,
    /// Facts that replaced another.
    pub changed: u64,
    /// Statements that were known.
    pub same: u64,
    /// Statements that were not worth keeping.
    pub incidental: u64,
    /// Statements and sentences that were dropped because they name what was not said.
    pub ungrounded: u64,
    /// Parts of answers that were dropped because they had the wrong form twice.
    pub malformed: u64,
    /// Summaries that were made.
    pub summaries: u64,
    /// What it cost.
    pub usage: Usage,
}

impl From<longmem_chat::LearningReport> for LearningReport {
    fn from(report: longmem_chat::LearningReport) -> Self {
        Self {
            turns: report.turns,
            new: report.new,
            changed: report.changed,
            same: report.same,
            incidental: report.incidental,
            ungrounded: report.ungrounded,
            malformed: report.malformed,
            summaries: report.summaries,
            usage: report.usage.into(),
        }
    }
}

/// What answers cost, in the provider's tokens.
///
/// ```json
/// { "input": 310, "cache_read": 2048, "cache_write": 0, "output": 9 }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Prompt tokens that no cache served.
    pub input: u64,
    /// Prompt tokens served from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a cache.
    pub cache_write: u64,
    /// Tokens of the answer.
    pub output: u64,
}

impl From<longmem_chat::Usage> for Usage {
    fn from(usage: longmem_chat::Usage) -> Self {
        Self {
            input: usage.input,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            output: usage.output,
        }
    }
}

/// A user's summaries.
///
/// ```json
/// { "summaries": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summaries {
    /// The summaries, in order of what they sum up.
    pub summaries: Vec<Summary>,
}

impl From<Vec<longmem_core::Summary>> for Summaries {
    fn from(summaries: Vec<longmem_core::Summary>) -> Self {
        Self { summaries: summaries.into_iter().map(Summary::from).collect() }
    }
}

/// What a stretch of a session said, in short. `session` and `through` are absent in a summary of
/// sessions.
///
/// ```json
/// {
///   "id": 2, "of": "session", "session": "move", "through": 18, "time": "2026-03-08T18:31:00Z",
///   "text": "Ana moved to Lisbon.", "folded_into": null
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Its number.
    pub id: SummaryId,
    /// What it sums up: `stretch` (the beginning of a session, up to the turn `through`), `session`
    /// (a whole one) or `sessions` (summaries of sessions that ended long ago).
    #[serde(flatten)]
    pub of: SummaryOf,
    /// When the last of that was said.
    pub time: Timestamp,
    /// The summary.
    pub text: String,
    /// The summary of summaries that it is folded into, if it is.
    pub folded_into: Option<SummaryId>,
}

impl From<longmem_core::Summary> for Summary {
    fn from(summary: longmem_core::Summary) -> Self {
        Self {
            id: summary.id,
            of: summary.of,
            time: summary.time,
            text: summary.text,
            folded_into: summary.folded_into,
        }
    }
}
