//! Turns: stored, to be stored, exported.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{FactId, Role, SessionName, SourceKey, Timestamp, TurnId, UserName};
use longmem_memory::{Inserted, NOTES_SESSION};
use serde::{Deserialize, Serialize};

/// Turns that were asked for by number, with those around them.
///
/// ```json
/// { "turns": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turns {
    /// The turns.
    pub turns: Vec<Turn>,
}

impl From<Vec<longmem_core::Turn>> for Turns {
    fn from(turns: Vec<longmem_core::Turn>) -> Self {
        Self { turns: turns.into_iter().map(Turn::from).collect() }
    }
}

/// A turn as it is stored. `note` is absent where it is false.
///
/// ```json
/// {
///   "id": 17, "session": "move", "session_title": "Moving house", "role": "user",
///   "speaker": "Ana", "time": "2026-03-08T18:30:00Z", "text": "I live in Lisbon now!"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Its number.
    pub id: TurnId,
    /// The conversation it belongs to.
    pub session: SessionName,
    /// The session's title, if it has one.
    pub session_title: Option<String>,
    /// Who speaks: `user`, `assistant`, `system`, `tool`.
    pub role: Role,
    /// The speaker's name, if known.
    pub speaker: Option<String>,
    /// When it was said, to the millisecond.
    pub time: Timestamp,
    /// What was said.
    pub text: String,
    /// Whether it is a note, which stands alone in its session; left out if it is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub note: bool,
}

impl From<longmem_core::Turn> for Turn {
    fn from(turn: longmem_core::Turn) -> Self {
        Self {
            id: turn.id,
            session: turn.session,
            session_title: turn.session_title,
            role: turn.role,
            speaker: turn.speaker,
            time: turn.time,
            text: turn.text,
            note: turn.note,
        }
    }
}

/// Asks for a turn to be stored. Only the text is needed.
///
/// ```json
/// {
///   "session": "notes", "role": "user", "speaker": "Ana", "time": "2026-03-08T18:30:00Z",
///   "text": "I live in Lisbon now!", "note": true, "key": "diary:2026-03-08"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NewTurn {
    /// The conversation it belongs to; `notes` if it is left out.
    #[serde(default = "notes")]
    pub session: SessionName,
    /// Who speaks; `user` if it is left out.
    #[serde(default = "user")]
    pub role: Role,
    /// The speaker's name.
    #[serde(default)]
    pub speaker: Option<String>,
    /// When it was said; now if it is left out.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// What was said.
    pub text: String,
    /// Whether it is a note, which stands alone; if this is left out, it is one in the session `notes`
    /// only.
    #[serde(default)]
    pub note: Option<bool>,
    /// A name for the turn, so that asking again stores nothing.
    #[serde(default)]
    pub key: Option<String>,
}

fn notes() -> SessionName {
    SessionName::new(NOTES_SESSION).expect("the constant is a valid name")
}

fn user() -> Role {
    Role::User
}

impl NewTurn {
    /// A note of something that the user says now.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            session: notes(),
            role: user(),
            speaker: None,
            time: None,
            text: text.into(),
            note: None,
            key: None,
        }
    }

    /// The turn to store; `now` is when it was said if the request does not say.
    pub fn said_at(self, now: Timestamp) -> longmem_core::NewTurn {
        longmem_core::NewTurn {
            note: self.note.unwrap_or(self.session.as_str() == NOTES_SESSION),
            session: self.session,
            session_title: None,
            role: self.role,
            speaker: self.speaker,
            text: self.text,
            time: self.time.unwrap_or(now),
            source_key: self.key.map(SourceKey),
        }
    }
}

/// A turn was stored, or was there already.
///
/// ```json
/// { "id": 17, "new": true, "user": "ana", "session": "notes", "noted": [4] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remembered {
    /// The turn's number.
    pub id: TurnId,
    /// False if the user already had a turn with this key.
    pub new: bool,
    /// Whose turn it is.
    pub user: UserName,
    /// The conversation it belongs to.
    pub session: SessionName,
    /// The facts that its standing instructions became.
    #[serde(default)]
    pub noted: Vec<FactId>,
}

impl Remembered {
    /// Joins what became of a turn with where it went; nothing was noted.
    pub fn new(inserted: Inserted, user: UserName, session: SessionName) -> Self {
        Self { id: inserted.id, new: inserted.new, user, session, noted: Vec::new() }
    }
}

/// One line of an export, which `import` reads back. `title`, `speaker` and `note` are absent where
/// there is none. A turn's number is no part of it: numbers belong to one store, the key to all.
///
/// ```json
/// {
///   "key": "turn:5f0c", "user": "ana", "session": "move", "title": "Moving house",
///   "role": "user", "speaker": "Ana", "time": "2026-03-08T18:30:00Z",
///   "text": "I live in Lisbon now!"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportedTurn {
    /// What names the turn, in any store.
    pub key: SourceKey,
    /// Whose turn it is.
    pub user: UserName,
    /// The conversation it belongs to.
    pub session: SessionName,
    /// The conversation's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// The speaker's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// When it was said.
    pub time: Timestamp,
    /// What was said.
    pub text: String,
    /// Whether it is a note, which stands alone in its session; left out if it is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub note: bool,
}
