//! What became of an import.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Format;

/// Why something in a file did not become a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// No words: nothing, white space, pictures only, or only text that a program put there.
    Empty,
    /// A message that its program does not show.
    Hidden,
    /// What a program wrote into the transcript for itself.
    MetaLine,
    /// A subagent's side of a conversation.
    Subagent,
    /// A program's summary of the conversation so far, which is nobody's words.
    CompactSummary,
    /// The model calling a tool, without saying anything.
    ToolCall,
    /// What a tool printed.
    ToolResult,
    /// The model's reasoning.
    Reasoning,
    /// Instructions to the model.
    SystemMessage,
    /// Custom instructions and stored memories, which repeat in every conversation.
    CustomInstructions,
    /// An error shown as a message.
    ErrorMessage,
    /// A kind of content that is not known.
    UnknownContent,
    /// A role that is not known.
    UnknownRole,
    /// A user's name that cannot be one; never given to another user instead.
    InvalidUser,
    /// Not JSON, or JSON of another shape.
    Malformed,
    /// A line that is not UTF-8.
    NotUtf8,
    /// A line of more than 64 MiB.
    TooLong,
}

impl SkipReason {
    /// The words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::Empty => "empty",
            SkipReason::Hidden => "hidden",
            SkipReason::MetaLine => "meta line",
            SkipReason::Subagent => "subagent",
            SkipReason::CompactSummary => "compact summary",
            SkipReason::ToolCall => "tool call",
            SkipReason::ToolResult => "tool result",
            SkipReason::Reasoning => "reasoning",
            SkipReason::SystemMessage => "system message",
            SkipReason::CustomInstructions => "custom instructions",
            SkipReason::ErrorMessage => "error message",
            SkipReason::UnknownContent => "unknown content",
            SkipReason::UnknownRole => "unknown role",
            SkipReason::InvalidUser => "invalid user name",
            SkipReason::Malformed => "malformed",
            SkipReason::NotUtf8 => "not UTF-8",
            SkipReason::TooLong => "too long",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why reading a file stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The file is cut off in the middle of a value.
    CutOff,
    /// The file goes on with something that is not JSON.
    NotJson,
    /// One conversation is larger than 256 MiB.
    TooLarge,
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            EndReason::CutOff => "cut off",
            EndReason::NotJson => "not JSON from here",
            EndReason::TooLarge => "a conversation larger than 256 MiB",
        })
    }
}

/// A file that could not be read to its end; what stood before was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndedEarly {
    /// The file, relative to the path that was read; a single file by its name.
    pub file: String,
    /// How many bytes were read; in a zip, after unpacking.
    pub byte: u64,
    /// Why it ended there.
    pub reason: EndReason,
}

impl fmt::Display for EndedEarly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ended early, at byte {}: {}", self.file, self.byte, self.reason)
    }
}

/// How far an import has come, told with every turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far; in a zip, after unpacking.
    pub bytes_read: u64,
    /// Bytes to read, as the folder or zip states them; none for a pipe.
    pub bytes_total: Option<u64>,
    /// Conversations begun so far.
    pub conversations: u64,
    /// Turns so far, this one included.
    pub turns: u64,
}

/// What an import brought, and what it left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The format that was read.
    pub format: Format,
    /// Files that were opened.
    pub files: u64,
    /// Sessions that got at least one turn.
    pub sessions: u64,
    /// Turns that were handed over, those that a store already has included.
    pub turns: u64,
    /// What was left out, counted by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Files that could not be read to their end.
    pub ended_early: Vec<EndedEarly>,
}
