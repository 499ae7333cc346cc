//! `longmem facts`: what is known about a user.

mod list;

use jiff::tz::TimeZone;
use longmem::{IfMissing, Longmem};
use longmem_chat::Blocking;
use longmem_core::{FactId, Timestamp};
use longmem_memory::{FactNote, FactsAt};
use longmem_wire as wire;
use serde::Serialize;

use super::learning;
use crate::arguments::{FactsAction, FactsArguments};
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::settings::Settings;
use crate::time_argument::TimeArgument;

pub(super) use list::show;

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
            let mut note = FactNote::new(statement, kind);
            note.subject = subject;
            note.replaces = replaces.map(FactId);
            let id = memory.note_fact(user, &note)?;
            let (user, replaces) = (user.clone(), note.replaces);
            done(output, "Noted", id, &wire::FactNoted { id, user, replaces })
        }
        FactsAction::Edit { id, statement } => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            let id = FactId(id);
            memory.edit_fact(user, id, &statement)?;
            done(output, "Corrected", id, &wire::FactEdited { id, user: user.clone() })
        }
        FactsAction::Delete { id } => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            let deleted = memory.delete_fact(user, FactId(id))?;
            if output.json {
                let user = user.clone();
                return Ok(output.document(&wire::FactDeleted { deleted, user })?);
            }
            Ok(output.line(format!("Deleted {}", counted(deleted, "fact")))?)
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
        return list::show_names(&memory.entities(user)?, output);
    }
    let at = match arguments.as_of {
        _ if arguments.history => FactsAt::Ever,
        Some(time) => FactsAt::Time(end_of(time, memory.now())),
        None => FactsAt::Now,
    };
    show(&memory.known_facts(user, at, arguments.about.as_deref())?, output)
}

/// Looks for facts in all of a user's sessions.
fn learn(
    longmem: &Longmem,
    arguments: &FactsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let learner = learning::needed(longmem, &arguments.provider, settings)?;
    let memory = longmem.memory();
    for session in memory.sessions(&settings.user)? {
        memory.learn_from(&settings.user, &session.session)?;
    }
    let report = Blocking::new()?.run(learner.catch_up(None))?;
    output.note(learning::in_words(&report).unwrap_or_else(|| "(learned: nothing new)".to_owned()));
    Ok(())
}

/// A moment as `--as-of` means it: what was said on a day was known on that day.
fn end_of(time: TimeArgument, now: Timestamp) -> Timestamp {
    let zone = TimeZone::system();
    match time {
        TimeArgument::Day(day) => {
            let next = day.tomorrow().ok().and_then(|next| next.to_zoned(zone.clone()).ok());
            next.map_or(now, |next| next.timestamp() - jiff::SignedDuration::from_millis(1))
        }
        time => time.resolve(now, &zone),
    }
}

fn done(output: Output, what: &str, id: FactId, document: &impl Serialize) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(document)?);
    }
    Ok(output.line(format!("{what}: fact {id}"))?)
}
