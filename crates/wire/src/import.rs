//! What an import read and stored.

use std::collections::BTreeMap;
use std::path::Path;

use longmem_memory::{EndReason, EndedEarly, Format, ImportReport, SkipReason, TranscriptReport};
use serde::{Deserialize, Serialize};

/// What became of all the paths of an import.
///
/// ```json
/// { "imports": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imports {
    /// One for each path, in the order given.
    pub imports: Vec<Import>,
}

/// What became of one path of an import.
///
/// ```json
/// {
///   "path": "conversations.json",
///   "read": {
///     "format": "chatgpt", "files": 1, "sessions": 2, "turns": 7, "skipped": {},
///     "ended_early": []
///   },
///   "turns": 7, "new": 6, "known": 1
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The path as it was given.
    pub path: String,
    /// What was read there.
    pub read: TranscriptRead,
    /// Turns that came, those that were there already included.
    pub turns: u64,
    /// Turns that were new.
    pub new: u64,
    /// Turns that were there already.
    pub known: u64,
}

impl Import {
    /// What became of a path.
    pub fn new(path: &Path, report: ImportReport) -> Self {
        Self {
            path: path.display().to_string(),
            turns: report.new_turns + report.known_turns,
            new: report.new_turns,
            known: report.known_turns,
            read: report.read.into(),
        }
    }
}

/// What was read, and what was left out.
///
/// ```json
/// {
///   "format": "jsonl", "files": 1, "sessions": 2, "turns": 7,
///   "skipped": { "empty": 2, "malformed": 1 },
///   "ended_early": [{ "file": "cut.json", "byte": 2048, "reason": "cut_off" }]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptRead {
    /// `chatgpt`, `claude`, `claude-code`, `messages` or `jsonl`.
    pub format: Format,
    /// Files that were opened.
    pub files: u64,
    /// Sessions that got at least one turn.
    pub sessions: u64,
    /// Turns that were read.
    pub turns: u64,
    /// What was left out, counted by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Files that could not be read to their end.
    pub ended_early: Vec<FileEndedEarly>,
}

impl From<TranscriptReport> for TranscriptRead {
    fn from(report: TranscriptReport) -> Self {
        Self {
            format: report.format,
            files: report.files,
            sessions: report.sessions,
            turns: report.turns,
            skipped: report.skipped,
            ended_early: report.ended_early.into_iter().map(FileEndedEarly::from).collect(),
        }
    }
}

/// A file that could not be read to its end; what stood before was taken in.
///
/// ```json
/// { "file": "cut.json", "byte": 2048, "reason": "cut_off" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEndedEarly {
    /// The file, relative to the path that was read.
    pub file: String,
    /// How many bytes were read; in a zip, after unpacking.
    pub byte: u64,
    /// `cut_off`, `not_json` or `too_large`.
    pub reason: EndReason,
}

impl From<EndedEarly> for FileEndedEarly {
    fn from(file: EndedEarly) -> Self {
        Self { file: file.file, byte: file.byte, reason: file.reason }
    }
}
