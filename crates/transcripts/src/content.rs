//! What a chat file consists of: JSON, lines of text, or the rows of a database.

use crate::json::JsonShape;

/// What the files of a format consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// JSON values: the elements of an array, one a line, or one after another.
    Json,
    /// Lines of text.
    Text,
    /// An SQLite database.
    Database,
}

impl Content {
    /// What a value of this shape was found in.
    pub(crate) fn of(shape: JsonShape) -> Self {
        match shape {
            JsonShape::Array | JsonShape::Lines | JsonShape::AfterDamage | JsonShape::Documents => {
                Content::Json
            }
            JsonShape::Text => Content::Text,
            JsonShape::Database => Content::Database,
        }
    }
}
