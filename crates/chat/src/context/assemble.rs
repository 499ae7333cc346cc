//! From memory to a prompt, within a budget.

use std::collections::HashSet;

use longmem_core::{TokenCounter, TurnId};

use super::history::History;
use super::input::PromptShape;
use super::messages::{mark_cacheable, messages};
use super::notes::Notes;
use super::recalled::{Present, Recollection};
use super::required::RequiredCosts;
use super::shares::Demands;
use super::{AssembleError, AssembleInput, Context, TextBlock, TraceEntry, TraceKind};

/// Makes a prompt that costs at most the budget, as `counter` counts exactly what would be sent
/// ([`Context::count`]).
///
/// - First comes what stays the same (system text, facts, summaries), then the session's last
///   turns, then the newest message, and behind it, in the same message, what was recalled. Cache
///   marks stand at the end of the system text and of the history.
/// - Roles alternate, the user speaks first and last; turns of one side in a row are joined by a
///   blank line.
/// - Recalled turns go in by rank until the first that does not fit even in part, and are printed by
///   time. With a larger budget, whatever was recalled before is still there. A long one is
///   shortened to what the message asks for ([`excerpt`](crate::excerpt)); what is left of the
///   budget in the end goes into more of it.
/// - A recalled turn that is also a recent one comes once, as the recent one, and so does one that
///   says the same words in another session.
///
/// # Errors
/// [`AssembleError`] if the message is empty, or too long for the budget together with the system
/// text.
///
/// # Examples
/// ```
/// use longmem_chat::{AssembleInput, TokenBudget, assemble};
/// use longmem_core::EstimatedTokens;
///
/// let now = "2026-03-02T10:00:00Z".parse()?;
/// let mut input = AssembleInput::new("Which port did we pick?", now, TokenBudget::new(1_000));
/// input.system = Some("You are helpful.");
/// let context = assemble(&input, &EstimatedTokens)?;
/// assert_eq!(context.messages[0].content[0].text, "Which port did we pick?");
/// assert!(context.tokens <= 1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assemble(
    input: &AssembleInput<'_>,
    counter: &dyn TokenCounter,
) -> Result<Context, AssembleError> {
    assemble_in_shape(&PromptShape::USUAL, input, counter)
}

/// Makes a prompt of another shape than the usual one.
pub(super) fn assemble_in_shape(
    shape: &PromptShape,
    input: &AssembleInput<'_>,
    counter: &dyn TokenCounter,
) -> Result<Context, AssembleError> {
    let required = RequiredCosts::count(input, counter)?;
    let facts = Notes::facts(input.wishes, input.facts, input.time_zone, counter);
    let summaries = Notes::summaries(input.summaries, input.time_zone, counter);
    let history = History::new(input.recent, input.waiting, input.message, counter);

    // Share out the room before anything is filled: a part may take what its demand says, and not
    // what happened to fit, so that a larger budget never makes a part smaller.
    let demands = Demands {
        facts: facts.demand().min(shape.facts_tokens),
        summaries: summaries.demand(),
        recent: history.demand(),
    };
    let room = input.budget.tokens() - required.system;
    let allotments = shape.shares.split(room, required.message, demands);

    // Fill the parts in the order in which they stand in the prompt, which is that of the trace.
    let mut trace = Vec::new();
    trace.extend(
        input
            .system_text()
            .map(|text| TraceEntry::of_text(TraceKind::System, text, "always goes in", counter)),
    );
    let facts = facts.fill(allotments.facts, counter, &mut trace);
    let summaries = summaries.fill(allotments.summaries, counter, &mut trace);
    let kept = history.keep(allotments.recent, counter, &mut trace);
    trace.push(TraceEntry::of_newest_message(input, counter));

    // The recalled turns come last: those that already went in as recent ones make room for others.
    let present: HashSet<TurnId> =
        trace.iter().filter(|entry| entry.included).filter_map(|entry| entry.turn).collect();
    let present = Present::new(present, input.recent);
    let recollection = Recollection::new(input, shape, counter);
    let recalled = recollection.fill(input.recalled, &present, allotments.recalled, &mut trace);

    let system_text = input.system_text().map(str::to_owned);
    let mut system: Vec<TextBlock> =
        system_text.into_iter().chain(facts).chain(summaries).map(TextBlock::new).collect();
    mark_cacheable(system.last_mut());
    let messages = messages(kept, input.message, recalled);
    let context = Context { system, messages, tokens: 0, budget: input.budget, trace };
    Ok(context.counted(counter))
}
