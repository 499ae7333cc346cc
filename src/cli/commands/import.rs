//! `longmem import`: chat files into the store, with a bar and a report.

use std::path::Path;

use longmem::IfMissing;
use longmem_memory::{ImportReport, ImportRequest, Memory};
use longmem_wire as wire;

use crate::arguments::ImportArguments;
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, counted};
use crate::progress_bar;
use crate::render;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &ImportArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Create, output)?;
    let interrupt = Interrupt::listen()?;
    let mut imports = Vec::new();
    for path in &arguments.paths {
        let report = import(&memory, path, arguments, settings, output, &interrupt)?;
        let stopped = report.stopped;
        if output.json {
            imports.push(wire::Import::new(path, report));
        } else {
            output.line(render::imported(path, &report))?;
        }
        if stopped {
            return Err(Failure::Interrupted(
                "what was read is stored, and importing again goes on".to_owned(),
            ));
        }
    }
    if output.json {
        return Ok(output.document(&wire::Imports { imports })?);
    }
    let waiting = memory.waiting(None)?;
    if waiting > 0 {
        output.note(format!(
            "{} can be found by words now; `longmem index` lets them be found by meaning.",
            counted(waiting, "turn")
        ));
    }
    Ok(())
}

/// Imports one path and shows a progress bar.
pub(super) fn import(
    memory: &Memory,
    path: &Path,
    arguments: &ImportArguments,
    settings: &Settings,
    output: Output,
    interrupt: &Interrupt,
) -> Result<ImportReport, Failure> {
    let bar = progress_bar::bytes(output, 0);
    let request = ImportRequest {
        path,
        format: arguments.format,
        user: &settings.user,
        users_from_file: !settings.user_was_named,
        notes: arguments.notes,
        again: false,
    };
    let report = memory.import(request, &mut |progress| {
        bar.set_length(progress.bytes_total.unwrap_or(progress.bytes_read));
        bar.set_position(progress.bytes_read);
        bar.set_message(counted(progress.turns, "turn"));
        interrupt.flow()
    });
    bar.finish_and_clear();
    Ok(report?)
}
