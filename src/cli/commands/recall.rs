//! `longmem recall`: what was said that is relevant.

use jiff::tz::TimeZone;
use longmem::IfMissing;
use longmem_core::Remedy;
use longmem_memory::{Channels, RESULTS_WITH_NEIGHBOURS, Recall, RecallRequest, Scan};
use longmem_wire as wire;

use crate::arguments::{RecallArguments, RecalledDetail};
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::remedy::hint;
use crate::render;
use crate::settings::Settings;
use crate::words;

pub(super) fn run(
    arguments: RecallArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let query = words::text(&arguments.query)?;
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let scope = super::scope(arguments.scope, &memory, settings)?;
    memory.check_names(&scope)?;
    let mut request = RecallRequest::new(scope, query);
    request.limit = arguments.limit as usize;
    request.threshold = arguments.threshold;
    request.time_zone = TimeZone::system();
    request.asked_at =
        arguments.asked_at.map(|time| time.resolve(&memory.now().to_zoned(TimeZone::system())));
    if arguments.exact {
        request.scan = Scan::Exact;
    }
    if arguments.words_only {
        request.channels = Channels::Words;
    }
    request.catch_up = true;
    if arguments.detail.explain || output.json {
        request.with_neighbours = RESULTS_WITH_NEIGHBOURS;
    }
    let recall = memory.recall(&request)?;
    if !arguments.words_only && recall.turns_without_vectors > 0 {
        output.note(format!(
            "{} found by words only; `longmem index` lets them be found by meaning.",
            counted(recall.turns_without_vectors, "turn")
        ));
    }
    if let Some(other) = &recall.other_model {
        output.warn(format!(
            "everything is found by words only: the store's vectors were made by {}@{}, not by the \
             model in use. {}",
            other.name,
            other.revision,
            hint(&Remedy::ReplaceModel)
        ));
    }
    show(recall, &request.query, arguments.detail, output)
}

/// Prints turns and facts in one order, for a person or as JSON.
pub(super) fn show(
    recall: Recall,
    question: &str,
    detail: RecalledDetail,
    output: Output,
) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::Recall::from(recall))?);
    }
    if recall.results.is_empty() && recall.facts.is_empty() {
        output.note("Nothing relevant was found.");
    } else if recall.unsure {
        output.note("Nothing was found that surely answers this; the nearest is:");
    }
    for line in render::recall(&recall, question, detail) {
        output.line(line)?;
    }
    Ok(())
}
