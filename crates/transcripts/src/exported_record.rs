//! The lines of an export that are no turns: its first line, facts and summaries.

use std::io::{self, Write};

use longmem_core::{Entity, FactKind, SessionName, SourceKey, Timestamp, UserName};
use serde::{Deserialize, Serialize};

/// The first line of an export, by which its facts and summaries are known to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHeader {
    /// The number of the form of its lines: [`EXPORT_FORM`].
    pub longmem_export: u32,
}

/// The form of an export that this version writes. Forms of higher numbers have lines of more kinds.
pub const EXPORT_FORM: u32 = 1;

/// A line of an export that is no turn. Readers that do not know it pass over it, since it has no role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ExportedRecord {
    /// A fact.
    Fact(ExportedFact),
    /// A summary.
    Summary(ExportedSummary),
}

/// A fact as a line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFact {
    /// Its number in this export, from 1 on for each user.
    pub fact: u64,
    /// Whose fact it is.
    pub user: UserName,
    /// Whom or what it is about.
    pub subject: String,
    /// What is said of the subject.
    pub statement: String,
    /// What sort of statement it is.
    pub kind: FactKind,
    /// Who and what comes up in it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
    /// When it was said.
    pub since: Timestamp,
    /// The number in this export of the fact that replaced it; left out while it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<u64>,
    /// The source key of the turn in which it was said; left out if it was noted by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceKey>,
}

/// A summary as a line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedSummary {
    /// What it sums up: `stretch`, `session`, or `sessions`.
    pub summary: SummarizedPart,
    /// Whose summary it is.
    pub user: UserName,
    /// The session; left out for `sessions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionName>,
    /// The source key of the last turn that it covers; left out for `sessions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<SourceKey>,
    /// The summary.
    pub text: String,
    /// Whether it is a part of the summary of `sessions`; left out if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folded: bool,
}

/// What a summary of an export sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SummarizedPart {
    /// The beginning of a session.
    Stretch,
    /// A whole session.
    Session,
    /// Summaries of sessions that ended long ago.
    Sessions,
}

/// Writes the first line of an export.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_export_header(out: &mut dyn Write) -> io::Result<()> {
    write_line(&ExportHeader { longmem_export: EXPORT_FORM }, out)
}

impl ExportedRecord {
    /// Writes it as one line of JSON, with its line end.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        write_line(self, out)
    }
}

fn write_line(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
