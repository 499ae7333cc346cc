//! A turn that was read from a chat file.

use longmem_core::{NewTurn, SourceKey, UserName};

/// A turn that was read from a chat file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedTurn {
    /// The user that the file names for this turn. JSON Lines and message arrays can name one.
    pub user: Option<UserName>,
    /// The turn; it always has a source key.
    pub turn: NewTurn,
    /// Whether the file states the turn's time. If not, it keeps the turn in its place.
    pub own_time: bool,
    /// Other source keys under which a store may have the turn already: from another record that
    /// tells of it, or from a version of longmem that named it differently. Often empty.
    pub former_keys: Vec<SourceKey>,
}
