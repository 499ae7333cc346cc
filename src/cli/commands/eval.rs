//! `longmem eval`: recall on data sets.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;
use longmem::postgres::{PostgresOptions, PostgresStore, ScratchSchema};
use longmem::{Options, ServerAddress, StorePlace, open_memory};
use longmem_core::{ErrorCode, EstimatedTokens, TextEmbedder, fnv1a};
use longmem_eval::dataset::{self, Dataset, Filler, Place};
use longmem_eval::{
    EmbedOnce, EvalError, Evaluation, Phase, Report, Run, RunOptions, RunProgress, Strategy,
    calibration, comparison, misses, nothing, nothing_table, run as measure, table,
};
use longmem_memory::{Memory, MemoryError};

use crate::arguments::EvalArguments;
use crate::commands::open::open_or_make;
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress_bar;
use crate::settings::Settings;

pub(super) fn run(
    arguments: EvalArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    settings.options.apply_threads();
    let all = dataset::read_all(&arguments.data)?;
    let sets = selected(&arguments, &all)?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    let database = arguments.stores.as_deref().map(|address| database(address, settings));
    let bench = Bench {
        database: database.transpose()?,
        filler: filler(&arguments, &all)?,
        embedder: embedder(&arguments, settings, output),
        arguments,
        folder,
        several: sets.len() > 1,
        bar: progress_bar::counting(output, 0, "questions"),
        interrupt: Interrupt::listen()?,
    };
    let measured: Result<Vec<_>, EvalError> = sets.iter().map(|set| bench.measured(set)).collect();
    bench.bar.finish_and_clear();
    let measured = measured.map_err(|error| match error {
        EvalError::Stopped => Failure::Interrupted("nothing was measured".to_owned()),
        other => other.into(),
    })?;
    let (runs, reports): (Vec<Run>, Vec<Report>) = measured.into_iter().unzip();
    let evaluation = Evaluation::new(reports);
    if output.json {
        return Ok(output.document(&evaluation)?);
    }
    show_evaluation(&bench.arguments, &evaluation, output)?;
    if let Some(limit) = bench.arguments.misses {
        for (set, run) in sets.iter().zip(&runs) {
            for strategy in bench.missing_strategies() {
                output.line_as_it_is(&misses(set, run, strategy, limit))?;
            }
        }
    }
    Ok(())
}

/// The conversations that are measured, with what stands beside them.
fn selected(arguments: &EvalArguments, all: &[Dataset]) -> Result<Vec<Dataset>, EvalError> {
    let mut sets = all.to_vec();
    if !arguments.conversation.is_empty() {
        dataset::select_in(&mut sets, &arguments.conversation)?;
    }
    let beside = arguments.beside.iter().map(|path| dataset::read_beside(path));
    let beside = beside.collect::<Result<Vec<_>, _>>()?;
    for set in &mut sets {
        if let Some(whole) = all.iter().find(|whole| whole.name == set.name) {
            set.pad(whole, arguments.haystack);
        }
        set.put_beside(&beside);
    }
    Ok(sets)
}

/// The text of long messages, if any are asked for.
fn filler(arguments: &EvalArguments, all: &[Dataset]) -> Result<Option<Filler>, EvalError> {
    let Some(_) = arguments.wrap else { return Ok(None) };
    Ok(Some(match &arguments.wrap_with {
        Some(file) => Filler::file(file)?,
        None => Filler::talk(all)?,
    }))
}

fn embedder(
    arguments: &EvalArguments,
    settings: &Settings,
    output: Output,
) -> Arc<dyn TextEmbedder> {
    let embedder: Arc<dyn TextEmbedder> = Arc::new(compose::embedder(settings, output));
    let EvalArguments { haystack, beside, echo, nothing, .. } = arguments;
    let repeats = *haystack > 0 || !beside.is_empty() || echo.is_some() || *nothing;
    // The same sessions stand in several memories, or the same messages are asked several times.
    if repeats { Arc::new(EmbedOnce::new(embedder)) } else { embedder }
}

/// The database that an address names.
fn database(address: &str, settings: &Settings) -> Result<Database, Failure> {
    match compose::place(address, settings)? {
        StorePlace::Server(server) => Ok(Database { server, schemas: Mutex::default() }),
        other @ (StorePlace::File(_) | StorePlace::Ring(_)) => Err(Failure::refused(
            ErrorCode::WrongCommandLine,
            format!("{other} is no address of a database"),
            "Name one as postgres://host/database, or leave --stores out.",
        )),
    }
}

/// A database that holds the stores, each in a schema that is dropped at the end.
struct Database {
    server: ServerAddress,
    schemas: Mutex<HashMap<PathBuf, ScratchSchema>>,
}

impl Database {
    /// Opens the store that would stand in this file.
    fn open(&self, file: PathBuf, embedder: Arc<dyn TextEmbedder>) -> Result<Memory, MemoryError> {
        let options = PostgresOptions { create: true, ..self.server.options() };
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let schema = match schemas.entry(file) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(new) => new.insert(ScratchSchema::make(self.server.address(), &options)?),
        };
        let mut opened = Options::new("");
        opened.store = Some(Arc::new(PostgresStore::open(schema.address(), &options)?));
        opened.embedder = Some(embedder);
        open_memory(opened)
    }
}

/// What the measuring of every data set needs.
struct Bench {
    /// Holds the stores in place of the folder.
    database: Option<Database>,
    arguments: EvalArguments,
    filler: Option<Filler>,
    embedder: Arc<dyn TextEmbedder>,
    /// Holds the stores.
    folder: PathBuf,
    /// Whether there are several data sets.
    several: bool,
    bar: ProgressBar,
    interrupt: Interrupt,
}

impl Bench {
    /// Measures everything that was asked for on one data set.
    fn measured(&self, set: &Dataset) -> Result<(Run, Report), EvalError> {
        let folder = self.folder_of(set);
        let mut options = RunOptions::new(&EstimatedTokens);
        if !self.arguments.strategy.is_empty() {
            options.strategies.clone_from(&self.arguments.strategy);
        }
        let run = self.run(set, &options, &folder)?;
        let mut report = Report::new(&run);

        // In other ways, only longmem and its peers are asked.
        options.strategies.retain(|s| *s == Strategy::Default || Strategy::PEERS.contains(s));
        if let (Some(filler), Some(words)) = (&self.filler, self.arguments.wrap) {
            for (place, name) in [(Place::Behind, "behind"), (Place::Before, "before")] {
                let wrapped = set.wrapped(filler, words.get(), place);
                let run = self.run(&wrapped, &options, &folder)?;
                report.add_variant(format!("{name} {words} words"), &run);
            }
        }
        if let Some(times) = self.arguments.echo {
            let folder = folder.join(format!("echo-{times}"));
            let run = self.run(&set.echoed(times.get()), &options, &folder)?;
            report.add_variant(format!("{times} times before"), &run);
        }
        if self.arguments.nothing {
            let found = nothing(set, &|name| self.open(&folder, name), &mut |at| self.show(at))?;
            report.nothing = Some(found);
        }
        Ok((run, report))
    }

    fn run(
        &self,
        set: &Dataset,
        options: &RunOptions<'_>,
        folder: &Path,
    ) -> Result<Run, EvalError> {
        fs_err::create_dir_all(folder)?;
        let open = |name: &str| self.open(folder, name);
        measure(set, options, &open, &mut |at| self.show(at))
    }

    fn open(&self, folder: &Path, name: &str) -> Result<Memory, MemoryError> {
        let file = folder.join(format!("{name}.db"));
        match &self.database {
            None => open_or_make(&file, self.embedder.clone()),
            Some(database) => database.open(file, self.embedder.clone()),
        }
    }

    /// The folder of a data set's stores: each of several has its own, and so has each combination
    /// with what is stored beside.
    fn folder_of(&self, set: &Dataset) -> PathBuf {
        let mut folder = self.folder.clone();
        if self.several {
            folder.push(&set.name);
        }
        if !self.arguments.beside.is_empty() {
            let beside = self.arguments.beside.join("\n");
            folder.push(format!("beside-{:016x}", fnv1a(beside.as_bytes())));
        }
        folder
    }

    /// The strategies whose misses are shown: those that were asked for, or else longmem's own.
    fn missing_strategies(&self) -> Vec<Strategy> {
        let asked_for = &self.arguments.strategy;
        if asked_for.is_empty() { vec![Strategy::Default] } else { asked_for.clone() }
    }

    fn show(&self, progress: &RunProgress<'_>) -> std::ops::ControlFlow<()> {
        match progress.phase {
            Phase::Indexing { turns, total_turns } => {
                let message = format!("{}: {turns}/{total_turns} indexed", progress.conversation);
                self.bar.set_message(message);
            }
            Phase::Asking => {
                self.bar.set_length(progress.total_questions as u64);
                self.bar.set_position(progress.questions as u64);
                self.bar.set_message(progress.conversation.to_owned());
            }
        }
        self.interrupt.flow()
    }
}

/// Shows what was asked for, as text.
fn show_evaluation(
    arguments: &EvalArguments,
    evaluation: &Evaluation,
    output: Output,
) -> Result<(), Failure> {
    if arguments.details {
        for report in &evaluation.reports {
            output.line_as_it_is(&table(report))?;
        }
    }
    output.line_as_it_is(&comparison(evaluation))?;
    if arguments.calibration {
        output.line_as_it_is(&calibration(&evaluation.reports))?;
    }
    for report in &evaluation.reports {
        if let Some(found) = &report.nothing {
            output.line_as_it_is(&nothing_table(&report.dataset.name, found))?;
        }
    }
    Ok(())
}
