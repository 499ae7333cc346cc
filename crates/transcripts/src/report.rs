//! What reading a path brought.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ended_early::EndedEarly;
use crate::formats::Format;
use crate::skip_reason::SkipReason;

/// What reading a path brought: how many turns, and what was left out for which reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The format in which the files were read.
    pub format: Format,
    /// Files that were opened.
    pub files: u64,
    /// Sessions that have at least one turn.
    pub sessions: u64,
    /// Turns that were delivered, whether a store already has them or not.
    pub turns: u64,
    /// Number of skipped messages and lines, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Files that could not be read to their end.
    pub ended_early: Vec<EndedEarly>,
}
