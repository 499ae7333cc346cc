//! What an import or an index run did, as a person reads it.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::path::Path;
use std::time::Duration;

use longmem::OpeningNotice;
use longmem_core::UserName;
use longmem_memory::{ImportPreview, ImportReport, IndexReport, TranscriptReport};

use super::day;
use crate::output::{counted, grouped};
use crate::sanitize::for_terminal;

/// Users that a report names; the rest is counted.
const USERS_NAMED: usize = 10;

/// What opening the store changed that its owner should hear of; none for what a newer library says.
pub(crate) fn opening_notice(notice: &OpeningNotice) -> Option<String> {
    match notice {
        OpeningNotice::Narrowed { path, mode } => Some(format!(
            "{} could be read by other accounts (mode {mode:o}); from now on it is yours alone",
            path.display()
        )),
        // Commands that go on say themselves that they made a store.
        _ => None,
    }
}

/// A program that serves or watches made the store that it works on, perhaps for a mistake in its name.
pub(crate) fn new_store(place: impl Display) -> String {
    format!("there was no store, so a new one was made: {place}")
}

/// What an import of one path did.
pub(crate) fn imported(path: &Path, report: &ImportReport) -> String {
    let ImportReport {
        read,
        new_turns,
        known_turns,
        forgotten_turns,
        refused_turns,
        new_facts,
        new_summaries,
        ..
    } = report;
    let turns = new_turns + known_turns + forgotten_turns + refused_turns;
    let mut line = beginning(path, read, turns);
    if !read.formats.is_empty() {
        let (new, known) = (counted(*new_turns, "new turn"), grouped(*known_turns));
        let _ = write!(line, "; {new} and {known} known already");
        if *forgotten_turns > 0 {
            let _ = write!(line, ", {} forgotten before", grouped(*forgotten_turns));
        }
        if *refused_turns > 0 {
            let _ = write!(line, ", {} refused by moderation", grouped(*refused_turns));
        }
        if *new_facts > 0 {
            let _ = write!(line, "; {}", counted(*new_facts, "new fact"));
        }
        if *new_summaries > 0 {
            let summaries = if *new_summaries == 1 { "summary" } else { "summaries" };
            let _ = write!(line, "; {} new {summaries}", grouped(*new_summaries));
        }
    }
    with_details(line, read, &owners(&report.users, report.of_other_users))
}

/// What an import of one path would do.
pub(crate) fn import_preview(path: &Path, preview: &ImportPreview) -> String {
    let ImportPreview { read, new_turns, known_turns, forgotten_turns, first, last, .. } = preview;
    let mut line = beginning(path, read, read.turns);
    if let (Some(first), Some(last)) = (first, last) {
        let _ = write!(line, ", {} to {}", day(*first), day(*last));
    }
    let _ = write!(line, "; {} would be new, {} known", grouped(*new_turns), grouped(*known_turns));
    if *forgotten_turns > 0 {
        let _ = write!(line, ", {} forgotten before", grouped(*forgotten_turns));
    }
    with_details(line, read, &owners(&preview.users, preview.of_other_users))
}

/// Whose the turns of a file became, where that is not plain.
fn owners(users: &BTreeMap<UserName, u64>, of_other_users: u64) -> Vec<String> {
    let mut lines = Vec::new();
    if users.len() > 1 {
        let shown = users.iter().take(USERS_NAMED);
        let mut named: Vec<String> = shown
            .map(|(user, turns)| for_terminal(&format!("{user} ({})", counted(*turns, "turn"))))
            .collect();
        if users.len() > USERS_NAMED {
            named.push(format!("{} more", grouped((users.len() - USERS_NAMED) as u64)));
        }
        lines.push(format!("  turns of several users: {}", named.join(", ")));
    }
    if of_other_users > 0 {
        let whose = users.keys().next().map_or_else(String::new, |user| format!("{user}'s"));
        lines.push(for_terminal(&format!(
            "  {} for which the file names another user became {whose}; --all-users gives each to \
             the user that is named",
            counted(of_other_users, "turn"),
        )));
    }
    lines
}

/// What was found at a path: "chats: chatgpt, 12 turns in 2 sessions".
fn beginning(path: &Path, read: &TranscriptReport, turns: u64) -> String {
    let path = for_terminal(&path.display().to_string());
    if read.formats.is_empty() {
        return format!("{path}: nothing new");
    }
    let (turns, sessions) = (counted(turns, "turn"), counted(read.sessions, "session"));
    format!("{path}: {}, {turns} in {sessions}", read.format_names())
}

/// A line with what else is worth knowing of what was read, below it.
fn with_details(line: String, read: &TranscriptReport, owners: &[String]) -> String {
    let mut lines = vec![line];
    lines.extend_from_slice(owners);
    if read.unchanged > 0 {
        let files = counted(read.unchanged, "file");
        lines.push(format!("  unchanged since the last import: {files}"));
    }
    if read.turns_without_time > 0 {
        let turns = counted(read.turns_without_time, "turn");
        let mut line =
            format!("  without a time of their own, so dated by their session or file: {turns}");
        if read.unreadable_times > 0 {
            let _ = write!(
                line,
                ", {} with a time that cannot be read",
                grouped(read.unreadable_times)
            );
        }
        lines.push(line);
    }
    if !read.skipped.is_empty() {
        let reasons: Vec<String> =
            read.skipped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        lines.push(format!("  skipped: {}", reasons.join(", ")));
    }
    for end in &read.ended_early {
        lines.push(format!("  {}", for_terminal(&end.to_string())));
    }
    for file in &read.left_out.named {
        lines.push(format!("  left out: {}", for_terminal(&file.to_string())));
    }
    if read.left_out.more > 0 {
        lines.push(format!("  left out: {}", counted(read.left_out.more, "more file")));
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
