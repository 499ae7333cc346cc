//! `longmem sessions`: a user's conversations.

use longmem::IfMissing;
use longmem_chat::{ActionItems, Blocking};
use longmem_wire as wire;

use super::{learning, show};
use crate::arguments::{SessionsAction, SessionsArguments};
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &SessionsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    if let Some(SessionsAction::Show(arguments)) = &arguments.action {
        return show::session(arguments, settings, output);
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
            Blocking::new()?.run(learner()?.end_session(session))?;
        }
    }
    let mut sessions = memory.sessions(&settings.user)?;
    sessions.retain(|known| asked.as_ref().is_none_or(|asked| *asked == known.session));
    let mut sessions = wire::Sessions::from(sessions);
    if arguments.summary {
        sessions = sessions.with_summaries(&memory.session_summaries(&settings.user)?);
    }
    if output.json {
        return Ok(output.document(&sessions)?);
    }
    Ok(output.lines(sessions.sessions.iter().map(render::session))?)
}

fn show_open_items(items: ActionItems, output: Output) -> Result<(), Failure> {
    let items = wire::OpenItems::from(items);
    if output.json {
        return Ok(output.document(&items)?);
    }
    Ok(output.lines(render::open_items(&items))?)
}
