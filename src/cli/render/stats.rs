//! Counts, checks and the embedding model, as a person reads them.

use longmem_wire::{Check, Model, Stats};

use crate::output::{bytes, counted};
use crate::sanitize::for_terminal;

/// What a store holds, and of whom; or what it holds of one user.
pub(crate) fn stats(stats: &Stats, of_one_user: bool) -> Vec<String> {
    if let (true, [user]) = (of_one_user, &stats.per_user[..]) {
        let mut lines = vec![
            for_terminal(&format!(
                "{}: {} in {}; {} without vectors",
                user.user,
                counted(user.turns, "turn"),
                counted(user.sessions, "session"),
                counted(stats.turns_without_vectors, "turn"),
            )),
            format!("in {} ({})", for_terminal(&stats.file), bytes(stats.file_bytes)),
        ];
        lines.extend(kept_aside(stats));
        return lines;
    }
    let mut lines = vec![
        format!("{} ({})", for_terminal(&stats.file), bytes(stats.file_bytes)),
        format!(
            "{} in {} of {}",
            counted(stats.turns, "turn"),
            counted(stats.sessions, "session"),
            counted(stats.users, "user")
        ),
        format!(
            "{}, {}; {} without vectors; {} cut off",
            counted(stats.passages, "passage"),
            counted(stats.vectors, "vector"),
            counted(stats.turns_without_vectors, "turn"),
            counted(stats.truncated_tokens, "token"),
        ),
        stats.model.as_ref().map_or_else(
            || "no vectors yet: run longmem index".to_owned(),
            |model| format!("vectors by {}@{:.12}", model.name, model.revision),
        ),
    ];
    lines.extend(kept_aside(stats));
    lines.extend(stats.per_user.iter().map(|user| {
        for_terminal(&format!(
            "  {}: {} in {}",
            user.user,
            counted(user.turns, "turn"),
            counted(user.sessions, "session")
        ))
    }));
    lines.extend(stats.redacted.iter().map(|redacted| {
        let (kind, times) = (&redacted.kind, counted(redacted.count, "time"));
        for_terminal(&format!("  {}: {kind} redacted {times}", redacted.user))
    }));
    lines
}

/// How many turns wait in the spool; none if none does.
fn kept_aside(stats: &Stats) -> Option<String> {
    let turns = counted(stats.turns_kept_aside, "turn");
    (stats.turns_kept_aside > 0).then(|| format!("{turns} said in talks wait to be stored"))
}

/// One check and its finding.
pub(crate) fn check(check: &Check) -> String {
    let mark = if check.ok { "ok  " } else { "FAIL" };
    for_terminal(&format!("{mark} {}: {}", check.name, check.finding))
}

/// The embedding model and where it is.
pub(crate) fn model(shown: &Model) -> Vec<String> {
    let model = &shown.model;
    let mut lines = vec![
        format!(
            "{}@{}: {} numbers a vector, {} tokens a passage",
            model.name, model.revision, model.dimensions, model.window
        ),
        format!("in {} ({})", for_terminal(&shown.folder), bytes(shown.weights_bytes)),
    ];
    if shown.verified {
        lines.push("every file has the sum that the manifest says".to_owned());
    }
    lines
}
