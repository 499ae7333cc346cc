//! `longmem import`: chat files into the store, with a bar and a report.

use std::path::Path;

use longmem::IfMissing;
use longmem_memory::{ImportReport, ImportRequest, Memory};
use longmem_wire as wire;

use crate::arguments::ImportArguments;
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, counted, grouped};
use crate::progress_bar;
use crate::sanitize::for_terminal;
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
            output.line(summary(path, &report))?;
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

/// Imports one path, showing a bar on a terminal.
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

pub(super) fn summary(path: &Path, report: &ImportReport) -> String {
    let mut lines = vec![format!(
        "{}: {}, {} in {}; {} and {} known already",
        for_terminal(&path.display().to_string()),
        report.read.format,
        counted(report.new_turns + report.known_turns, "turn"),
        counted(report.read.sessions, "session"),
        counted(report.new_turns, "new turn"),
        grouped(report.known_turns),
    )];
    if !report.read.skipped.is_empty() {
        let reasons: Vec<String> =
            report.read.skipped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        lines.push(format!("  skipped: {}", reasons.join(", ")));
    }
    for end in &report.read.ended_early {
        lines.push(format!("  {}", for_terminal(&end.to_string())));
    }
    lines.join("\n")
}
