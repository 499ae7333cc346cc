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

impl SummaryOf {
    /// The word for what it is: `stretch`, `session` or `sessions`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Stretch { .. } => "stretch",
            Self::Session { .. } => "session",
            Self::Sessions => "sessions",
        }
    }

    /// The session that it sums up, and the last turn of that; none for a summary of summaries.
    pub const fn stretch(&self) -> Option<(&SessionName, TurnId)> {
        match self {
            Self::Stretch { session, through } | Self::Session { session, through } => {
                Some((session, *through))
            }
            Self::Sessions => None,
        }
    }

    /// Puts together what [`SummaryOf::kind`] and [`SummaryOf::stretch`] tell of one, as stores keep it.
    /// Any other word is taken for `sessions`.
    ///
    /// # Errors
    /// That of `stretch`, which is asked for the session and its last turn.
    pub fn of_kind<E>(
        kind: &str,
        stretch: impl FnOnce() -> Result<(SessionName, TurnId), E>,
    ) -> Result<Self, E> {
        Ok(match kind {
            "stretch" => {
                let (session, through) = stretch()?;
                Self::Stretch { session, through }
            }
            "session" => {
                let (session, through) = stretch()?;
                Self::Session { session, through }
            }
            _ => Self::Sessions,
        })
    }
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
