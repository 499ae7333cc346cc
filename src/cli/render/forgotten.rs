//! What is forgotten, as a person reads it.

use longmem_core::SessionName;
use longmem_memory::{Derived, ForgetPreview};

use super::{day, facts, indented, session_heading, shortened, turn};
use crate::output::counted;

/// Number of characters of a summary that show which one is meant.
const SUMMARY: usize = 100;

/// Counts turns, and the facts and summaries made of them.
pub(crate) fn contents(turns: u64, derived: Derived) -> String {
    let facts = match derived.facts {
        0 => String::new(),
        count => format!(", {}", counted(count, "fact")),
    };
    let summaries = match derived.summaries {
        0 => String::new(),
        1 => ", 1 summary".to_owned(),
        count => format!(", {count} summaries"),
    };
    format!("{}{facts}{summaries}", counted(turns, "turn"))
}

/// Everything that would go: the first turns, then what is left of none, then what was made of them.
pub(crate) fn would_forget(preview: &ForgetPreview) -> Vec<String> {
    let mut lines: Vec<String> = preview.first.iter().map(turn).collect();
    let shown = preview.first.len() as u64;
    if let Some(newest) = preview.newest.filter(|_| preview.turns > shown) {
        lines.push(format!("… and {} more, up to {}", preview.turns - shown, day(newest)));
    }
    if !preview.sessions.is_empty() {
        lines.push("Sessions without other turns, which go:".to_owned());
        lines.extend(preview.sessions.iter().map(|name| indented(&session(preview, name))));
    }
    lines.extend(made_of_turns(preview));
    lines
}

/// A session by its title, where one of the turns that are shown has it, and by its name.
fn session(preview: &ForgetPreview, name: &SessionName) -> String {
    let of_session = preview.first.iter().find(|turn| turn.session == *name);
    session_heading(name, of_session.and_then(|turn| turn.session_title.as_deref()))
}

/// The facts and summaries that would go, and the facts that would hold again.
pub(crate) fn made_of_turns(preview: &ForgetPreview) -> Vec<String> {
    let mut lines = Vec::new();
    if !preview.facts.is_empty() {
        lines.push("Facts that go:".to_owned());
        lines.extend(facts(&preview.facts).iter().map(|line| indented(line)));
    }
    if !preview.hold_again.is_empty() {
        lines.push("Facts that hold again, since what replaced them goes:".to_owned());
        lines.extend(facts(&preview.hold_again).iter().map(|line| indented(line)));
    }
    if !preview.summaries.is_empty() {
        lines.push("Summaries that go:".to_owned());
        let texts = preview.summaries.iter().map(|summary| shortened(&summary.text, SUMMARY));
        lines.extend(texts.map(|text| indented(&text)));
    }
    lines
}
