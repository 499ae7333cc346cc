//! Conversations with questions about them, and the turns that hold the answers.
//!
//! [`read`] takes LoCoMo and LongMemEval as they are published, and a neutral format. It tells them
//! apart by their content.
//!
//! # The neutral format
//! A JSON array of conversations, or one conversation after another, as in JSON Lines. A
//! conversation has the fields of [`Conversation`]:
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
//! - A date is RFC 3339, or a date with or without a time, in UTC.
//! - `evidence` holds ids of turns or of whole sessions, so a turn and a session may not share an id.
//! - `"unanswerable": true` marks a question that has no answer in its conversation.

mod beside;
mod checked;
mod date;
mod echo;
mod evidence;
mod foreign;
mod locomo;
mod longmemeval;
mod notes;
mod padding;
mod reading;
mod sets;
mod wrap;

use jiff::Timestamp;
use longmem_core::Role;
use serde::{Deserialize, Serialize};

use crate::EvalError;

pub use beside::{Beside, read_beside};
pub use evidence::EvidencePiece;
pub use locomo::ADVERSARIAL;
pub use reading::read;
pub use sets::{read_all, select_in};
pub use wrap::{Filler, Place};

/// Conversations, with what had to be repaired when they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// A name for it: that of its file, without the ending.
    pub name: String,
    /// How it was written.
    pub layout: Layout,
    /// The conversations, at least one, in the order of the file.
    pub conversations: Vec<Conversation>,
    /// What was repaired or left out.
    pub repairs: Repairs,
}

longmem_core::closed_words! {
    /// How a data set is written.
    pub enum Layout: "a layout" {
        /// LoCoMo as published: long conversations of two people, with evidence by turn.
        LoCoMo = "LoCoMo",
        /// LongMemEval as published: a user's chats with an assistant, with evidence by session and,
        /// for some questions, by turn.
        LongMemEval = "LongMemEval",
        /// The [neutral format](self).
        Neutral = "neutral",
    }
}

/// Number of faults of a data set that could be read nevertheless.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Repairs {
    /// Pieces of evidence that were written differently from ids, and understood.
    pub evidence_repaired: usize,
    /// Pieces of evidence that name nothing, left out.
    pub evidence_dropped: usize,
    /// Turns without text, left out.
    pub empty_turns: usize,
}

/// All that was said in one user's sessions, with questions about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Conversation {
    /// Its name, unique in the data set.
    pub id: String,
    /// Its sessions.
    pub sessions: Vec<Session>,
    /// The questions about it.
    #[serde(default)]
    pub questions: Vec<Question>,
}

/// A part of a conversation that was held at one time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// Its name, unique in the conversation.
    pub id: String,
    /// When it was held; every turn of it has this time.
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
    /// When it was said, if not at its session's date.
    #[serde(default, deserialize_with = "date::optional")]
    pub time: Option<Timestamp>,
    /// Whether somebody asked to have it remembered; none if the data set does not say. A set that
    /// was [read](read()) says it of every turn.
    #[serde(default)]
    pub note: Option<bool>,
}

/// A question about a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    /// Its name.
    pub id: String,
    /// The question itself; not empty.
    pub text: String,
    /// The whole message that is sent, where the question is only a part of it.
    #[serde(skip)]
    pub message: Option<String>,
    /// When it is asked; none is the end of the conversation. Relative dates count from then. Later
    /// turns can be found all the same.
    #[serde(default, deserialize_with = "date::optional")]
    pub asked_at: Option<Timestamp>,
    /// Its kind.
    #[serde(default)]
    pub category: Option<String>,
    /// The answer, in pieces. Some of them may stand word for word in the evidence.
    #[serde(default, deserialize_with = "evidence::answer")]
    pub answer: Vec<String>,
    /// The turns or sessions that hold the answer.
    #[serde(default)]
    pub evidence: Vec<EvidencePiece>,
    /// Whether the conversation holds no answer.
    #[serde(default)]
    pub unanswerable: bool,
}

impl Dataset {
    /// The family that it belongs to: a set in the neutral format is one of its own; all sets in the
    /// layout of LoCoMo are one, and so are those of LongMemEval.
    pub fn family(&self) -> String {
        family(self.layout, &self.name)
    }

    /// Keeps only the conversations of these ids.
    ///
    /// # Errors
    /// [`EvalError::UnknownConversation`] for an id that no conversation has.
    pub fn select(&mut self, ids: &[String]) -> Result<(), EvalError> {
        let is_known = |id: &&String| self.conversations.iter().any(|c| c.id == **id);
        if let Some(wanted) = ids.iter().find(|id| !is_known(id)) {
            return Err(unknown_conversation(wanted, self.conversations.iter()));
        }
        self.conversations.retain(|conversation| ids.contains(&conversation.id));
        Ok(())
    }
}

/// The family of a data set of this layout and name.
pub(crate) fn family(layout: Layout, name: &str) -> String {
    match layout {
        Layout::Neutral => name.to_owned(),
        published => published.as_str().to_owned(),
    }
}

/// The error that names a conversation that there is not, with the first ones that there are.
fn unknown_conversation<'a>(
    wanted: &str,
    conversations: impl Iterator<Item = &'a Conversation>,
) -> EvalError {
    let known: Vec<&str> = conversations.map(|conversation| conversation.id.as_str()).collect();
    let mut shown = known[..known.len().min(10)].join(", ");
    if known.len() > 10 {
        shown.push_str(", …");
    }
    EvalError::UnknownConversation { wanted: wanted.to_owned(), known: shown }
}

impl Question {
    /// What is sent: the question, or the message that it is a part of.
    pub fn sent(&self) -> &str {
        self.message.as_deref().unwrap_or(&self.text)
    }
}

impl Session {
    /// When one of its turns was said.
    pub fn time_of(&self, turn: &Turn) -> Timestamp {
        turn.time.unwrap_or(self.date)
    }
}

impl Conversation {
    /// The speaker of the first turn with the role `user`, in the order of the file; none without such
    /// a turn. What is stored beside a conversation stands behind its own sessions.
    pub(crate) fn first_person(&self) -> Option<&Option<String>> {
        let mut by_people = self.turns().filter(|(_, turn)| turn.role == Role::User);
        by_people.next().map(|(_, turn)| &turn.speaker)
    }

    /// When its last turn was said; none without a turn.
    pub fn end(&self) -> Option<Timestamp> {
        self.turns().map(|(session, turn)| session.time_of(turn)).max()
    }

    /// Gives the questions that have no time the end of the conversation, so that turns that are
    /// added later do not change it.
    fn settle_times(&mut self) {
        let end = self.end();
        for question in &mut self.questions {
            question.asked_at = question.asked_at.or(end);
        }
    }

    /// Every turn with its session, in the order of the file.
    pub fn turns(&self) -> impl Iterator<Item = (&Session, &Turn)> {
        self.sessions.iter().flat_map(|session| session.turns.iter().map(move |t| (session, t)))
    }
}
