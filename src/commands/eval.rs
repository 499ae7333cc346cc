//! `longmem eval`: recall quality and latency of this very binary on a data set.

mod replay;

use std::ops::ControlFlow;
use std::sync::Arc;

use longmem_core::{EstimatedTokens, TextEmbedder};
use longmem_eval::{Phase, Report, RunOptions, RunProgress, dataset, run as measure, table};
use longmem_memory::Memory;
use longmem_store::{IfMissing, Store};

use crate::arguments::EvalArguments;
use crate::compose::{self, SystemClock};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress_bar;
use crate::settings::Settings;

pub(super) fn run(
    arguments: EvalArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    compose::bound_threads(settings);
    let mut data = dataset::read(&arguments.data)?;
    if !arguments.conversation.is_empty() {
        data.select(&arguments.conversation)?;
    }
    if arguments.replay.replay {
        return replay::run(&data, &arguments.replay, settings, output);
    }
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    fs_err::create_dir_all(folder)?;
    let mut options = RunOptions::new(folder, &EstimatedTokens);
    if !arguments.strategy.is_empty() {
        options.strategies = arguments.strategy;
    }
    let embedder: Arc<dyn TextEmbedder> = Arc::new(compose::embedder(settings, output));
    let bar = progress_bar::counting(output, 0, "questions");
    let measured = measure(
        &data,
        &options,
        &|file| {
            let store = Store::open(file, IfMissing::Create)?;
            Ok(Memory::new(store, Arc::clone(&embedder), Arc::new(SystemClock)))
        },
        &mut |progress: &RunProgress<'_>| {
            match progress.phase {
                Phase::Indexing { turns, total_turns } => {
                    bar.set_message(format!(
                        "{}: {turns}/{total_turns} indexed",
                        progress.conversation
                    ));
                }
                Phase::Asking => {
                    bar.set_length(progress.total_questions as u64);
                    bar.set_position(progress.questions as u64);
                    bar.set_message(progress.conversation.to_owned());
                }
            }
            ControlFlow::Continue(())
        },
    )?;
    bar.finish_and_clear();
    let report = Report::new(&measured);
    if output.json {
        return Ok(output.document(&report)?);
    }
    Ok(output.line(table(&report))?)
}
