//! What every chat format provides: how it is recognised and how it is read.

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::Value;

use crate::content::Content;
use crate::json::JsonShape;
use crate::turn_output::TurnOutput;

/// Bytes that what a reader keeps for a file that grows may take. It is stored with every such file.
pub(super) const MAX_STATE_BYTES: usize = 8 << 20;

/// A chat format: how a file of it is recognised, and how it is read, value by value.
///
/// A reader is made anew for every file. It keeps only what later values of the file need.
pub(crate) trait FormatReader {
    /// How an error tells people what a file of this format is.
    fn description() -> &'static str
    where
        Self: Sized;

    /// What the files of this format consist of.
    fn content() -> Content
    where
        Self: Sized,
    {
        Content::Json
    }

    /// Whether a value from a file shows that the file is of this format. Fields that other
    /// programs write too are not enough: the first format that recognises a value reads the file.
    ///
    /// Of JSON, it is asked for each of the first values; the last of them may be cut short, since
    /// only the beginning of a file is looked at. Of text, it is asked once, for an array of
    /// the first lines. Of a database, it is asked once, for
    /// `{"tables": {"responses": ["id", "model"]}}`: the tables with the names of their columns.
    fn recognizes(value: &Value, shape: JsonShape) -> bool
    where
        Self: Sized;

    /// The names of files beside the chats that a reader needs, such as the list of users of a
    /// Slack export. Each is looked for in the chat's folder, then in the folders above it, up to
    /// the path that is imported. They are not read as chats themselves.
    fn companions() -> &'static [&'static str]
    where
        Self: Sized,
    {
        &[]
    }

    /// Takes in what a companion holds, before the first value of the chat.
    fn read_companion(&mut self, _name: &str, _value: &Value) {}

    /// The SQL statement whose rows hold the chats of a database, by its tables as
    /// [`recognizes`](Self::recognizes) sees them. Each row comes to
    /// [`read_value`](Self::read_value) as an object by the names of its columns. `None`: the
    /// tables are not those of this format.
    fn query(&self, _tables: &Value) -> Option<String> {
        None
    }

    /// Reads the next value of the file.
    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()>;

    /// Delivers what was held back, after the last value.
    fn finish(&mut self, _output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// What the reader keeps for later values, so that a file that has grown is read on from where
    /// it ended: asked after [`finish`](Self::finish), and limited to [`MAX_STATE_BYTES`]. `None`:
    /// such a file is read from its beginning.
    fn state(&self) -> Option<Value> {
        None
    }

    /// Whether each value's turns are delivered before the next value is read, so that
    /// [`state`](Self::state) can be asked after any value: then also an import that is interrupted
    /// goes on within a file.
    fn holds_nothing_back(&self) -> bool {
        false
    }

    /// Takes back what [`state`](Self::state) gave, before the first value that is new.
    fn restore(&mut self, _state: Value) {}
}

/// What a reader keeps as JSON, unless it takes more than [`MAX_STATE_BYTES`].
pub(super) fn limited_state(kept: &impl Serialize) -> Option<Value> {
    let text = serde_json::to_string(kept).ok()?;
    (text.len() <= MAX_STATE_BYTES).then(|| serde_json::from_str(&text).ok()).flatten()
}
