//! What is known, as a person reads it.

use longmem_core::Fact;
use longmem_memory::KnownEntity;

use super::day;
use crate::output::counted;
use crate::sanitize::for_terminal;

/// Facts kind by kind, each with its number, its time and its source.
pub(crate) fn facts(facts: &[Fact]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut kind = None;
    for fact in facts {
        if kind.replace(fact.kind) != Some(fact.kind) {
            lines.push(format!("{}:", fact.kind));
        }
        lines.push(for_terminal(&line(fact)));
    }
    lines
}

fn line(fact: &Fact) -> String {
    let source = match (fact.turn, &fact.session) {
        (Some(turn), Some(session)) => format!("turn {turn} in {session}"),
        _ => "by hand".to_owned(),
    };
    let until = match (fact.until, fact.superseded_by) {
        (Some(until), Some(next)) => format!(" until {}, then fact {next}", day(until)),
        _ => String::new(),
    };
    format!("  {}. {} · since {}{until} · {source}", fact.id, fact.line(), day(fact.since))
}

/// A name, with how often it comes up in facts.
pub(crate) fn name(known: &KnownEntity) -> String {
    for_terminal(&format!(
        "{} · {} · {} · {} – {}",
        known.entity.name,
        known.entity.kind,
        counted(known.facts, "fact"),
        day(known.first),
        day(known.last)
    ))
}
