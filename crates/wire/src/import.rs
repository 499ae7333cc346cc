//! What an import read and stored.

use std::collections::BTreeMap;
use std::path::Path;

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Timestamp, UserName};
use longmem_memory::{
    EndReason, EndedEarly, Format, ImportReport, LeftOutFile, SkipReason, TranscriptReport,
};
use serde::{Deserialize, Serialize};

use crate::{ErrorReport, Indexed};

/// What became of all the paths of an import.
///
/// ```json
/// { "imports": [], "failed": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Imports {
    /// One for each path that was read, in the order given.
    pub imports: Vec<Import>,
    /// The paths that could not be read.
    pub failed: Vec<FailedImport>,
    /// What indexing brought, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed: Option<Indexed>,
}

/// A path of an import that could not be read.
///
/// ```json
/// {
///   "path": "letter.txt",
///   "error": { "code": "unknown_format", "message": "letter.txt is not a chat file", "hints": [] }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailedImport {
    /// The path as it was given.
    pub path: String,
    /// Why it could not be read.
    pub error: ErrorReport,
}

/// What became of one path of an import.
///
/// ```json
/// {
///   "path": "conversations.json",
///   "read": {
///     "formats": { "chatgpt": 1 }, "unchanged": 0, "bytes_read": 4096, "sessions": 2, "turns": 7,
///     "turns_without_time": 0, "unreadable_times": 0, "skipped": {}, "ended_early": [], "left_out": [],
///     "more_left_out": 0
///   },
///   "turns": 7, "new": 6, "known": 1, "forgotten": 0, "users": { "ana": 7 }, "of_other_users": 0,
///   "refused": 0
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    /// The path as it was given.
    pub path: String,
    /// What was read there.
    pub read: TranscriptRead,
    /// Turns that came, those that were there already, forgotten or refused included.
    pub turns: u64,
    /// Turns that were new.
    pub new: u64,
    /// Turns that were there already.
    pub known: u64,
    /// Turns that were left out, because the user forgot them before.
    pub forgotten: u64,
    /// Whose the turns became, with how many each got.
    pub users: BTreeMap<UserName, u64>,
    /// Turns for which the file names another user than the one they became.
    pub of_other_users: u64,
    /// Turns that were left out, because who moderates refused them.
    #[serde(default)]
    pub refused: u64,
}

impl Import {
    /// What became of a path.
    pub fn new(path: &Path, report: ImportReport) -> Self {
        Self {
            path: path.display().to_string(),
            turns: report.new_turns
                + report.known_turns
                + report.forgotten_turns
                + report.refused_turns,
            new: report.new_turns,
            known: report.known_turns,
            forgotten: report.forgotten_turns,
            users: report.users,
            of_other_users: report.of_other_users,
            refused: report.refused_turns,
            read: report.read.into(),
        }
    }
}

/// What an import of all its paths would do.
///
/// ```json
/// { "would_import": [], "failed": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportPreviews {
    /// One for each path that was read, in the order given.
    pub would_import: Vec<ImportPreview>,
    /// The paths that could not be read.
    pub failed: Vec<FailedImport>,
}

/// What an import of one path would do.
///
/// ```json
/// {
///   "path": "conversations.json",
///   "read": {
///     "formats": { "chatgpt": 1 }, "unchanged": 0, "bytes_read": 4096, "sessions": 2, "turns": 7,
///     "turns_without_time": 0, "unreadable_times": 0, "skipped": {}, "ended_early": [], "left_out": [],
///     "more_left_out": 0
///   },
///   "new": 6, "known": 1, "forgotten": 0, "users": { "ana": 7 }, "of_other_users": 0,
///   "first": "2026-03-02T10:00:00Z", "last": "2026-03-04T12:30:00Z"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportPreview {
    /// The path as it was given.
    pub path: String,
    /// What was read there.
    pub read: TranscriptRead,
    /// Turns that would be new.
    pub new: u64,
    /// Turns that are there already, or come twice.
    pub known: u64,
    /// Turns that would be left out, because the user forgot them before.
    pub forgotten: u64,
    /// Whose the turns would become, with how many each would get.
    pub users: BTreeMap<UserName, u64>,
    /// Turns for which the file names another user than the one they would become.
    pub of_other_users: u64,
    /// The time of the first turn, among those whose time is known.
    pub first: Option<Timestamp>,
    /// The time of the last turn, among those whose time is known.
    pub last: Option<Timestamp>,
}

impl ImportPreview {
    /// What an import of a path would do.
    pub fn new(path: &Path, preview: longmem_memory::ImportPreview) -> Self {
        Self {
            path: path.display().to_string(),
            read: preview.read.into(),
            new: preview.new_turns,
            known: preview.known_turns,
            forgotten: preview.forgotten_turns,
            users: preview.users,
            of_other_users: preview.of_other_users,
            first: preview.first,
            last: preview.last,
        }
    }
}

/// What was read, and what was left out.
///
/// ```json
/// {
///   "formats": { "jsonl": 1 }, "unchanged": 2, "bytes_read": 4096, "sessions": 2, "turns": 7,
///   "turns_without_time": 3, "unreadable_times": 1,
///   "skipped": { "empty": 2, "malformed": 1 },
///   "ended_early": [{ "file": "cut.json", "byte": 2048, "reason": "cut_off" }],
///   "left_out": [
///     { "file": "x.json", "reason": "unknown_format",
///       "message": "not a chat file of a known format" }
///   ],
///   "more_left_out": 0
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptRead {
    /// Number of files that were read, by format.
    pub formats: BTreeMap<Format, u64>,
    /// Files that did not change since they were imported, and so were not read again.
    pub unchanged: u64,
    /// Bytes of the files that were read: of one that has grown since it was imported, those that are new;
    /// of a zip's files, those after unpacking.
    pub bytes_read: u64,
    /// Sessions that got at least one turn.
    pub sessions: u64,
    /// Turns that were read.
    pub turns: u64,
    /// Turns for which the files state no time, or none that can be read.
    pub turns_without_time: u64,
    /// Those among them for which the files state a time that cannot be read.
    pub unreadable_times: u64,
    /// What was skipped within the files, counted by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Files that could not be read to their end.
    pub ended_early: Vec<FileEndedEarly>,
    /// Files that were not read as chats; at most 20 of them.
    pub left_out: Vec<FileLeftOut>,
    /// How many more there are.
    pub more_left_out: u64,
}

impl From<TranscriptReport> for TranscriptRead {
    fn from(report: TranscriptReport) -> Self {
        Self {
            formats: report.formats,
            unchanged: report.unchanged,
            bytes_read: report.bytes_read,
            sessions: report.sessions,
            turns: report.turns,
            turns_without_time: report.turns_without_time,
            unreadable_times: report.unreadable_times,
            skipped: report.skipped,
            ended_early: report.ended_early.into_iter().map(FileEndedEarly::from).collect(),
            left_out: report.left_out.named.into_iter().map(FileLeftOut::from).collect(),
            more_left_out: report.left_out.more,
        }
    }
}

/// A file that could not be read to its end; what stood before was taken in.
///
/// ```json
/// { "file": "cut.json", "byte": 2048, "reason": "cut_off" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// A file of a folder or zip that was not read as a chat.
///
/// ```json
/// { "file": "x.json", "reason": "unknown_format", "message": "not a chat file of a known format" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileLeftOut {
    /// The file, relative to the path that was read.
    pub file: String,
    /// `unknown_format`, `other_format`, `unread_format`, `link_outside` or `unreadable`.
    pub reason: String,
    /// The reason in words.
    pub message: String,
}

impl From<LeftOutFile> for FileLeftOut {
    fn from(file: LeftOutFile) -> Self {
        Self {
            message: file.reason.to_string(),
            reason: file.reason.as_str().to_owned(),
            file: file.file,
        }
    }
}
