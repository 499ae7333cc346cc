//! `longmem remember`: one turn, durable when the command returns.

use std::io::Read;

use jiff::tz::TimeZone;
use longmem::IfMissing;
use longmem_core::SourceKey;
use longmem_wire as wire;

use crate::arguments::RememberArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(
    arguments: RememberArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let text = if arguments.text == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text.trim_end().to_owned()
    } else {
        arguments.text
    };
    let memory = compose::memory(settings, IfMissing::Create, output)?;
    let mut turn = memory.new_turn(arguments.session, arguments.role, text);
    turn.note = true;
    turn.speaker = arguments.speaker;
    turn.source_key = arguments.key.map(SourceKey);
    if let Some(time) = arguments.time {
        turn.time = time.resolve(memory.now(), &TimeZone::system());
    }
    let stored = memory.remember(&settings.user, std::slice::from_ref(&turn))?[0];
    if output.json {
        let user = settings.user.clone();
        return Ok(output.document(&wire::Remembered::new(stored, user, turn.session))?);
    }
    let what = if stored.new { "Remembered" } else { "Known already" };
    let place = format!("turn {} of {} in session {}", stored.id, settings.user, turn.session);
    Ok(output.line(format!("{what}: {}", for_terminal(&place)))?)
}
