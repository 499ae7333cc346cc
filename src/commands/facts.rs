//! `longmem facts`: what is known about a user.

mod list;

use std::sync::Arc;

use jiff::tz::TimeZone;
use longmem_chat::names_in;
use longmem_core::{FactId, FactKind, NewFact, Timestamp, UserName};
use longmem_memory::{FactsAt, Memory};
use longmem_store::IfMissing;
use serde_json::json;

use super::conversation::{alone, runtime};
use super::learning;
use crate::arguments::{FactsAction, FactsArguments};
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::settings::Settings;
use crate::time_argument::TimeArgument;

pub(super) use list::{known, show};

/// The longest statement that is noted; what is longer is a turn for `longmem remember`.
const MOST_CHARACTERS: usize = 300;

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
            let subject = one_line("subject", &subject)?;
            let statement = one_line("statement", &statement)?;
            let fact = noted(subject, statement, kind, memory.now());
            let id = memory.store().insert_fact(user, &fact, replaces.map(FactId))?;
            done(output, "Noted", id, &json!({ "id": id, "user": user, "replaces": replaces }))
        }
        FactsAction::Edit { id, statement } => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            let statement = one_line("statement", &statement)?;
            let id = FactId(id);
            let subject = subject_of(&memory, user, id)?;
            let names = names_in(&subject, &statement);
            memory.store().edit_fact(user, id, &statement, &names)?;
            done(output, "Corrected", id, &json!({ "id": id, "user": user }))
        }
        FactsAction::Delete { id } => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            let deleted = memory.store().delete_fact(user, FactId(id))?;
            if output.json {
                return Ok(output.document(&json!({ "deleted": deleted, "user": user }))?);
            }
            Ok(output.line(format!("Deleted {}", counted(deleted, "fact")))?)
        }
    }
}

fn listed(arguments: &FactsArguments, settings: &Settings, output: Output) -> Result<(), Failure> {
    let user = &settings.user;
    let memory = Arc::new(compose::memory(settings, IfMissing::Fail, output)?);
    if arguments.learn {
        learn(&memory, arguments, settings, output)?;
    }
    if arguments.names {
        return list::show_names(&memory.store().entities(user)?, output);
    }
    let at = match arguments.as_of {
        _ if arguments.history => FactsAt::Ever,
        Some(time) => FactsAt::Time(end_of(time, memory.now())),
        None => FactsAt::Now,
    };
    show(&known(&memory, user, at, arguments.about.as_deref())?, output)
}

/// Looks for facts in all of a user's sessions.
fn learn(
    memory: &Arc<Memory>,
    arguments: &FactsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let learner = learning::needed(alone(Arc::clone(memory)), &arguments.provider, settings)?;
    for session in memory.sessions(&settings.user)? {
        memory.store().learn_from(&settings.user, &session.session)?;
    }
    let report = runtime()?.block_on(learner.catch_up(None))?;
    output.note(learning::told(&report).unwrap_or_else(|| "(learned: nothing new)".to_owned()));
    Ok(())
}

fn noted(subject: String, statement: String, kind: FactKind, now: Timestamp) -> NewFact {
    let entities = names_in(&subject, &statement);
    NewFact { subject, statement, kind, source: None, since: now, entities }
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

fn subject_of(memory: &Memory, user: &UserName, id: FactId) -> Result<String, Failure> {
    let facts = memory.store().facts(user, FactsAt::Ever)?;
    // Whoever does not have it is told so when it is edited.
    Ok(facts.into_iter().find(|fact| fact.id == id).map_or_else(String::new, |fact| fact.subject))
}

fn one_line(what: &str, text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let hint = "Write one short line; longmem remember takes longer texts.";
    let problem = match text.chars().count() {
        0 => "is empty".to_owned(),
        count if count > MOST_CHARACTERS => {
            format!("has {count} characters, at most {MOST_CHARACTERS} are kept")
        }
        _ if text.contains(char::is_control) => {
            "holds a line break or another control character".to_owned()
        }
        _ => return Ok(text.to_owned()),
    };
    Err(Failure::refused(format!("the {what} {problem}"), hint))
}

fn done(
    output: Output,
    what: &str,
    id: FactId,
    document: &serde_json::Value,
) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(document)?);
    }
    Ok(output.line(format!("{what}: fact {id}"))?)
}
