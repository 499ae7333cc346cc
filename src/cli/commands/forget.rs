//! `longmem forget`: shows what would go, asks, and deletes it for good.

use std::io::{BufRead, IsTerminal, stdin};

use longmem::IfMissing;
use longmem_core::{ErrorCode, TurnId};
use longmem_memory::{Erasure, forget_target};
use longmem_wire as wire;

use crate::arguments::ForgetArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render;
use crate::settings::Settings;

/// Number of turns that a preview shows.
const SHOWN: usize = 10;

pub(super) fn run(
    arguments: ForgetArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let scope = super::scope(arguments.scope, &memory, settings)?;
    let turns = arguments.turn.into_iter().map(TurnId).collect();
    let target = forget_target(scope, turns, arguments.all);
    let preview = memory.preview_forget(&target, SHOWN)?;
    let (count, derived) = (preview.turns, preview.derived);
    if !output.json {
        for turn in &preview.first {
            output.note(render::turn(turn));
        }
        let shown = preview.first.len() as u64;
        if count > shown {
            output.note(format!("… and {} more", count - shown));
        }
    }
    if arguments.dry_run {
        if output.json {
            return Ok(output.document(&wire::WouldForget::from(preview))?);
        }
        return Ok(
            output.line(format!("{} would be forgotten", render::forgotten(count, derived)))?
        );
    }
    if count + derived.facts > 0 && !arguments.yes {
        confirm(&render::forgotten(count, derived))?;
    }
    let forgotten = memory.forget(&target)?;
    match forgotten.erasure {
        Erasure::Done => {}
        Erasure::WhenReadersFinish => output.warn(
            "another process is reading an older state; the deleted bytes leave the disk when it is done",
        ),
        Erasure::LeftToServer => output.warn(
            "the database server keeps the deleted bytes until it overwrites them; its own tools erase them",
        ),
    }
    let line = format!(
        "Forgot {} and {}",
        render::forgotten(forgotten.turns, forgotten.derived),
        counted(forgotten.sessions, "session")
    );
    let printed = if output.json {
        output.document(&wire::Forgotten::from(forgotten))
    } else {
        output.line(&line)
    };
    output.reported(&format!("it is done ({line})"), printed);
    Ok(())
}

/// Asks the person at the terminal; without a terminal, forgetting needs `--yes`.
fn confirm(what: &str) -> Result<(), Failure> {
    let refused = || {
        let hint = "Add --yes to forget without being asked.";
        Failure::refused(ErrorCode::NotConfirmed, "nothing was forgotten", hint)
    };
    if !stdin().is_terminal() {
        return Err(refused());
    }
    // A prompt is for the person, not data: it goes to standard error.
    Output { json: false, quiet: false }.note(format!("Forget {what} for good? [y/N]"));
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") { Ok(()) } else { Err(refused()) }
}
