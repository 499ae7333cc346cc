//! What reading a path brought.

use std::collections::BTreeMap;

use crate::ended_early::EndedEarly;
use crate::formats::Format;
use crate::left_out::LeftOutFiles;
use crate::skip_reason::SkipReason;

/// What reading a path brought: how many turns, and what was left out for which reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Number of files that were read, by format.
    pub formats: BTreeMap<Format, u64>,
    /// Files that did not change since they were read before, and so were not read again.
    pub unchanged: u64,
    /// Bytes of the files that were read: of one that has grown since it was read before, those that are
    /// new; of a zip's files, those after unpacking.
    pub bytes_read: u64,
    /// All bytes that were read from the disk, to detect formats and to compare files with their marks,
    /// too; some may have been read more than once.
    pub bytes_read_in_all: u64,
    /// Sessions that have at least one turn.
    pub sessions: u64,
    /// Turns that were delivered, whether a store already has them or not.
    pub turns: u64,
    /// Turns for which the file states no time, or none that can be read, among those delivered.
    pub turns_without_time: u64,
    /// Those among them for which the file states a time that cannot be read.
    pub unreadable_times: u64,
    /// Number of skipped messages and lines, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Files that could not be read to their end.
    pub ended_early: Vec<EndedEarly>,
    /// Files that were not read as chats.
    pub left_out: LeftOutFiles,
}

impl Report {
    /// Number of files that were read.
    pub fn files(&self) -> u64 {
        self.formats.values().sum()
    }

    /// The formats of these files: "chatgpt", or "chatgpt, jsonl".
    pub fn format_names(&self) -> String {
        self.formats.keys().map(|format| format.as_str()).collect::<Vec<_>>().join(", ")
    }
}
