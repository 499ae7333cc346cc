//! Which turns a prompt of a given size holds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use longmem_chat::{AssembleInput, TokenBudget, TraceKind, assemble};
use longmem_core::{Recalled, TokenCounter, TurnId};

/// The turns that go in, neighbours included, when a prompt of at most so many tokens is made of
/// nothing but the question and what was recalled for it.
///
/// The question and the frame around what is recalled take their part of the budget. A question
/// that is too long for the budget leaves room for nothing.
pub(crate) fn turns_in_context(
    question: &str,
    now: Timestamp,
    recalled: &[Recalled],
    tokens: usize,
    counter: &dyn TokenCounter,
) -> BTreeSet<TurnId> {
    let mut input = AssembleInput::new(question, now, TokenBudget::new(tokens));
    input.recalled = recalled;
    let Ok(context) = assemble(&input, counter) else { return BTreeSet::new() };
    context
        .trace
        .iter()
        .filter(|entry| entry.included && entry.kind == TraceKind::Recalled)
        .filter_map(|entry| entry.turn)
        .collect()
}
