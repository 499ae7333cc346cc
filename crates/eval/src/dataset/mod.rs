//! Conversations with questions about them, and which turns answer those.
//!
//! [`read`] takes LoCoMo and LongMemEval as they are published, and a neutral format, and tells
//! them apart by content.
//!
//! # The neutral format
//! A JSON array of conversations, or one conversation after the other, as in JSON Lines. A
//! conversation is a [`Conversation`] with these names:
//!
//! ```json
//! {"id": "ana",
//!  "sessions": [
//!    {"id": "s1", "date": "2026-03-02T10:00:00Z", "turns": [
//!      {"id": "t1", "role": "user", "speaker": "Ana", "text": "I moved to Lisbon."}]}],
//!  "questions": [
//!    {"id": "q1", "text": "Where does Ana live?", "asked_at": "2026-05-01", "category": "place",
//!     "evidence": ["t1"]}]}
//! ```
//!
//! - `role` is user, assistant, system or tool; `speaker`, `asked_at`, `category` and `evidence`
//!   may be missing.
//! - A date is RFC 3339, or a date with or without a time, which is then in UTC.
//! - `evidence` holds ids of turns or of whole sessions, so no turn may be named like a session.
//! - `"unanswerable": true` marks a question whose answer was never said.

mod checked;
mod date;
mod locomo;
mod longmemeval;
mod padding;
mod reading;

use jiff::Timestamp;
use longmem_core::Role;
use serde::{Deserialize, Serialize};

use crate::EvalError;

pub(crate) use locomo::ADVERSARIAL;
pub use reading::read;

/// Conversations, with what had to be mended on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// How it was written.
    pub layout: Layout,
    /// The conversations, at least one, in the order of the file.
    pub conversations: Vec<Conversation>,
    /// What was not as it should be.
    pub mended: Mended,
}

/// How a data set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    /// LoCoMo as published: long talks of two people, with evidence by turn.
    LoCoMo,
    /// LongMemEval as published: a user's chats with an assistant, with evidence by session and,
    /// for some questions, by turn.
    LongMemEval,
    /// The [neutral format](self).
    #[serde(rename = "neutral")]
    Neutral,
}

/// What was not as it should be in a data set that could be read all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Mended {
    /// Pieces of evidence that were written in another way than ids are, and understood.
    pub evidence_repaired: usize,
    /// Pieces of evidence that name nothing, and were left out.
    pub evidence_dropped: usize,
    /// Turns without text, which were left out.
    pub empty_turns: usize,
}

/// Everything that one user said and was told, with questions about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Conversation {
    /// Its name, unique in the data set.
    pub id: String,
    /// Its sessions.
    pub sessions: Vec<Session>,
    /// What is asked about it.
    #[serde(default)]
    pub questions: Vec<Question>,
}

/// One sitting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// Its name, unique in the conversation.
    pub id: String,
    /// When it was; every turn of it bears this time.
    #[serde(deserialize_with = "date::required")]
    pub date: Timestamp,
    /// What was said, in order.
    pub turns: Vec<Turn>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Turn {
    /// Its name, unique in the conversation.
    pub id: String,
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, if known.
    #[serde(default)]
    pub speaker: Option<String>,
    /// What was said; not empty.
    pub text: String,
}

/// Something that is asked about a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    /// Its name.
    pub id: String,
    /// The question itself; not empty.
    pub text: String,
    /// When it is asked; the end of the conversation if nothing else is said. Relative dates count
    /// from there; it hides no turn.
    #[serde(default, deserialize_with = "date::optional")]
    pub asked_at: Option<Timestamp>,
    /// Its kind.
    #[serde(default)]
    pub category: Option<String>,
    /// The turns or sessions that hold the answer, by id.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Whether the answer was never said.
    #[serde(default)]
    pub unanswerable: bool,
}

impl Dataset {
    /// Keeps these conversations only.
    ///
    /// # Errors
    /// [`EvalError::UnknownConversation`] for an id that no conversation has.
    pub fn select(&mut self, ids: &[String]) -> Result<(), EvalError> {
        let known: Vec<&str> = self.conversations.iter().map(|c| c.id.as_str()).collect();
        if let Some(wanted) = ids.iter().find(|id| !known.contains(&id.as_str())) {
            let mut shown = known[..known.len().min(10)].join(", ");
            if known.len() > 10 {
                shown.push_str(", …");
            }
            return Err(EvalError::UnknownConversation { wanted: wanted.clone(), known: shown });
        }
        self.conversations.retain(|conversation| ids.contains(&conversation.id));
        Ok(())
    }
}

impl Conversation {
    /// Every turn with its session, in the order written.
    pub fn turns(&self) -> impl Iterator<Item = (&Session, &Turn)> {
        self.sessions.iter().flat_map(|session| session.turns.iter().map(move |t| (session, t)))
    }
}

impl Layout {
    /// The name that is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoCoMo => "LoCoMo",
            Self::LongMemEval => "LongMemEval",
            Self::Neutral => "neutral",
        }
    }
}
