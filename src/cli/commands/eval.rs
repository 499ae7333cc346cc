//! `longmem eval`: recall on a data set.

use std::sync::Arc;

use indicatif::ProgressBar;
use longmem_core::{EstimatedTokens, TextEmbedder};
use longmem_eval::{
    EmbedOnce, EvalError, Phase, Report, RunOptions, RunProgress, Strategy, dataset, misses,
    run as measure, table,
};

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
    let mut data = dataset::read(&arguments.data)?;
    let all = data.clone();
    if !arguments.conversation.is_empty() {
        data.select(&arguments.conversation)?;
    }
    data.pad(&all, arguments.haystack);

    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    fs_err::create_dir_all(folder)?;
    let mut options = RunOptions::new(&EstimatedTokens);
    if !arguments.strategy.is_empty() {
        options.strategies = arguments.strategy;
    }
    let mut embedder: Arc<dyn TextEmbedder> = Arc::new(compose::embedder(settings, output));
    if arguments.haystack > 0 {
        // The same sessions pad several conversations.
        embedder = Arc::new(EmbedOnce::new(embedder));
    }

    let interrupt = Interrupt::listen()?;
    let bar = progress_bar::counting(output, 0, "questions");
    let measured = measure(
        &data,
        &options,
        &|name| open_or_make(&folder.join(format!("{name}.db")), embedder.clone()),
        &mut |progress| {
            show(&bar, progress);
            interrupt.flow()
        },
    );
    bar.finish_and_clear();
    let measured = measured.map_err(|error| match error {
        EvalError::Stopped => Failure::Interrupted("nothing was measured".to_owned()),
        other => other.into(),
    })?;

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

fn show(bar: &ProgressBar, progress: &RunProgress<'_>) {
    match progress.phase {
        Phase::Indexing { turns, total_turns } => {
            bar.set_message(format!("{}: {turns}/{total_turns} indexed", progress.conversation));
        }
        Phase::Asking => {
            bar.set_length(progress.total_questions as u64);
            bar.set_position(progress.questions as u64);
            bar.set_message(progress.conversation.to_owned());
        }
    }
}
