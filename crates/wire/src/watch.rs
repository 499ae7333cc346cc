//! What capture of transcripts tells while it goes on.

use longmem_core::UserName;
use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// What happened while files were watched; `event` says which it is.
///
/// ```json
/// {
///   "event": "captured", "file": "/home/ana/.codex/sessions/2026/03/08/rollout-1.jsonl",
///   "new": 2, "known": 0, "forgotten": 0, "refused": 0, "unread": 0
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum WatchEvent {
    /// Another process watches for this user; this one waits until it ends.
    Waiting {
        /// For whom.
        user: UserName,
    },
    /// Files are watched from now on.
    Started {
        /// Whose memory they go to.
        user: UserName,
        /// The folders and files that are watched and exist.
        folders: Vec<String>,
        /// Those that do not exist yet; they are looked for every minute.
        missing: Vec<String>,
    },
    /// Turns of a file were stored.
    Captured {
        /// The file.
        file: String,
        /// Turns that were new.
        new: u64,
        /// Turns that were there already.
        known: u64,
        /// Turns that were left out, because the user forgot them before.
        forgotten: u64,
        /// Turns that were left out, because who moderates refused them.
        refused: u64,
        /// Lines that are damaged, or longer than 64 MiB, and were passed over.
        unread: u64,
    },
    /// A file could not be read or stored. It is tried again: if the store was at fault, soon, and
    /// otherwise when the file changes.
    Failed {
        /// The file.
        file: String,
        /// Why.
        message: String,
    },
    /// Turns got their vectors.
    Indexed {
        /// How many.
        turns: u64,
        /// Turns of all users that have none yet.
        remaining: u64,
    },
    /// No vectors could be made; what was captured is found by its words.
    NotIndexed {
        /// Why.
        message: String,
    },
    /// The system does not tell of changes; the folders are looked through every minute all the same.
    WithoutNotices {
        /// Why.
        message: String,
    },
    /// Everything there is was looked at once.
    Finished {
        /// Files that were looked at.
        files: u64,
        /// Turns that were new.
        new: u64,
        /// Files that could not be read or stored.
        failed: u64,
    },
}
