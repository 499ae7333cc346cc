//! Where and why reading a file stopped before its end.

use std::fmt;

use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// A file that could not be read to its end. The turns before that place were delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndedEarly {
    /// The file, relative to the folder or zip that was read; a single file by its name.
    pub file: String,
    /// Bytes read from the file until then; for a zip, after unpacking.
    pub byte: u64,
    /// What stopped the reading.
    pub reason: EndReason,
}

impl fmt::Display for EndedEarly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ended early, at byte {}: {}", self.file, self.byte, self.reason)
    }
}

/// What stopped the reading of a file before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// The file ends in the middle of a value.
    CutOff,
    /// The rest of the file is not JSON.
    NotJson,
    /// One conversation is larger than 256 MiB.
    TooLarge,
    /// The rest of the file cannot be read: a damaged member of a zip, or a failing disk.
    Unreadable,
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            EndReason::CutOff => "cut off",
            EndReason::NotJson => "not JSON from here",
            EndReason::Unreadable => "damaged from here",
            EndReason::TooLarge => "a conversation larger than 256 MiB",
        })
    }
}
