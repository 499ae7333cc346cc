//! `longmem sessions`: a user's conversations.

use std::io::{IsTerminal, stdout};

use jiff::tz::TimeZone;
use longmem::IfMissing;
use longmem_chat::{ActionItems, Blocking};
use longmem_core::{ErrorCode, Scope, TurnId};
use longmem_memory::{MemoryError, StoreError};
use longmem_wire as wire;

use super::{learning, show};
use crate::arguments::{MoveArguments, RenameArguments, SessionsAction, SessionsArguments};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render::ShortNames;
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::{compose, render, waiting};

/// Number of sessions that a terminal shows unless more are asked for.
const ON_A_SCREEN: usize = 20;

pub(super) fn run(
    arguments: &SessionsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    match &arguments.action {
        Some(SessionsAction::Show(arguments)) => return show::session(arguments, settings, output),
        Some(SessionsAction::Rename(arguments)) => return rename(arguments, settings, output),
        Some(SessionsAction::Move(arguments)) => return move_turns(arguments, settings, output),
        None => {}
    }
    let longmem = compose::open(settings, IfMissing::Fail, output)?;
    let memory = longmem.memory();
    let learner = || learning::needed(&longmem, &arguments.provider, settings);
    let asked = arguments.session.as_ref();
    let asked =
        asked.map(|words| memory.find_session(&settings.user, words.as_str())).transpose()?;
    if let Some(session) = &asked {
        if arguments.actions {
            let items = Blocking::new()?.run(learner()?.action_items(session))?;
            return show_open_items(items, output);
        }
        if arguments.summary && !memory.session_summaries(&settings.user)?.contains_key(session) {
            let report = Blocking::new()?.run(learner()?.end_session(session))?;
            if report.others_at_it {
                output.note(learning::OTHERS_AT_IT);
            }
        }
    }
    let all = memory.sessions(&settings.user)?;
    let mut sessions = match &arguments.search {
        Some(words) => memory.search_sessions(&settings.user, words)?,
        None => all.clone(),
    };
    let since = arguments
        .since
        .as_ref()
        .map(|time| time.resolve(&memory.now().to_zoned(TimeZone::system())));
    sessions.retain(|known| {
        asked.as_ref().is_none_or(|asked| *asked == known.session)
            && since.is_none_or(|since| known.end >= since)
    });
    let left_out = sessions.len() - limit(arguments, output).min(sessions.len());
    sessions.truncate(sessions.len() - left_out);
    let mut sessions = wire::Sessions::from(sessions);
    if arguments.summary {
        sessions = sessions.with_summaries(&memory.session_summaries(&settings.user)?);
    }
    if output.json {
        return Ok(output.document(&sessions)?);
    }
    let names = ShortNames::of(&all);
    output.lines(sessions.sessions.iter().map(|session| render::session(session, &names)))?;
    if sessions.sessions.is_empty() {
        output.note("There is no such conversation.");
    } else if left_out > 0 {
        output.note(format!(
            "… {left_out} more; --limit {} lists all",
            left_out + sessions.sessions.len()
        ));
    }
    Ok(())
}

/// Number of sessions that are listed at most.
fn limit(arguments: &SessionsArguments, output: Output) -> usize {
    let usual = if output.json || !stdout().is_terminal() { usize::MAX } else { ON_A_SCREEN };
    arguments.limit.map_or(usual, |limit| limit as usize)
}

/// Gives a session another title, or another name.
fn rename(arguments: &RenameArguments, settings: &Settings, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let user = &settings.user;
    let _held = waiting::store(&memory, user, settings, output)?;
    let mut session = memory.find_session(user, arguments.session.as_str())?;
    if let Some(name) = &arguments.name {
        memory.rename_session(user, &session, name)?;
        session = name.clone();
    }
    if let Some(title) = &arguments.title {
        memory.set_session_title(user, &session, title)?;
    }
    let all = memory.sessions(user)?;
    let renamed = all.iter().find(|known| known.session == session).cloned();
    let renamed =
        renamed.ok_or_else(|| StoreError::UnknownSession { user: user.clone(), session })?;
    let renamed = wire::Session::from(renamed);
    if output.json {
        return Ok(output.document(&renamed)?);
    }
    Ok(output.line(render::session(&renamed, &ShortNames::of(&all)))?)
}

/// Moves a session, or single turns, into another session.
fn move_turns(
    arguments: &MoveArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let user = &settings.user;
    let _held = waiting::store(&memory, user, settings, output)?;
    let (turns, into, what) = match (&arguments.from, &arguments.into, &arguments.to) {
        (Some(from), Some(into), _) => {
            let from = memory.find_session(user, from.as_str())?;
            let into = memory.find_session(user, into.as_str())?;
            if from == into {
                let message = format!("\"{from}\" cannot be moved into itself");
                let hint = "Name two sessions: the one that goes, and the one that gets its turns.";
                return Err(Failure::refused(ErrorCode::NothingSelected, message, hint));
            }
            let turns = memory.session_turns(user, &from, None, None)?;
            let what = format!("{} of session {from}", counted(turns.len() as u64, "turn"));
            (turns.into_iter().map(|turn| turn.id).collect(), into, what)
        }
        (_, _, Some(to)) => {
            let turns: Vec<TurnId> = arguments.turn.iter().copied().map(TurnId).collect();
            memory.check_names(&Scope::of(user.clone()))?;
            memory.check_turns(user, &turns)?;
            // What names no session is the name of a new one; what names several is refused.
            let into = match memory.find_session(user, to.as_str()) {
                Err(MemoryError::UnknownSession { .. }) => to.clone(),
                found => found?,
            };
            let what = counted(turns.len() as u64, "turn");
            (turns, into, what)
        }
        _ => unreachable!("the command line demands two sessions, or turns and a session"),
    };
    if arguments.dry_run {
        let line = format!("{what} would be moved into session {into}");
        return Ok(output.line(for_terminal(&line))?);
    }
    if !arguments.yes {
        let question = for_terminal(&format!(
            "Move {what} into session {into}? Summaries that cover them are deleted."
        ));
        confirm(&question, "nothing was moved")?;
    }
    let moved = memory.move_turns(user, &turns, &into)?;
    if output.json {
        let document = wire::Moved {
            turns: moved.turns,
            sessions: moved.sessions,
            summaries: moved.summaries,
            session: into,
        };
        return Ok(output.document(&document)?);
    }
    let line = format!("Moved {} into session {into}", counted(moved.turns, "turn"));
    Ok(output.line(for_terminal(&line))?)
}

fn show_open_items(items: ActionItems, output: Output) -> Result<(), Failure> {
    let items = wire::OpenItems::from(items);
    if output.json {
        return Ok(output.document(&items)?);
    }
    Ok(output.lines(render::open_items(&items))?)
}
