//! What a program that moderates is asked, and what it answers: one line of JSON each.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Role, SessionName, UserName};
use longmem_memory::{Stage, Statement, StatementKind, Verdict};
use serde::{Deserialize, Serialize};

/// The version of the question's shape; new fields do not change it.
const VERSION: u32 = 1;

/// A text to be judged.
///
/// ```json
/// {
///   "version": 1, "stage": "send", "kind": "turn", "user": "ana", "session": "talk",
///   "role": "user", "text": "Where do I live?"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModerationQuestion {
    /// The version of this shape: 1.
    pub version: u32,
    /// What is about to happen: it is stored, sent to a language model (and stored, if it is said in a
    /// session), or was answered by one.
    pub stage: Stage,
    /// What it is: what somebody said, a session's title, a fact or a summary.
    pub kind: StatementKind,
    /// Whose memory it is for.
    pub user: UserName,
    /// The session that it belongs to, if it does to one.
    pub session: Option<SessionName>,
    /// Who says it.
    pub role: Role,
    /// The name of who says it, if an import gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// The text; redacted, where secrets are.
    pub text: String,
}

impl From<&Statement<'_>> for ModerationQuestion {
    fn from(statement: &Statement<'_>) -> Self {
        Self {
            version: VERSION,
            stage: statement.stage,
            kind: statement.kind,
            user: statement.user.clone(),
            session: statement.session.cloned(),
            role: statement.role,
            speaker: statement.speaker.map(str::to_owned),
            text: statement.text.to_owned(),
        }
    }
}

/// What becomes of a text: `{"action":"allow"}`, `{"action":"replace","text":"…"}` or the following.
///
/// ```json
/// { "action": "refuse", "reason": "names a customer" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum ModerationAnswer {
    /// It stays as it is.
    Allow,
    /// Another text takes its place.
    Replace {
        /// That text.
        text: String,
    },
    /// It is neither stored nor sent nor shown.
    Refuse {
        /// Why, for the person; may be left out.
        #[serde(default)]
        reason: String,
    },
}

impl From<ModerationAnswer> for Verdict {
    fn from(answer: ModerationAnswer) -> Self {
        match answer {
            ModerationAnswer::Allow => Self::Allow,
            ModerationAnswer::Replace { text } => Self::Replace(text),
            ModerationAnswer::Refuse { reason } => Self::Refuse(reason),
        }
    }
}
