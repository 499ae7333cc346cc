//! `longmem facts`: what is known about a user.

use jiff::tz::TimeZone;
use longmem::{IfMissing, Longmem};
use longmem_chat::Blocking;
use longmem_core::{Fact, FactId};
use longmem_memory::{FactNote, FactsAt, KnownEntity};
use longmem_wire as wire;
use serde::Serialize;

use super::forget::warn_of_erasure;
use super::learning;
use crate::arguments::{FactsAction, FactsArguments};
use crate::compose;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render;
use crate::settings::Settings;
use crate::words;

pub(super) fn run(
    arguments: FactsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let user = &settings.user;
    let Some(action) = arguments.action else {
        return listed(&arguments, settings, output);
    };
    match action {
        FactsAction::Add { statement, subject, kind, replaces } => {
            let memory = compose::memory(settings, IfMissing::Create, output)?;
            let mut note = FactNote::new(words::text(&statement)?, kind);
            note.subject = subject;
            note.replaces = replaces.map(FactId);
            let noted = memory.note_fact(user, &note)?;
            let id = noted.id;
            let (user, replaces) = (user.clone(), note.replaces.filter(|_| noted.new));
            let what = if noted.new { "Noted" } else { "Known already" };
            let document = wire::FactNoted { id, new: noted.new, user, replaces };
            done(output, &format!("{what}: fact {id}"), &document);
            Ok(())
        }
        FactsAction::Edit { id, statement } => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            let id = FactId(id);
            let erasure = memory.edit_fact(user, id, &words::text(&statement)?)?;
            warn_of_erasure(erasure, output);
            let erased_from_disk = erasure.is_done();
            let edited = wire::FactEdited { id, user: user.clone(), erased_from_disk };
            done(output, &format!("Corrected: fact {id}"), &edited);
            Ok(())
        }
        FactsAction::Delete { id, dry_run, yes } => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            let going = memory.fact_with_past(user, FactId(id))?;
            if dry_run && output.json {
                return Ok(output.document(&wire::Facts::from(going))?);
            }
            if !output.json {
                for line in render::facts(&going) {
                    output.note(line);
                }
            }
            let count = counted(going.len() as u64, "fact");
            if dry_run {
                return Ok(output.line(format!("{count} would be deleted"))?);
            }
            if !yes {
                let with = if going.len() > 1 { ", with what it had replaced," } else { "" };
                confirm(&format!("Delete {count}{with} for good?"), "nothing was deleted")?;
            }
            let deleted = memory.delete_fact(user, FactId(id))?;
            warn_of_erasure(deleted.erasure, output);
            let line = format!("Deleted {}", counted(deleted.facts, "fact"));
            let document = wire::FactDeleted {
                deleted: deleted.facts,
                user: user.clone(),
                erased_from_disk: deleted.erasure.is_done(),
            };
            done(output, &line, &document);
            Ok(())
        }
    }
}

fn listed(arguments: &FactsArguments, settings: &Settings, output: Output) -> Result<(), Failure> {
    let user = &settings.user;
    let longmem = compose::open(settings, IfMissing::Fail, output)?;
    let memory = longmem.memory();
    if arguments.learn {
        learn(&longmem, arguments, settings, output)?;
    }
    if arguments.names {
        return show_names(&memory.entities(user)?, output);
    }
    let at = match &arguments.as_of {
        _ if arguments.history => FactsAt::Ever,
        Some(time) => FactsAt::Time(time.resolve_last(&memory.now().to_zoned(TimeZone::system()))),
        None => FactsAt::Now,
    };
    show(&memory.known_facts(user, at, arguments.about.as_deref())?, output)
}

/// Learns from all of the user's sessions.
fn learn(
    longmem: &Longmem,
    arguments: &FactsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let learner = learning::needed(longmem, &arguments.provider, settings)?;
    let report = Blocking::new()?.run(learner.look_through_everything())?;
    if report.others_at_it {
        output.note(learning::OTHERS_AT_IT);
    }
    output.note(render::learned(&report).unwrap_or_else(|| "(learned: nothing new)".to_owned()));
    Ok(())
}

/// Reports what was done.
fn done(output: Output, line: &str, document: &impl Serialize) {
    let printed = if output.json { output.document(document) } else { output.line(line) };
    output.reported(&format!("it is stored ({line})"), printed);
}

/// Prints facts.
pub(super) fn show(facts: &[Fact], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::Facts::from(facts.to_vec()))?);
    }
    if facts.is_empty() {
        output.note("Nothing is noted. longmem facts add \"…\" notes something by hand.");
    }
    Ok(output.lines(render::facts(facts))?)
}

fn show_names(names: &[KnownEntity], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::Names::from(names.to_vec()))?);
    }
    Ok(output.lines(names.iter().map(render::name))?)
}
