//! Why something in a file did not become a turn.

use std::fmt;

use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// Why something in a file did not become a turn.
///
/// JSON holds the name in snake case (`tool_call`), people read [`as_str`](Self::as_str)
/// ("tool call").
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// No words: nothing, white space, only pictures, or only text that a program inserted.
    Empty,
    /// A message that the program hides from its user.
    Hidden,
    /// An entry that the program wrote for itself.
    MetaLine,
    /// A message of a branch that was left when a message was edited or answered anew.
    AbandonedBranch,
    /// A message that no link joins with the conversation that is shown.
    Unlinked,
    /// A message between the model and one of its subagents.
    Subagent,
    /// A summary that the program wrote when the conversation had become too long.
    CompactSummary,
    /// A tool call without words and without a result that it could be stored with.
    ToolCall,
    /// The output of a tool, where the format's reader does not store it.
    ToolResult,
    /// The model's reasoning.
    Reasoning,
    /// Instructions to the model.
    SystemMessage,
    /// Custom instructions or stored memories, which repeat in every conversation.
    CustomInstructions,
    /// An error message in place of an answer.
    ErrorMessage,
    /// A kind of content that this version does not know.
    UnknownContent,
    /// A role that this version does not know.
    UnknownRole,
    /// A user name that is not valid. The turn is skipped, so that it never becomes the memory of
    /// another user.
    InvalidUser,
    /// Text that is not JSON, or JSON of an unexpected shape.
    Malformed,
    /// A line that is not UTF-8.
    NotUtf8,
    /// A line of more than 64 MiB, or one value with more than four million parts.
    TooLong,
}

impl SkipReason {
    /// The reason in words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::Empty => "empty",
            SkipReason::Hidden => "hidden",
            SkipReason::MetaLine => "meta line",
            SkipReason::AbandonedBranch => "abandoned branch",
            SkipReason::Unlinked => "unlinked",
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
