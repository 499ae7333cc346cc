//! What was measured, as it is printed and as JSON.

use longmem_bench::Figure;
use serde::Serialize;

use super::machine::Machine;

/// All that a run measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    pub(super) machine: Machine,
    pub(super) groups: Vec<Group>,
}

/// Figures of one kind, whose bars can be compared.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

impl Group {
    pub(super) fn new(title: impl Into<String>, rows: Vec<Row>) -> Self {
        Self { title: title.into(), rows }
    }
}

/// One thing that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) figure: Figure,
    /// What its value is as a multiple of the one that it is compared with, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ratio: Option<f64>,
}

impl Row {
    pub(super) fn new(name: impl Into<String>, figure: Figure) -> Self {
        Self { name: name.into(), figure, ratio: None }
    }
}
