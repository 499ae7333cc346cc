//! One message of a conversation.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Role, SessionName};

/// The number of a turn in its store: positive, never used twice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct TurnId(pub i64);

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names a turn in the file it came from; unique per user, so that importing twice adds nothing.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct SourceKey(pub String);

/// A turn that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTurn {
    /// The conversation it belongs to; made if it does not exist.
    pub session: SessionName,
    /// A title for the session, if the source has one.
    pub session_title: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, if known ("Ana"): several people can share the role `user`.
    pub speaker: Option<String>,
    /// What was said. Never empty after trimming when it comes from an importer.
    pub text: String,
    /// When it was said.
    pub time: Timestamp,
    /// Whether somebody asked to have it remembered: a note stands alone, whatever session it is kept
    /// in.
    pub note: bool,
    /// Its name in the source; a turn whose key the user already has is not stored again.
    pub source_key: Option<SourceKey>,
}

/// A turn as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Its number; within one session, numbers grow in the order of storing.
    pub id: TurnId,
    /// The conversation it belongs to.
    pub session: SessionName,
    /// The session's title, if it has one.
    pub session_title: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, if known.
    pub speaker: Option<String>,
    /// When it was said, to the millisecond.
    pub time: Timestamp,
    /// What was said.
    pub text: String,
    /// Whether somebody asked to have it remembered: a note stands alone, whatever session it is kept
    /// in.
    pub note: bool,
}
