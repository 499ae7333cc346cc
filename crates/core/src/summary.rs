//! What a stretch of talk said, in short.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{SessionName, TurnId};

/// The number of a summary in its store: positive, never used twice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct SummaryId(pub i64);

/// What a summary sums up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "of", rename_all = "lowercase")]
pub enum SummaryOf {
    /// The beginning of a session that grew long: it stands in for these turns in a prompt.
    Stretch {
        /// The session.
        session: SessionName,
        /// The last turn that it stands in for; the first is the session's first.
        through: TurnId,
    },
    /// A whole session, up to a turn.
    Session {
        /// The session.
        session: SessionName,
        /// The session's last turn when it was made.
        through: TurnId,
    },
    /// Summaries of sessions that ended long ago; a user has at most one of these.
    Sessions,
}

/// What a stretch of talk said, made by a language model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Its number.
    pub id: SummaryId,
    /// What it sums up.
    #[serde(flatten)]
    pub of: SummaryOf,
    /// When the last of that was said.
    pub time: Timestamp,
    /// The summary.
    pub text: String,
    /// The summary of summaries that it is folded into, if it is.
    pub folded_into: Option<SummaryId>,
}
