//! A prompt that continues the one before it: nothing that was sent changes, so that a provider's
//! cache serves all of it.
//!
//! A fresh prompt holds the recalled turns behind its newest message, and the next one holds others:
//! the cache ends there, and recalled turns are most of a prompt. A continued prompt keeps every
//! message as it was sent, quotes included, and adds the answer, the next message, and behind it
//! only those recalled turns that are not quoted yet. It grows until the budget is full; then a fresh
//! one is made, from the last turns and those that are recalled now.

use std::collections::HashSet;

use longmem_core::{Recalled, Role, TokenCounter, TurnId};

use super::history::History;
use super::input::{PromptShape, TurnRef};
use super::messages::{clear_cache_marks, mark_cacheable, messages};
use super::recalled::{Present, Recollection};
use super::{AssembleInput, Context, MESSAGE_TOKENS, TraceEntry, TraceKind, block_cost};
use crate::TokenBudget;

/// Part of the budget that a fresh prompt may take, so that others can continue it: five eighths.
/// With less, fresh prompts are needed more often; with more, they leave less room for what is
/// recalled later.
const FRESH_PART: (u32, u32) = (5, 8);

/// Part of the budget that the recalled turns for one more message may take: one in so many. Of
/// 8,000 tokens that is 667, some fifteen turns besides those that are quoted already.
const ADDED_PART: usize = 12;

/// Least score of a hit that is added for one more message, as a part of the best hit's score. With
/// a half, prompts of LoCoMo held 7 in a hundred fewer of the ten best turns for their message;
/// without any least score, less than 85 % of a prompt was the same as the beginning of the next.
const LEAST_SCORE: f32 = 0.35;

/// The budget of a fresh prompt that others are to continue.
pub(crate) fn fresh_budget(budget: TokenBudget) -> TokenBudget {
    let (part, whole) = FRESH_PART;
    budget.fraction(part, whole)
}

/// Makes the prompt for the next message by adding to the `previous` one, which ends with the turn
/// `last`. Returns none if a fresh prompt has to be made: the turns since then do not follow on the
/// previous prompt, or there is no room for them.
///
/// The system text, facts and summaries stay those of the previous prompt, whatever the input
/// holds; the budget is never exceeded.
pub(crate) fn continued(
    previous: &Context,
    last: &TurnRef,
    input: &AssembleInput<'_>,
    counter: &dyn TokenCounter,
) -> Option<Context> {
    // The prompt ends with a message of the user, so what follows on it is an answer.
    let (recent, waiting) = input.turns_after(last)?;
    let first_role =
        recent.first().map(|turn| turn.role).or(waiting.first().map(|turn| turn.role))?;
    if first_role != Role::Assistant {
        return None;
    }

    // The message and the share of the recalled turns are set aside first; all that was said since
    // the previous prompt has to fit into the rest.
    let AssembleInput { message, budget, .. } = *input;
    let recalled_room = budget.tokens() / ADDED_PART;
    let message_cost = MESSAGE_TOKENS + block_cost(message, counter);
    let history_room = budget.after(previous.tokens + message_cost + recalled_room)?.tokens();
    let mut trace = trace_of_previous(previous);
    let history = History::new(recent, waiting, message, counter);
    let drafts = history.follow(history_room, counter, &mut trace)?;
    trace.push(TraceEntry::of_newest_message(input, counter));

    // A turn that was shortened to what another message asked for may be quoted again.
    let present: HashSet<TurnId> = trace
        .iter()
        .filter(|entry| entry.included && !entry.shortened)
        .filter_map(|entry| entry.turn)
        .collect();
    let present = Present::new(present, input.recent);
    let recollection = Recollection::new(input, &PromptShape::USUAL, counter);
    let likely = likely_hits(input.recalled);
    let block = recollection.fill(likely, &present, recalled_room, &mut trace);

    // The end of the previous prompt is marked, where the cache that it filled is read.
    let mut all_messages = previous.messages.clone();
    clear_cache_marks(&mut all_messages);
    mark_cacheable(all_messages.last_mut().and_then(|message| message.content.last_mut()));
    let mut added_messages = messages(drafts, message, block);
    clear_cache_marks(&mut added_messages);
    all_messages.extend(added_messages);

    let system = previous.system.clone();
    let context = Context { system, messages: all_messages, tokens: 0, budget, trace };
    // The sum of the parts can be below the count of the whole.
    Some(context.counted(counter)).filter(|context| context.tokens <= budget.tokens())
}

/// The leading hits that are not much less likely to be of use than the best.
fn likely_hits(recalled: &[Recalled]) -> &[Recalled] {
    let best = recalled.iter().map(|hit| hit.score).fold(0.0, f32::max);
    let end = recalled.iter().position(|hit| hit.score < best * LEAST_SCORE);
    &recalled[..end.unwrap_or(recalled.len())]
}

/// What the previous prompt holds; its newest message is one of the last turns now.
fn trace_of_previous(previous: &Context) -> Vec<TraceEntry> {
    let mut trace: Vec<TraceEntry> =
        previous.trace.iter().filter(|entry| entry.included).cloned().collect();
    for entry in trace.iter_mut().filter(|entry| entry.kind == TraceKind::Message) {
        entry.kind = TraceKind::Recent;
        "one of the session's last turns".clone_into(&mut entry.reason);
    }
    trace
}

#[cfg(test)]
mod tests;
