//! Memory as the blocks of a prompt, within a number of characters.

use jiff::tz::TimeZone;
use longmem_chat::{AssembleInput, DatedText, MESSAGE_TOKENS, TokenBudget, assemble};
use longmem_core::{Recalled, Timestamp, TokenCounter};

use crate::activity::Brought;

/// Characters that are counted as one token, so that a budget of tokens is one of characters.
pub(crate) const CHARACTERS_PER_TOKEN: usize = 4;

/// The part of a budget that facts get, and as much again is for summaries: one in so many.
const PART_OF_NOTES: usize = 10;

/// Stands in the place of a message where only facts and summaries are wanted.
const NO_MESSAGE: &str = "-";

/// Counts characters, [`CHARACTERS_PER_TOKEN`] as a token, always rounded up: texts of so many tokens
/// together never have more characters.
struct Characters;

impl TokenCounter for Characters {
    fn count(&self, text: &str) -> usize {
        text.chars().count().div_ceil(CHARACTERS_PER_TOKEN)
    }

    fn describe(&self) -> String {
        "characters".to_owned()
    }
}

/// What a block is written for.
pub(super) struct Frame<'a> {
    pub(super) now: Timestamp,
    pub(super) time_zone: &'a TimeZone,
}

impl Frame<'_> {
    /// The blocks of facts and of summaries, each of at most `tokens`: wishes of the user's first.
    pub(super) fn notes(
        &self,
        wishes: &[DatedText],
        facts: &[DatedText],
        summaries: &[DatedText],
        tokens: usize,
    ) -> Vec<String> {
        let budget = TokenBudget::new(tokens * PART_OF_NOTES);
        let mut input = AssembleInput::new(NO_MESSAGE, self.now, budget);
        (input.wishes, input.facts, input.summaries) = (wishes, facts, summaries);
        input.time_zone = self.time_zone;
        // It fails only for an empty message and where the message does not fit.
        let context = assemble(&input, &Characters).ok();
        let system = context.into_iter().flat_map(|context| context.system);
        system.map(|block| block.text).collect()
    }

    /// The block of turns that were recalled for a message, of at most `tokens`, and which turns those are.
    pub(super) fn recalled(
        &self,
        recalled: &[Recalled],
        message: &str,
        tokens: usize,
    ) -> Option<(String, Brought)> {
        let around = Characters.count(message) + MESSAGE_TOKENS + 1;
        let mut input = AssembleInput::new(message, self.now, TokenBudget::new(tokens + around));
        (input.recalled, input.time_zone) = (recalled, self.time_zone);
        let mut context = assemble(&input, &Characters).ok()?;
        let brought = Brought::put_into(&context, message);
        let newest = context.messages.pop()?;
        // The message's own block comes first.
        newest.content.into_iter().nth(1).map(|block| (block.text, brought))
    }
}

/// How many tokens a text is counted as.
pub(crate) fn tokens(text: &str) -> usize {
    Characters.count(text)
}
