//! `longmem stats`: how much is stored.

use longmem::IfMissing;
use longmem_wire as wire;

use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::{compose, render, waiting};

pub(super) fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let (stats, users) = (memory.stats()?, memory.users()?);
    let kept_aside = waiting::count_of_all(&users, settings);
    let mut stats = wire::Stats::new(stats, memory.place(), memory.serving_model()?, users);
    stats.turns_kept_aside = kept_aside;
    if output.json {
        return Ok(output.document(&stats)?);
    }
    Ok(output.lines(render::stats(&stats))?)
}
