//! `longmem stats`: how much is stored.

use longmem::IfMissing;
use longmem_wire as wire;

use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;
use crate::settings::Settings;

pub(super) fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let (stats, users) = (memory.stats()?, memory.users()?);
    let stats = wire::Stats::new(stats, memory.place(), memory.serving_model()?, users);
    if output.json {
        return Ok(output.document(&stats)?);
    }
    Ok(output.lines(render::stats(&stats))?)
}
