//! Which turns a prompt of a given size holds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use longmem_chat::{AssembleInput, TokenBudget, TraceKind, assemble};
use longmem_core::{Recalled, TokenCounter, TurnId};

/// The turns, neighbours included, that go into a prompt of at most `tokens` tokens which holds only
/// the question and what was recalled for it.
///
/// The question and the frame around the recalled turns take their part of the budget. A question
/// that exceeds the budget leaves no room for turns.
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

#[cfg(test)]
mod tests {
    use longmem_core::{EstimatedTokens, Explanation, Role, SessionName, Turn};

    use super::*;

    fn recalled(id: i64) -> Recalled {
        let turn = Turn {
            id: TurnId(id),
            session: SessionName::new("s").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            time: Timestamp::UNIX_EPOCH,
            text: "My cat Tofu hates every vet.".to_owned(),
            note: false,
        };
        let explanation = Explanation::default();
        Recalled { turn, score: 1.0, explanation, neighbours: Vec::new() }
    }

    #[test]
    fn what_exceeds_the_budget_is_left_out() {
        let recalled = [recalled(1), recalled(2)];
        let turns = |tokens| {
            let question = "Who hates the vet?";
            turns_in_context(question, Timestamp::UNIX_EPOCH, &recalled, tokens, &EstimatedTokens)
        };
        assert_eq!(turns(1_000), BTreeSet::from([TurnId(1), TurnId(2)]));
        assert_eq!(turns(60), BTreeSet::new(), "the frame leaves no room");
        assert_eq!(turns(1), BTreeSet::new(), "the question alone is too long");
    }
}
