//! What an import or an index run did, as a person reads it.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use longmem_memory::{ImportReport, IndexReport};

use crate::output::{counted, grouped};
use crate::sanitize::for_terminal;

/// What an import of one path did.
pub(crate) fn imported(path: &Path, report: &ImportReport) -> String {
    let mut lines = vec![format!(
        "{}: {}, {} in {}; {} and {} known already",
        for_terminal(&path.display().to_string()),
        report.read.format_names(),
        counted(report.new_turns + report.known_turns, "turn"),
        counted(report.read.sessions, "session"),
        counted(report.new_turns, "new turn"),
        grouped(report.known_turns),
    )];
    if !report.read.skipped.is_empty() {
        let reasons: Vec<String> =
            report.read.skipped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        lines.push(format!("  skipped: {}", reasons.join(", ")));
    }
    for end in &report.read.ended_early {
        lines.push(format!("  {}", for_terminal(&end.to_string())));
    }
    for file in &report.read.left_out.named {
        lines.push(format!("  left out {}", for_terminal(&file.to_string())));
    }
    if report.read.left_out.more > 0 {
        lines.push(format!("  left out {} more", counted(report.read.left_out.more, "file")));
    }
    lines.join("\n")
}

/// What an index run did.
pub(crate) fn indexed(report: &IndexReport, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let mut line = if report.turns == 0 {
        "Nothing to index".to_owned()
    } else {
        format!(
            "Indexed {} as {} in {seconds:.1} s ({:.0} passages/s)",
            counted(report.turns, "turn"),
            counted(report.passages, "passage"),
            report.passages as f64 / seconds.max(0.001),
        )
    };
    if report.replaced_model {
        line.push_str("; the new model serves now");
    }
    let without_vectors = counted(report.remaining, "turn");
    let _ = write!(line, "; {without_vectors} without vectors");
    if report.wordless_passages > 0 {
        let passages = counted(report.wordless_passages, "passage");
        let _ = write!(line, "; {passages} without words not embedded");
    }
    line
}
