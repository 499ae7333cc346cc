//! What is known, as a person reads it or as JSON.

use longmem_core::{Fact, USER_SUBJECT};
use longmem_memory::KnownEntity;
use longmem_wire as wire;

use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render::day;
use crate::sanitize::for_terminal;

/// Prints facts: kind by kind, each with its number, its time and its source.
pub(crate) fn show(facts: &[Fact], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::Facts::from(facts.to_vec()))?);
    }
    if facts.is_empty() {
        output.note("Nothing is noted. longmem facts add \"…\" notes something by hand.");
    }
    let mut kind = None;
    for fact in facts {
        if kind.replace(fact.kind) != Some(fact.kind) {
            output.line(format!("{}:", fact.kind))?;
        }
        output.line(for_terminal(&line(fact)))?;
    }
    Ok(())
}

fn line(fact: &Fact) -> String {
    let subject = match fact.subject.as_str() {
        USER_SUBJECT => String::new(),
        subject => format!("{subject}: "),
    };
    let source = match (fact.turn, &fact.session) {
        (Some(turn), Some(session)) => format!("turn {turn} in {session}"),
        _ => "by hand".to_owned(),
    };
    let until = match (fact.until, fact.superseded_by) {
        (Some(until), Some(next)) => format!(" until {}, then fact {next}", day(until)),
        _ => String::new(),
    };
    format!(
        "  {}. {subject}{} · since {}{until} · {source}",
        fact.id,
        fact.statement,
        day(fact.since)
    )
}

/// Prints the names that come up in facts.
pub(super) fn show_names(names: &[KnownEntity], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::Names::from(names.to_vec()))?);
    }
    for known in names {
        output.line(for_terminal(&format!(
            "{} · {} · {} · {} – {}",
            known.entity.name,
            known.entity.kind,
            counted(known.facts, "fact"),
            day(known.first),
            day(known.last)
        )))?;
    }
    Ok(())
}
