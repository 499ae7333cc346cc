//! An error as a document.

use longmem_core::ErrorCode;
use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// Something could not be done.
///
/// ```json
/// {
///   "error": {
///     "code": "unknown_user",
///     "message": "there is no user \"bo\" in this store",
///     "hints": ["longmem stats lists the users of this store."]
///   }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDocument {
    /// What went wrong.
    pub error: ErrorReport,
}

impl ErrorDocument {
    /// An error's kind, its whole message, and what would help in the words of the interface.
    pub fn new(code: ErrorCode, message: impl Into<String>, hints: Vec<String>) -> Self {
        Self { error: ErrorReport { code, message: message.into(), hints } }
    }
}

/// What went wrong, and what would help.
///
/// ```json
/// { "code": "disk_full", "message": "the disk is full; nothing was stored", "hints": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    /// The kind of error: a word that stays the same from version to version.
    pub code: ErrorCode,
    /// What happened, for a person.
    pub message: String,
    /// What would help, best first, each a sentence.
    pub hints: Vec<String>,
}

/// An error's message and, after colons, those of its causes that it does not say itself.
///
/// # Examples
/// ```
/// let error = "x".parse::<u32>().unwrap_err();
/// assert_eq!(longmem_wire::full_message(&error), "invalid digit found in string");
/// ```
pub fn full_message(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !message.contains(&more) {
            message.push_str(": ");
            message.push_str(&more);
        }
        cause = error.source();
    }
    message
}
