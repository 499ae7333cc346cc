//! `longmem remember`: one turn, durable when the command returns.

use jiff::tz::TimeZone;
use longmem::IfMissing;
use longmem_core::SourceKey;
use longmem_wire as wire;

use crate::arguments::RememberArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::words;

pub(super) fn run(
    arguments: RememberArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let text = words::text(&arguments.text)?;
    let memory = compose::memory(settings, IfMissing::Create, output)?;
    let mut turn = memory.new_turn(arguments.session, arguments.role, text);
    turn.note = true;
    turn.speaker = arguments.speaker;
    turn.source_key = arguments.key.map(SourceKey);
    if let Some(time) = arguments.time {
        turn.time = time.resolve(&memory.now().to_zoned(TimeZone::system()));
    }
    let stored = memory.remember(&settings.user, std::slice::from_ref(&turn))?[0];
    let learns = settings.options.talk.conversation.learns && !arguments.learning.no_learning;
    // A turn that was there already keeps what was noted then, and what was deleted since stays so.
    let noted = if learns && stored.new {
        memory.note_instructions(&settings.user, stored.id, &turn)?
    } else {
        Vec::new()
    };
    let what = if stored.new { "Remembered" } else { "Known already" };
    let place = format!("turn {} of {} in session {}", stored.id, settings.user, turn.session);
    let line = format!("{what}: {}", for_terminal(&place));
    let printed = if output.json {
        let remembered = wire::Remembered::new(stored, settings.user.clone(), turn.session);
        let noted = noted.iter().map(|instruction| instruction.fact).collect();
        output.document(&wire::Remembered { noted, ..remembered })
    } else {
        output.line(&line)
    };
    output.reported(&format!("it is stored ({line})"), printed);
    if !output.json {
        for instruction in &noted {
            output.note(render::noted(instruction));
        }
    }
    Ok(())
}
