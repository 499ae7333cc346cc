//! `longmem stats`: how much is stored.

use longmem::IfMissing;
use longmem_wire as wire;

use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, bytes, counted};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let (stats, users) = (memory.stats()?, memory.users()?);
    let model = memory.serving_model()?;
    if output.json {
        let stats = wire::Stats::new(stats, memory.place(), model, users);
        return Ok(output.document(&stats)?);
    }
    output.line(format!("{} ({})", for_terminal(&memory.place()), bytes(stats.file_bytes)))?;
    output.line(format!(
        "{} in {} of {}",
        counted(stats.turns, "turn"),
        counted(stats.sessions, "session"),
        counted(stats.users, "user")
    ))?;
    output.line(format!(
        "{}, {}; {} without vectors; {} cut off",
        counted(stats.passages, "passage"),
        counted(stats.vectors, "vector"),
        counted(stats.turns_without_vectors, "turn"),
        counted(stats.truncated_tokens, "token"),
    ))?;
    output.line(model.map_or_else(
        || "no vectors yet: run longmem index".to_owned(),
        |model| format!("vectors by {}@{:.12}", model.name, model.revision),
    ))?;
    for user in users {
        output.line(for_terminal(&format!(
            "  {}: {} in {}",
            user.user,
            counted(user.turns, "turn"),
            counted(user.sessions, "session")
        )))?;
    }
    Ok(())
}
