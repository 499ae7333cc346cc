//! `longmem edit`: replaces the text of a turn, for good.

use std::io::Read;
use std::process::Command;

use longmem::IfMissing;
use longmem::environment::{self, EDITOR, VISUAL};
use longmem_core::{ErrorCode, NewTurn, Scope, Turn, TurnId};
use longmem_memory::ForgetTarget;
use longmem_wire as wire;

use crate::arguments::EditArguments;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::{compose, copies, render, waiting};

const NOTHING: &str = "nothing was changed";

pub(super) fn run(
    arguments: &EditArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let (user, id) = (&settings.user, TurnId(arguments.turn));
    let held = waiting::store(&memory, user, settings, output)?;
    memory.check_names(&Scope::of(user.clone()))?;
    memory.check_turns(user, &[id])?;
    let target = ForgetTarget::Turns(Scope::of(user.clone()), vec![id]);
    let preview = memory.preview_forget(&target, 1)?;
    // A person may take long over the text, and talks need not wait for it.
    drop(held);
    let Some(old) = preview.first.first() else {
        return Err(Failure::refused(
            ErrorCode::UnknownTurn,
            "the turn was forgotten meanwhile",
            "",
        ));
    };
    let text = match arguments.text.as_deref() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text.trim_end().to_owned()
        }
        Some(text) => text.to_owned(),
        None => edited(old)?,
    };
    if text == old.text {
        output.note("The text is the same; nothing was changed.");
        return Ok(());
    }
    if !output.json {
        for line in render::made_of_turns(&preview) {
            output.note(line);
        }
    }
    if arguments.dry_run {
        if output.json {
            return Ok(output.document(&wire::WouldForget::from(preview))?);
        }
        let what = render::contents(0, preview.derived());
        let what =
            what.strip_prefix("0 turns, ").map_or_else(String::new, |what| format!(" and {what}"));
        return Ok(output.line(format!("The old text of turn {id}{what} would be deleted"))?);
    }
    if !arguments.yes {
        confirm(
            &format!("Replace the text of turn {id}, and delete the old one for good?"),
            NOTHING,
        )?;
    }
    let amended = memory.amend_turn(user, id, &text)?;
    super::forget::warn_of_erasure(amended.erasure, output);
    let learns = settings.options.talk.conversation.learns && !arguments.learning.no_learning;
    let noted =
        if learns { memory.note_instructions(user, id, &said(old, text))? } else { Vec::new() };
    if output.json {
        return Ok(output.document(&wire::Amended {
            id,
            user: user.clone(),
            facts: amended.derived.facts,
            summaries: amended.derived.summaries,
            erased_from_disk: amended.erasure.is_done(),
            noted: noted.iter().map(|instruction| instruction.fact).collect(),
        })?);
    }
    output.line(format!("Replaced the text of turn {id}"))?;
    for instruction in &noted {
        output.note(render::noted(instruction));
    }
    copies::warn(&wire::known_copies(&memory), output);
    Ok(())
}

/// The turn with its new text, as it is learned from.
fn said(old: &Turn, text: String) -> NewTurn {
    NewTurn {
        session: old.session.clone(),
        session_title: old.session_title.clone(),
        role: old.role,
        speaker: old.speaker.clone(),
        text,
        time: old.time,
        note: old.note,
        source_key: None,
    }
}

/// The text as the person's editor leaves it. The file stands in a folder that only this person may
/// enter, with whatever the editor writes beside it, and is overwritten before it is deleted.
fn edited(old: &Turn) -> Result<String, Failure> {
    let named = environment::read(VISUAL).or_else(|| environment::read(EDITOR));
    let words: Vec<&str> = named.as_deref().unwrap_or_default().split_whitespace().collect();
    let Some((program, arguments)) = words.split_first() else {
        let hint =
            "Set VISUAL or EDITOR to your editor, or give the new text: longmem edit N \"…\"";
        return Err(Failure::refused(ErrorCode::WrongSettings, "no editor is named", hint));
    };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("turn.txt");
    fs_err::write(&file, &old.text)?;
    let ended = Command::new(program).args(arguments).arg(&file).status();
    let text = fs_err::read(&file);
    fs_err::write(&file, vec![0; text.as_ref().map_or(0, Vec::len).max(old.text.len())])?;
    let ended = ended.map_err(|error| {
        let hint = "Set VISUAL or EDITOR to an editor that is installed.";
        let message = format!("the editor {program} cannot be started: {error}");
        Failure::refused(ErrorCode::WrongSettings, message, hint)
    })?;
    if !ended.success() {
        let message = format!("the editor ended with {ended}; {NOTHING}");
        return Err(Failure::refused(
            ErrorCode::NotConfirmed,
            message,
            "Save and leave the editor.",
        ));
    }
    let text = String::from_utf8(text?).map_err(|_| {
        let message = format!("the edited text is not UTF-8; {NOTHING}");
        Failure::refused(ErrorCode::FileFailed, message, "Save it as UTF-8.")
    })?;
    // Editors end the last line, which the turn had not.
    let text = text.strip_suffix('\n').filter(|_| !old.text.ends_with('\n')).unwrap_or(&text);
    Ok(text.to_owned())
}
