//! The prompt that is handed to a language model.

mod assemble;
mod continued;
mod error;
mod fitting;
mod history;
mod input;
mod messages;
mod notes;
pub mod quoting;
mod recalled;
mod required;
mod shares;
mod tool_output;
mod trace;

#[cfg(test)]
mod long_turns;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use assemble::assemble;
pub(crate) use continued::{continued, fresh_budget};
pub use error::AssembleError;
pub(crate) use input::TurnRef;
pub use input::{AssembleInput, DatedText};
pub use messages::BROKEN_OFF;
pub(crate) use messages::{joined_answer, without_mark};
pub(crate) use quoting::{day, quoted, quoted_name, speaker};
pub(crate) use required::RequiredCosts;
pub use trace::{TraceEntry, TraceKind};

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{TokenCounter, closed_words};
use serde::{Deserialize, Serialize};

use self::messages::mark_cacheable;
use crate::TokenBudget;

/// Tokens of a message besides its text: its role and the marks around it. Chat templates spend 3 to
/// 5 tokens on that.
pub const MESSAGE_TOKENS: usize = 6;

/// Tokens of a block besides its text: the blank line that joins blocks where a server takes only
/// one text per message.
const BLOCK_TOKENS: usize = 1;

/// A prompt, ready to be sent, with the reasons for everything in it.
///
/// Its JSON is what `longmem context --json` prints: `system` and `messages` are in the shape of
/// the Anthropic Messages API and can be sent as they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Context {
    /// What stays the same from prompt to prompt: the persona, facts, summaries.
    pub system: Vec<TextBlock>,
    /// The conversation: alternating roles, the user first and last. Recalled turns are the last
    /// block of the message that they were recalled for: of the last one, and in a prompt that
    /// continues another also of earlier ones.
    pub messages: Vec<Message>,
    /// What system and messages cost together.
    pub tokens: usize,
    /// What they could have cost.
    pub budget: TokenBudget,
    /// What went in, what was left out and why.
    pub trace: Vec<TraceEntry>,
}

impl Context {
    /// What the included parts of one kind cost, without the frames and messages around them.
    pub fn tokens_of(&self, kind: TraceKind) -> usize {
        self.trace.iter().filter(|e| e.kind == kind && e.included).map(|e| e.tokens).sum()
    }

    /// The same with a cache mark on the newest message, for the next prompt to continue it.
    pub(crate) fn marked_for_continuing(mut self) -> Self {
        mark_cacheable(self.messages.last_mut().and_then(|message| message.content.last_mut()));
        self
    }

    /// The same with its tokens counted.
    fn counted(self, counter: &dyn TokenCounter) -> Self {
        Self { tokens: self.count(counter), ..self }
    }

    /// Counts what would be sent, block by block: each text, 1 token for each block and
    /// [`MESSAGE_TOKENS`] for each message; the system blocks together are one message.
    pub fn count(&self, counter: &dyn TokenCounter) -> usize {
        self.tokens_around_texts() + self.blocks().map(|b| counter.count(&b.text)).sum::<usize>()
    }

    /// The part of [`Context::count`] that no counter counts.
    pub(crate) fn tokens_around_texts(&self) -> usize {
        let messages = self.messages.len() + usize::from(!self.system.is_empty());
        messages * MESSAGE_TOKENS + self.blocks().count() * BLOCK_TOKENS
    }

    fn blocks(&self) -> impl Iterator<Item = &TextBlock> {
        self.messages.iter().flat_map(|message| &message.content).chain(&self.system)
    }
}

/// What a block with this text costs.
fn block_cost(text: &str, counter: &dyn TokenCounter) -> usize {
    BLOCK_TOKENS + counter.count(text)
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Who speaks.
    pub role: MessageRole,
    /// What is said: at least one block.
    pub content: Vec<TextBlock>,
}

closed_words! {
    /// Who speaks in a message of a prompt; instructions are apart from the messages.
    pub enum MessageRole: "a role of a message" {
        /// The person.
        User = "user",
        /// The language model.
        Assistant = "assistant",
    }
}

/// A piece of text in a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename = "text")]
pub struct TextBlock {
    /// The text, never empty.
    pub text: String,
    /// Set where everything up to here is likely to stand in the next prompt too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
}

impl TextBlock {
    /// Makes a block without a cache mark.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), cache_control: None }
    }
}

/// Asks the provider to keep the prompt up to here for the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum CacheControl {
    /// Kept for some minutes after its last use.
    Ephemeral,
}
