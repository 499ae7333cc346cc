//! `longmem eval`: recall quality and latency of this very binary on a data set.

mod replay;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use longmem_core::{EstimatedTokens, TextEmbedder};
use longmem_eval::{
    EmbedOnce, Phase, Report, RunOptions, RunProgress, Strategy, dataset, fit, fit_table, misses,
    run as measure, table,
};
use longmem_memory::{Memory, MemoryError};
use longmem_sqlite::{IfMissing, SqliteStore};

use crate::arguments::EvalArguments;
use longmem::SystemClock;

use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress_bar;
use crate::settings::Settings;

pub(super) fn run(
    arguments: EvalArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    settings.options.apply_threads();
    let mut data = dataset::read(&arguments.data)?;
    let all = data.clone();
    if !arguments.conversation.is_empty() {
        data.select(&arguments.conversation)?;
    }
    if arguments.replay.replay {
        return replay::run(&data, &arguments.replay, settings, output);
    }
    data.pad(&all, arguments.haystack);
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    fs_err::create_dir_all(folder)?;
    let mut options = RunOptions::new(folder, &EstimatedTokens);
    if !arguments.strategy.is_empty() {
        options.strategies = arguments.strategy;
    }
    let bar = progress_bar::counting(output, 0, "questions");
    let mut show = |progress: &RunProgress<'_>| {
        match progress.phase {
            Phase::Indexing { turns, total_turns } => {
                let conversation = progress.conversation;
                bar.set_message(format!("{conversation}: {turns}/{total_turns} indexed"));
            }
            Phase::Asking => {
                bar.set_length(progress.total_questions as u64);
                bar.set_position(progress.questions as u64);
                bar.set_message(progress.conversation.to_owned());
            }
        }
        ControlFlow::Continue(())
    };
    let mut embedder: Arc<dyn TextEmbedder> = Arc::new(compose::embedder(settings, output));
    if arguments.fit || arguments.haystack > 0 {
        embedder = Arc::new(EmbedOnce::new(embedder));
    }
    if arguments.fit {
        let found = fit(&data, folder, &|file| open(file, embedder.clone()), &mut show)?;
        bar.finish_and_clear();
        return Ok(output.line(fit_table(&found))?);
    }
    let measured = measure(&data, &options, &|file| open(file, embedder.clone()), &mut show)?;
    bar.finish_and_clear();
    let report = Report::new(&measured);
    if output.json {
        return Ok(output.document(&report)?);
    }
    output.line(table(&report))?;
    if let Some(limit) = arguments.misses {
        output.line(misses(&data, &measured, Strategy::Default, limit))?;
    }
    Ok(())
}

fn open(file: &Path, embedder: Arc<dyn TextEmbedder>) -> Result<Memory, MemoryError> {
    Ok(Memory::new(
        Arc::new(SqliteStore::open(file, IfMissing::Create)?),
        embedder,
        Arc::new(SystemClock),
    ))
}
