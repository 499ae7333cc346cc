//! `longmem sessions`: a user's conversations.

use longmem_store::IfMissing;
use serde_json::{Value, json};

use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render::{day, minute};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let sessions = memory.sessions(&settings.user)?;
    if output.json {
        let sessions: Vec<Value> = sessions
            .iter()
            .map(|session| {
                json!({
                    "session": session.session,
                    "title": session.title,
                    "turns": session.turns,
                    "start": session.start,
                    "end": session.end,
                })
            })
            .collect();
        return Ok(output.document(&json!({ "sessions": sessions }))?);
    }
    for session in sessions {
        let title = session.title.map_or_else(String::new, |title| format!(" · {title}"));
        output.line(for_terminal(&format!(
            "{} – {} · {} · {}{title}",
            day(session.start),
            minute(session.end),
            counted(session.turns, "turn"),
            session.session,
        )))?;
    }
    Ok(())
}
