//! `longmem eval --replay`: what prompts cost with a provider's cache.

use std::ops::ControlFlow;
use std::sync::Arc;

use longmem_chat::TokenBudget;
use longmem_core::{EstimatedTokens, TextEmbedder};
use longmem_eval::dataset::Dataset;
use longmem_eval::{Prices, ReplayOptions, replay, replay_table};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};

use crate::arguments::ReplayArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress_bar;
use crate::settings::Settings;

pub(super) fn run(
    data: &Dataset,
    arguments: &ReplayArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let budget = TokenBudget::new(arguments.budget);
    let options = ReplayOptions {
        one_session: arguments.one_session,
        prices: Prices {
            input: arguments.prompt_price,
            output: arguments.answer_price,
            cache_write: arguments.cache_write,
            cache_read: arguments.cache_read,
        },
        least_cached: arguments.least_cached,
        ..ReplayOptions::new(Arc::new(EstimatedTokens), budget)
    };
    let folder = tempfile::tempdir()?;
    let embedder: Arc<dyn TextEmbedder> = Arc::new(compose::embedder(settings, output));
    let bar = progress_bar::counting(output, 0, "messages");
    let report = replay(
        data,
        folder.path(),
        &options,
        &|file, clock| {
            let store = SqliteStore::open(file, IfMissing::Create)?;
            Ok(Memory::new(Arc::new(store), Arc::clone(&embedder), clock))
        },
        &mut |conversation| {
            bar.inc(1);
            bar.set_message(conversation.to_owned());
            ControlFlow::Continue(())
        },
    )?;
    bar.finish_and_clear();
    if output.json {
        return Ok(output.document(&report)?);
    }
    Ok(output.line(replay_table(&report))?)
}
