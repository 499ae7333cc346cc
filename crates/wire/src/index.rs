//! What an index run did.

use std::time::Duration;

use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::IndexReport;
use serde::{Deserialize, Serialize};

/// Turns got their vectors.
///
/// ```json
/// {
///   "turns": 7, "passages": 9, "wordless_passages": 0, "remaining": 0, "replaced_model": false,
///   "seconds": 0.25
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Indexed {
    /// Turns that got vectors, or hold nothing to embed.
    pub turns: u64,
    /// Passages that were embedded for them.
    pub passages: u64,
    /// Passages that were not embedded, because they hold no words.
    pub wordless_passages: u64,
    /// Turns that still wait.
    pub remaining: u64,
    /// Whether a new model took over.
    pub replaced_model: bool,
    /// How long it took.
    pub seconds: f64,
}

impl Indexed {
    /// Joins the report of a run with how long it took.
    pub fn new(report: IndexReport, took: Duration) -> Self {
        Self {
            turns: report.turns,
            passages: report.passages,
            wordless_passages: report.wordless_passages,
            remaining: report.remaining,
            replaced_model: report.replaced_model,
            seconds: took.as_secs_f64(),
        }
    }
}
