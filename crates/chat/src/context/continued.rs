//! A prompt that continues the one before it: nothing that was sent changes, so that a provider's
//! cache serves all of it.
//!
//! A prompt made anew holds the recalled turns behind its newest message, and the next one holds
//! others: the cache ends there, and what was recalled is most of a prompt. A continued prompt
//! keeps every message as it was sent, quotes included, and adds the answer, the next message, and
//! behind it only what is recalled and not quoted yet. It grows until the budget is full; then one
//! is made anew, from the last turns and what is recalled now.

use std::collections::HashSet;

use longmem_core::{Recalled, Role, TokenCounter, TurnId};

use super::assemble::{AssembleInput, clear_marks, mark_cacheable, standing, written};
use super::history::History;
use super::recalled::Recollection;
use super::{Context, MESSAGE_TOKENS, TraceEntry, TraceKind, block_cost};
use crate::TokenBudget;

/// A prompt made anew takes at most this part of the budget, so that others can continue it. With
/// less, prompts are made anew more often; with more, they start with fewer recalled turns.
const ANEW_PART: (usize, usize) = (5, 8);

/// What is recalled for one more message takes at most a twelfth of the budget: of 8,000 tokens
/// 667, some fifteen turns beside those that are quoted already.
const ADDED_PART: usize = 12;

/// Of what is recalled for one more message, this part of the best hit's score is the least. With
/// a half, prompts of LoCoMo held 7 in a hundred fewer of the ten best turns for their message;
/// with all that fits, less than 85 % of them was a beginning of the prompt before.
const LEAST_SCORE: f32 = 0.35;

/// The budget of a prompt that others are to continue.
pub(crate) fn budget_anew(budget: TokenBudget) -> TokenBudget {
    let (part, whole) = ANEW_PART;
    TokenBudget::new((budget.tokens() as u128 * part as u128 / whole as u128) as usize)
}

/// Makes the prompt for the next message by adding to the one before, `previous`, whose last turn
/// is `last`; none if it has to be made anew: what was said since does not follow on it, or there
/// is no room for that and what is recalled.
///
/// Of the input, the system text, facts and summaries are those of the previous prompt, whatever
/// they are now; the budget is never exceeded.
pub(crate) fn continued(
    previous: &Context,
    last: TurnId,
    input: &AssembleInput<'_>,
    counter: &dyn TokenCounter,
) -> Option<Context> {
    let AssembleInput { message, budget, options, .. } = *input;
    let place = input.recent.iter().position(|turn| turn.id == last)?;
    let since = &input.recent[place + 1..];
    if since.first()?.role != Role::Assistant {
        return None;
    }
    let mut trace = earlier(previous);
    let added = budget.tokens() / ADDED_PART;
    let fixed = previous.tokens + MESSAGE_TOKENS + block_cost(message, counter) + added;
    let room = budget.after(fixed)?.tokens();
    let drafts = History::new(since, message, counter).follow(room, counter, &mut trace)?;

    let newest =
        standing(TraceKind::Message, message, "the newest message always goes in", counter);
    trace.push(TraceEntry { turn: input.message_turn, ..newest });
    // A turn that was shortened to what another message asked for may be wanted again.
    let there: HashSet<TurnId> = trace
        .iter()
        .filter(|entry| entry.included && !entry.shortened)
        .filter_map(|entry| entry.turn)
        .collect();
    let recollection = Recollection { message, now: input.now, options, counter };
    let likely = likely(input.recalled);
    let block = recollection.fill(likely, &there, added, &mut trace);

    let mut messages = previous.messages.clone();
    clear_marks(&mut messages);
    mark_cacheable(messages.last_mut().and_then(|message| message.content.last_mut()));
    let mut added_messages = written(drafts, message, block);
    clear_marks(&mut added_messages);
    messages.extend(added_messages);
    let mut context =
        Context { system: previous.system.clone(), messages, tokens: 0, budget, trace };
    context.tokens = context.count(counter);
    (context.tokens <= budget.tokens()).then_some(context)
}

/// The leading hits that are not much less likely to be of use than the best.
fn likely(recalled: &[Recalled]) -> &[Recalled] {
    let best = recalled.iter().map(|hit| hit.score).fold(0.0, f32::max);
    let end = recalled.iter().position(|hit| hit.score < best * LEAST_SCORE);
    &recalled[..end.unwrap_or(recalled.len())]
}

/// What the previous prompt holds; its newest message is one of the last turns now.
fn earlier(previous: &Context) -> Vec<TraceEntry> {
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
