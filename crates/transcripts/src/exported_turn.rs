//! A turn as longmem exports it: one line of JSON, which is read again as JSON Lines.

use std::io::{self, Write};

use longmem_core::{Role, SessionName, SourceKey, Timestamp, Turn, UserName};
use serde::Serialize;

/// A turn as a line of an export.
///
/// It holds the turn's source key, which names the turn in every store, and not its number, which
/// belongs to one store. So importing an export adds nothing to the store it came from, and
/// exporting a store that was filled from an export gives the same lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExportedTurn<'a> {
    /// What names the turn in every store.
    pub key: &'a SourceKey,
    /// Whose turn it is.
    pub user: &'a UserName,
    /// The session it belongs to.
    pub session: &'a SessionName,
    /// The session's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    /// The role of who speaks.
    pub role: Role,
    /// The name of who speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<&'a str>,
    /// When it was said, as RFC 3339 in UTC.
    pub time: Timestamp,
    /// What was said.
    pub text: &'a str,
    /// Whether it is a note; left out if it is none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub note: bool,
}

impl<'a> ExportedTurn<'a> {
    /// Joins a turn with what only its store knows of it.
    pub fn new(
        key: &'a SourceKey,
        user: &'a UserName,
        title: Option<&'a str>,
        turn: &'a Turn,
    ) -> Self {
        Self {
            key,
            user,
            session: &turn.session,
            title,
            role: turn.role,
            speaker: turn.speaker.as_deref(),
            time: turn.time,
            text: &turn.text,
            note: turn.note,
        }
    }

    /// Writes the turn as one line of JSON, with its line end.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::{Role, SourceKey, Turn, TurnId, UserName};
    /// use longmem_transcripts::ExportedTurn;
    ///
    /// let turn = Turn {
    ///     id: TurnId(7),
    ///     session: "trip".parse()?,
    ///     session_title: None,
    ///     role: Role::User,
    ///     speaker: None,
    ///     time: "2026-03-02T10:00:00Z".parse()?,
    ///     text: "I fly on Friday.".to_owned(),
    ///     note: false,
    /// };
    /// let (key, user) = (SourceKey("turn:1".to_owned()), UserName::new("ana")?);
    /// let mut line = Vec::new();
    /// ExportedTurn::new(&key, &user, None, &turn).write_line(&mut line)?;
    /// assert_eq!(
    ///     String::from_utf8(line)?,
    ///     r#"{"key":"turn:1","user":"ana","session":"trip","role":"user","time":"2026-03-02T10:00:00Z","text":"I fly on Friday."}"#
    ///         .to_owned()
    ///         + "\n"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}
