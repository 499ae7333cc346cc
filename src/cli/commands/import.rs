//! `longmem import`: chat files into the store, with a bar and a report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use longmem::{IfMissing, environment};
use longmem_core::{ErrorCode, Timestamp};
use longmem_memory::{
    ImportPreview, ImportReport, ImportRequest, IndexOptions, Memory, MemoryError,
    TranscriptSource, preview_import,
};
use longmem_wire as wire;

use super::index;
use crate::agent_folders::Agent;
use crate::arguments::ImportArguments;
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::named_file;
use crate::output::{Output, counted};
use crate::progress_bar;
use crate::render;
use crate::settings::Settings;

/// What is done when a report of it is printed.
const STORED: &str = "what was read is stored";

/// What stands for the path of standard input.
const STANDARD_INPUT: &str = "-";

pub(super) fn run(
    arguments: &ImportArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let paths = paths(arguments, &settings.home)?;
    if arguments.dry_run {
        return preview(&paths, arguments, settings, output);
    }
    let memory = compose::memory(settings, IfMissing::Create, output)?;
    let interrupt = Interrupt::listen()?;
    let mut imports = Vec::new();
    let mut failed = FailedPaths::of(paths.len());
    for path in &paths {
        let report = import(&memory, path, arguments, settings, output, &interrupt);
        let Some(report) = failed.without(path, report, output)? else { continue };
        let stopped = report.stopped;
        if output.json {
            imports.push(wire::Import::new(path, report));
        } else {
            output.reported(STORED, output.line(render::imported(path, &report)));
        }
        if stopped {
            return Err(Failure::Interrupted(
                "what was read is stored, and importing again goes on".to_owned(),
            ));
        }
    }
    let indexed = if arguments.index { Some(index(&memory, output, &interrupt)?) } else { None };
    if output.json {
        let imports = wire::Imports { imports, failed: failed.documents(), indexed };
        output.reported(STORED, output.document(&imports));
    } else if !arguments.index {
        note_waiting(&memory, output)?;
    }
    failed.into_result()
}

/// Shows what an import would do.
fn preview(
    paths: &[PathBuf],
    arguments: &ImportArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = match compose::memory(settings, IfMissing::Fail, output) {
        Err(failure) if failure.is_of_missing_store() => None,
        opened => Some(opened?),
    };
    let interrupt = Interrupt::listen()?;
    let mut previews = Vec::new();
    let mut failed = FailedPaths::of(paths.len());
    for path in paths {
        let preview =
            preview_path(memory.as_deref(), path, arguments, settings, output, &interrupt);
        let Some(preview) = failed.without(path, preview, output)? else { continue };
        if interrupt.happened() {
            return Err(Failure::Interrupted("nothing was stored".to_owned()));
        }
        if output.json {
            previews.push(wire::ImportPreview::new(path, preview));
        } else {
            output.line(render::import_preview(path, &preview))?;
        }
    }
    if output.json {
        let failed = failed.documents();
        output.document(&wire::ImportPreviews { would_import: previews, failed })?;
    }
    failed.into_result()
}

/// The paths that were named, after those of the agents that were named.
fn paths(arguments: &ImportArguments, home: &Path) -> Result<Vec<PathBuf>, Failure> {
    let agents = [
        (arguments.claude_code, Agent::ClaudeCode),
        (arguments.codex, Agent::Codex),
        (arguments.gemini, Agent::GeminiCli),
    ];
    let mut paths = Vec::new();
    for (named, agent) in agents {
        if named {
            paths.extend(agent.folders(environment::read(agent.variable()).as_deref(), home)?);
        }
    }
    for path in &arguments.paths {
        if let Some(kind) = named_file::waits_for_ever(path) {
            let message = format!("{} is {kind}; expected a file or a folder", path.display());
            let hint = "To import what a program writes, pipe it: program | longmem import -";
            return Err(Failure::refused(ErrorCode::UnknownFormat, message, hint));
        }
        paths.push(path.clone());
    }
    Ok(paths)
}

/// Imports one path and shows a progress bar.
pub(super) fn import(
    memory: &Memory,
    path: &Path,
    arguments: &ImportArguments,
    settings: &Settings,
    output: Output,
    interrupt: &Interrupt,
) -> Result<ImportReport, MemoryError> {
    let bar = progress_bar::bytes(output, Some(0));
    let request = request(path, arguments, settings);
    let report = memory.import_from(source(path, memory.now()), request, &mut |progress| {
        bar.set_length(progress.bytes_total.unwrap_or(progress.bytes_read));
        bar.set_position(progress.bytes_read);
        bar.set_message(counted(progress.turns, "turn"));
        interrupt.flow()
    });
    bar.finish_and_clear();
    report
}

fn preview_path(
    memory: Option<&Memory>,
    path: &Path,
    arguments: &ImportArguments,
    settings: &Settings,
    output: Output,
    interrupt: &Interrupt,
) -> Result<ImportPreview, MemoryError> {
    let bar = progress_bar::bytes(output, Some(0));
    let request = request(path, arguments, settings);
    let now = settings.options.clock.now();
    let preview = preview_import(memory, source(path, now), request, &mut |progress| {
        bar.set_length(progress.bytes_total.unwrap_or(progress.bytes_read));
        bar.set_position(progress.bytes_read);
        bar.set_message(counted(progress.turns, "turn"));
        interrupt.flow()
    });
    bar.finish_and_clear();
    preview
}

fn request<'a>(
    path: &'a Path,
    arguments: &ImportArguments,
    settings: &'a Settings,
) -> ImportRequest<'a> {
    ImportRequest {
        path,
        format: arguments.format,
        user: &settings.user,
        users_from_file: arguments.all_users,
        notes: arguments.notes,
        again: arguments.again,
    }
}

/// What a path names: `-` is standard input.
fn source(path: &Path, now: Timestamp) -> TranscriptSource<'_> {
    if path == Path::new(STANDARD_INPUT) {
        let bytes = Box::new(std::io::stdin());
        TranscriptSource::Stream { name: "standard input", bytes, arrived: now }
    } else {
        TranscriptSource::Path(path)
    }
}

fn index(memory: &Memory, output: Output, interrupt: &Interrupt) -> Result<wire::Indexed, Failure> {
    let began = Instant::now();
    let report = index::index(memory, IndexOptions::default(), output, interrupt)?;
    let took = began.elapsed();
    if !output.json {
        output.reported("the vectors are stored", output.line(render::indexed(&report, took)));
    }
    index::complete(&report, interrupt)?;
    Ok(wire::Indexed::new(report, took))
}

fn note_waiting(memory: &Memory, output: Output) -> Result<(), Failure> {
    let waiting = memory.waiting(None)?;
    if waiting > 0 {
        output.note(format!(
            "{} can be found by words now; `longmem index` lets them be found by meaning.",
            counted(waiting, "turn")
        ));
    }
    Ok(())
}

/// Paths that could not be read, beside others that could.
struct FailedPaths {
    paths: usize,
    failed: Vec<(PathBuf, Failure)>,
}

impl FailedPaths {
    fn of(paths: usize) -> Self {
        Self { paths, failed: Vec::new() }
    }

    /// Keeps the failure of a path, so that the others are read as well. A fault of the store ends
    /// the command.
    fn without<T>(
        &mut self,
        path: &Path,
        result: Result<T, MemoryError>,
        output: Output,
    ) -> Result<Option<T>, Failure> {
        match result {
            Ok(done) => Ok(Some(done)),
            Err(error @ MemoryError::Transcript(_)) if self.paths > 1 => {
                let failure = Failure::from(error);
                if !output.json {
                    failure.show(output);
                }
                self.failed.push((path.to_owned(), failure));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn documents(&self) -> Vec<wire::FailedImport> {
        let document = |(path, failure): &(PathBuf, Failure)| wire::FailedImport {
            path: path.display().to_string(),
            error: failure.document().error,
        };
        self.failed.iter().map(document).collect()
    }

    fn into_result(self) -> Result<(), Failure> {
        let Some((_, first)) = self.failed.first() else { return Ok(()) };
        let message = format!("{} of {} paths could not be read", self.failed.len(), self.paths);
        Err(Failure::refused(
            first.document().error.code,
            message,
            "The other paths were read; what is wrong with these is said above.",
        ))
    }
}
