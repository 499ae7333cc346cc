//! `longmem show` and `longmem sessions show`: what was said, to be read.

use std::collections::HashSet;

use longmem::IfMissing;
use longmem_core::TurnId;
use longmem_memory::StoreError;
use longmem_wire as wire;

use crate::arguments::{ReadingArguments, SessionShowArguments, ShowArguments};
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::{self, Extent};
use crate::settings::Settings;

/// Prints turns by number, each with those around it.
pub(super) fn turns(
    arguments: &ShowArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let named: Vec<TurnId> = arguments.turns.iter().copied().map(TurnId).collect();
    let (mut turns, mut seen) = (Vec::new(), HashSet::new());
    for id in &named {
        // Where two turns stand close together, what is around both is shown once.
        let around = memory.turns_around(&settings.user, *id, arguments.around as usize)?;
        turns.extend(around.into_iter().filter(|turn| seen.insert(turn.id)));
    }
    if output.json {
        return Ok(output.document(&wire::Turns::from(turns))?);
    }
    let mut session = None;
    let mut blocks = Vec::new();
    for turn in &turns {
        if session.replace(&turn.session) != Some(&turn.session) {
            blocks.push(render::session_heading(&turn.session, turn.session_title.as_deref()));
        }
        let is_named = named.contains(&turn.id);
        blocks.push(render::shown_turn(turn, extent(arguments.reading, is_named)));
    }
    Ok(output.pages(&blocks, arguments.reading.no_pager)?)
}

/// Prints a session.
pub(super) fn session(
    arguments: &SessionShowArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let user = &settings.user;
    let name = memory.find_session(user, arguments.session.as_str())?;
    let turns = match arguments.last {
        Some(last) => memory.recent(user, &name, last as usize)?,
        None => memory.session_turns(user, &name, None, None)?,
    };
    let glance = memory.sessions(user)?.into_iter().find(|session| session.session == name);
    // Another process may have deleted it since it was found.
    let glance =
        glance.ok_or_else(|| StoreError::UnknownSession { user: user.clone(), session: name })?;
    if output.json {
        return Ok(output.document(&wire::ShownSession::new(glance, turns))?);
    }
    let left_out = glance.turns.saturating_sub(turns.len() as u64);
    let mut blocks = vec![render::session_glance(&glance)];
    if left_out > 0 {
        blocks.push(render::earlier_turns(left_out));
    }
    blocks.extend(
        turns.iter().map(|turn| render::shown_turn(turn, extent(arguments.reading, false))),
    );
    Ok(output.pages(&blocks, arguments.reading.no_pager)?)
}

/// How much of a turn is shown: all of it if that was asked for, or if it was asked for by its number.
fn extent(reading: ReadingArguments, is_named: bool) -> Extent {
    if reading.full || is_named { Extent::Whole } else { Extent::Beginning }
}
