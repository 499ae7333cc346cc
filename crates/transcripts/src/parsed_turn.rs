//! A turn as its format reads it, before what the file leaves out is filled in.

use longmem_core::{Role, SessionName, Timestamp, UserName};

/// A turn as its format reads it, before what the file leaves out is filled in.
pub(crate) struct ParsedTurn {
    pub(crate) user: Option<UserName>,
    pub(crate) session: SessionName,
    pub(crate) title: Option<String>,
    pub(crate) role: Role,
    pub(crate) speaker: Option<String>,
    pub(crate) text: String,
    /// When it was said. Without it, the turn follows the session's previous turn by a millisecond.
    pub(crate) time: Option<Timestamp>,
    /// Whether the file states a time, among others perhaps, that cannot be read.
    pub(crate) unreadable_time: bool,
    /// Whether version 0.1.0 read no time where there is one. It named a turn without an id by its time
    /// too, so stores may know the turn by a key without it.
    pub(crate) was_without_time: bool,
    /// When the session began: the time of a first turn that has none. Without it, that is when the
    /// file was last changed.
    pub(crate) session_began: Option<Timestamp>,
    /// Whether somebody asked to have it remembered.
    pub(crate) note: bool,
    /// What names the turn in every store. Without it, a key is derived from the content.
    pub(crate) source_key: Option<String>,
    /// Keys under which stores may know the turn from earlier reads.
    pub(crate) former_keys: Vec<String>,
}

impl ParsedTurn {
    /// A turn with what every format knows; the rest is unknown until it is set.
    pub(crate) fn new(session: SessionName, role: Role, text: String) -> Self {
        Self {
            user: None,
            session,
            title: None,
            role,
            speaker: None,
            text,
            time: None,
            unreadable_time: false,
            was_without_time: false,
            session_began: None,
            note: false,
            source_key: None,
            former_keys: Vec::new(),
        }
    }

    /// Bytes that the turn takes in memory, without its title.
    pub(crate) fn bytes_in_memory(&self) -> usize {
        size_of::<Self>()
            + self.text.len()
            + self.session.as_str().len()
            + self.source_key.iter().chain(&self.former_keys).map(String::len).sum::<usize>()
    }
}
