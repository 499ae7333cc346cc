//! Which program wrote a chat file.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Which program wrote a chat file, or which convention it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// ChatGPT's data export: `conversations.json`, whole or in numbered parts, or the zip.
    ChatGpt,
    /// Claude.ai's data export: `conversations.json`, or the zip.
    ClaudeAi,
    /// Claude Code's transcripts: `*.jsonl`, or a folder of them.
    ClaudeCode,
    /// OpenAI-style `[{role, content}]`, or `{"messages": […]}` as a document or one a line.
    Messages,
    /// One message a line; what longmem exports.
    JsonLines,
}

impl Format {
    /// Every format, in the order of declaration.
    pub const ALL: [Format; 5] = [
        Format::ChatGpt,
        Format::ClaudeAi,
        Format::ClaudeCode,
        Format::Messages,
        Format::JsonLines,
    ];

    /// The name on the command line and at the start of source keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::ChatGpt => "chatgpt",
            Format::ClaudeAi => "claude",
            Format::ClaudeCode => "claude-code",
            Format::Messages => "messages",
            Format::JsonLines => "jsonl",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that names no format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a format; a format is chatgpt, claude, claude-code, messages or jsonl")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Format::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_reads_back_from_its_name_and_is_named_by_the_error() {
        let error = "slack".parse::<Format>().unwrap_err().to_string();
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
            assert!(error.contains(format.as_str()));
        }
    }
}
