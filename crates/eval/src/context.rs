//! What a prompt of a given size holds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use longmem_chat::{AssembleInput, Context, TokenBudget, TraceKind, assemble};
use longmem_core::{RECALLED_MEMORY_TAG, Recalled, TokenCounter, TurnId};

use crate::PlainText;

/// What a prompt holds of what was recalled for it.
pub(crate) struct PromptContents {
    /// The most tokens that it may have.
    pub(crate) tokens: usize,
    /// The turns in it, neighbours included.
    pub(crate) turns: BTreeSet<TurnId>,
    /// Those of them of which it quotes only a part.
    pub(crate) shortened: BTreeSet<TurnId>,
    /// All its quotes.
    pub(crate) quotes: PlainText,
}

impl PromptContents {
    /// Makes a prompt of at most `tokens` tokens which holds only the message and what was recalled
    /// for it.
    ///
    /// The message and the frame around the recalled turns take their part of the budget. A message
    /// that exceeds the budget leaves no room for turns.
    pub(crate) fn of(
        message: &str,
        now: Timestamp,
        recalled: &[Recalled],
        tokens: usize,
        counter: &dyn TokenCounter,
    ) -> Self {
        let mut input = AssembleInput::new(message, now, TokenBudget::new(tokens));
        input.recalled = recalled;
        let Ok(context) = assemble(&input, counter) else {
            let (turns, shortened) = (BTreeSet::new(), BTreeSet::new());
            return Self { tokens, turns, shortened, quotes: PlainText::of("") };
        };
        let included = || {
            let entries = context.trace.iter();
            entries.filter(|entry| entry.included && entry.kind == TraceKind::Recalled)
        };
        Self {
            tokens,
            turns: included().filter_map(|entry| entry.turn).collect(),
            shortened: included()
                .filter(|entry| entry.shortened)
                .filter_map(|entry| entry.turn)
                .collect(),
            quotes: PlainText::of(&quotes(&context)),
        }
    }
}

/// The blocks of quotes in a prompt, as they were before they were made safe to stand there.
fn quotes(context: &Context) -> String {
    let opening_tag = format!("<{RECALLED_MEMORY_TAG}");
    let blocks = context.messages.iter().flat_map(|message| &message.content);
    let quotes = blocks.map(|block| block.text.as_str()).filter(|t| t.starts_with(&opening_tag));
    quotes.collect::<Vec<_>>().join("\n").replace("&lt;", "<")
}

#[cfg(test)]
mod tests {
    use longmem_core::{EstimatedTokens, Role, SessionName, Turn};

    use super::*;

    fn recalled(id: i64, text: &str) -> Recalled {
        let turn = Turn {
            id: TurnId(id),
            session: SessionName::new("s").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            time: Timestamp::UNIX_EPOCH,
            text: text.to_owned(),
            note: false,
        };
        Recalled::new(turn, 1.0)
    }

    fn contents(recalled: &[Recalled], tokens: usize) -> PromptContents {
        let (question, now) = ("Who hates the vet?", Timestamp::UNIX_EPOCH);
        PromptContents::of(question, now, recalled, tokens, &EstimatedTokens)
    }

    #[test]
    fn what_exceeds_the_budget_is_left_out() {
        let recalled = [
            recalled(1, "My cat Tofu hates every vet."),
            recalled(2, "The dog hates one vet only."),
        ];
        let turns = |tokens| contents(&recalled, tokens).turns;
        assert_eq!(turns(1_000), BTreeSet::from([TurnId(1), TurnId(2)]));
        assert_eq!(turns(60), BTreeSet::new(), "the frame leaves no room");
        assert_eq!(turns(1), BTreeSet::new(), "the question alone is too long");
    }

    #[test]
    fn the_quotes_are_what_the_prompt_holds_of_a_long_turn() {
        let filler = "It rained a lot on that day, and nobody came. ".repeat(200);
        let text = format!("{filler}My cat <Tofu> hates every vet. {filler}");
        let contents = contents(&[recalled(1, &text)], 1_000);
        assert_eq!(contents.shortened, BTreeSet::from([TurnId(1)]));
        assert!(contents.quotes.holds(&PlainText::of("My cat <Tofu> hates every vet")));
        assert!(!contents.quotes.holds(&PlainText::of("Who hates the vet?")));
        assert!(!contents.quotes.holds(&PlainText::of(&text)));
    }
}
