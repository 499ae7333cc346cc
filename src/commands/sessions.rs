//! `longmem sessions`: a user's conversations.

use std::collections::HashMap;

use longmem::IfMissing;
use longmem_chat::{ActionItems, Blocking};
use longmem_core::{Scope, SessionName, SummaryOf};
use longmem_memory::{Memory, SessionSummary};
use longmem_wire as wire;

use super::learning;
use crate::arguments::SessionsArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render::{day, indented, minute};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &SessionsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let longmem = compose::open(settings, IfMissing::Fail, output)?;
    let memory = longmem.memory();
    let learner = || learning::needed(&longmem, &arguments.provider, settings);
    if let Some(session) = &arguments.session {
        let mut scope = Scope::of(settings.user.clone());
        scope.sessions = vec![session.clone()];
        memory.check_names(&scope)?;
        if arguments.actions {
            let items = Blocking::new()?.run(learner()?.action_items(session))?;
            return show_actions(&items, output);
        }
        if arguments.summary && !summaries(memory, settings)?.contains_key(session) {
            Blocking::new()?.run(learner()?.end_session(session))?;
        }
    }
    let mut sessions = memory.sessions(&settings.user)?;
    sessions.retain(|known| arguments.session.as_ref().is_none_or(|asked| *asked == known.session));
    let summaries = if arguments.summary { summaries(memory, settings)? } else { HashMap::new() };
    show(&sessions, &summaries, arguments.summary, output)
}

/// The summaries of whole sessions.
fn summaries(
    memory: &Memory,
    settings: &Settings,
) -> Result<HashMap<SessionName, String>, Failure> {
    let summaries = memory.summaries(&settings.user)?;
    let of_session = summaries.into_iter().filter_map(|summary| match summary.of {
        SummaryOf::Session { session, .. } if !summary.text.is_empty() => {
            Some((session, summary.text))
        }
        _ => None,
    });
    Ok(of_session.collect())
}

fn show(
    sessions: &[SessionSummary],
    summaries: &HashMap<SessionName, String>,
    with_summaries: bool,
    output: Output,
) -> Result<(), Failure> {
    if output.json {
        let mut shown = wire::Sessions::from(sessions.to_vec());
        if with_summaries {
            shown = shown.with_summaries(summaries);
        }
        return Ok(output.document(&shown)?);
    }
    for session in sessions {
        let title = session.title.as_ref().map_or_else(String::new, |title| format!(" · {title}"));
        output.line(for_terminal(&format!(
            "{} – {} · {} · {}{title}",
            day(session.start),
            minute(session.end),
            counted(session.turns, "turn"),
            session.session,
        )))?;
        if with_summaries {
            let none = "(no summary)".to_owned();
            let summary = summaries.get(&session.session).unwrap_or(&none);
            output.line(indented(&for_terminal(summary)))?;
        }
    }
    Ok(())
}

fn show_actions(items: &ActionItems, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::OpenItems::from(items.clone()))?);
    }
    for (title, list) in
        [("To do:", &items.action_items), ("Open questions:", &items.open_questions)]
    {
        output.line(title)?;
        for item in list {
            output.line(format!("  - {}", for_terminal(item)))?;
        }
        if list.is_empty() {
            output.line("  (none)")?;
        }
    }
    Ok(())
}
