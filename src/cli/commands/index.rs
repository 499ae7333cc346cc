//! `longmem index`: vectors for every turn that has none.

use std::time::Instant;

use longmem::IfMissing;
use longmem_memory::{IndexEvent, IndexOptions, IndexReport, Memory};
use longmem_wire as wire;

use crate::arguments::IndexArguments;
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, counted};
use crate::progress_bar;
use crate::render;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &IndexArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let interrupt = Interrupt::listen()?;
    let options = IndexOptions { reembed: arguments.reembed };
    let began = Instant::now();
    let report = index(&memory, options, output, &interrupt)?;
    let took = began.elapsed();
    let printed = if output.json {
        output.document(&wire::Indexed::new(report, took))
    } else {
        output.line(render::indexed(&report, took))
    };
    output.reported("the vectors are stored", printed);
    complete(&report, &interrupt)
}

/// Says whether a run was interrupted before everything had its vectors.
pub(super) fn complete(report: &IndexReport, interrupt: &Interrupt) -> Result<(), Failure> {
    if interrupt.happened() && report.remaining > 0 {
        return Err(Failure::Interrupted(format!(
            "{} wait; `longmem index` goes on",
            counted(report.remaining, "turn")
        )));
    }
    Ok(())
}

/// Indexes and shows a progress bar.
pub(super) fn index(
    memory: &Memory,
    options: IndexOptions,
    output: Output,
    interrupt: &Interrupt,
) -> Result<IndexReport, Failure> {
    let began = Instant::now();
    let bar = progress_bar::counting(output, 0, "turns");
    let mut waits = false;
    let report = memory.index(options, &mut |event| {
        match event {
            IndexEvent::Waiting if waits => {}
            IndexEvent::Waiting => {
                waits = true;
                output.note("another process is indexing this store; waiting for it");
            }
            IndexEvent::Progress(progress) => {
                bar.set_length(progress.total_turns);
                bar.set_position(progress.turns);
                let rate = progress.passages as f64 / began.elapsed().as_secs_f64().max(0.001);
                bar.set_message(format!("{rate:.0} passages/s"));
            }
        }
        interrupt.flow()
    });
    bar.finish_and_clear();
    Ok(report?)
}
