//! `longmem recall`: what was said that is relevant.

use jiff::tz::TimeZone;
use longmem_chat::facts_naming;
use longmem_core::{Fact, Recalled};
use longmem_memory::{
    CaughtUp, Channels, FactsAt, Memory, MemoryError, Recall, RecallRequest, Scan,
};
use longmem_store::IfMissing;
use serde::Serialize;

use crate::arguments::RecallArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::render;
use crate::settings::Settings;

/// Turns that are embedded on the way to a recall, so that what was just said is found by its
/// meaning: some hundred milliseconds at most. More wait for `longmem index`.
const CATCH_UP_TURNS: u64 = 16;

/// Results that bring the turns beside them, to be readable.
const WITH_NEIGHBOURS: usize = 3;

pub(super) fn run(
    arguments: RecallArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    if arguments.query.trim().is_empty() {
        return Err(Failure::refused(
            "the question is empty",
            "Ask as you would ask a person: longmem recall \"where do I live?\"",
        ));
    }
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let scope = super::scope(arguments.scope, settings);
    memory.store().check_names(&scope)?;
    let mut request = RecallRequest::new(scope, arguments.query);
    request.limit = arguments.limit;
    request.threshold = arguments.threshold;
    request.time_zone = TimeZone::system();
    if arguments.exact {
        request.scan = Scan::Exact;
    }
    if arguments.words_only {
        request.channels = Channels::Words;
    } else {
        catch_up(&memory, output)?;
    }
    if arguments.explain || output.json {
        request.with_neighbours = WITH_NEIGHBOURS;
    }
    let facts = named_in(&memory, &request)?;
    show(&memory.recall(&request)?, &facts, arguments.explain, output)
}

/// What is known of whom a question names; nothing if only a part of memory is asked for.
pub(super) fn named_in(memory: &Memory, request: &RecallRequest) -> Result<Vec<Fact>, MemoryError> {
    if !request.scope.is_whole_user() {
        return Ok(Vec::new());
    }
    let facts = memory.store().facts(&request.scope.user, FactsAt::Now)?;
    Ok(facts_naming(&facts, &request.query))
}

/// Embeds what was just said, or tells how much is found by words only.
pub(super) fn catch_up(memory: &Memory, output: Output) -> Result<(), Failure> {
    if let CaughtUp::Behind(waiting) = memory.catch_up(CATCH_UP_TURNS)? {
        output.note(format!(
            "{} found by words only; `longmem index` lets them be found by meaning.",
            counted(waiting, "turn")
        ));
    }
    Ok(())
}

/// Results as JSON; not through a JSON value, which would show 0.3 as 0.30000001192092896.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    facts: &'a [Fact],
    results: &'a [Recalled],
    turns_without_vectors: &'a u64,
}

/// Prints what is known of whom the question names, and results, for a person or as JSON.
pub(super) fn show(
    recall: &Recall,
    facts: &[Fact],
    explain: bool,
    output: Output,
) -> Result<(), Failure> {
    if output.json {
        let Recall { results, turns_without_vectors, .. } = recall;
        return Ok(output.document(&Document { facts, results, turns_without_vectors })?);
    }
    if !facts.is_empty() {
        super::facts::show(facts, output)?;
    }
    if recall.results.is_empty() && facts.is_empty() {
        output.note("Nothing relevant was found.");
    }
    for (position, found) in recall.results.iter().enumerate() {
        output.line(render::recalled(position + 1, found, explain))?;
    }
    Ok(())
}
