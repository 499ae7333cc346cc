//! What a provider answers.

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What the model said, without what it thought before; empty if it refused at once.
    pub text: String,
    /// Whether the model thought before it answered, as far as its server shows that.
    pub thought: bool,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// What it cost.
    pub usage: Usage,
    /// The model that answered, as the provider names it.
    pub model: String,
}

/// Why an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The model had said what it wanted to say.
    EndTurn,
    /// The answer reached its `max_tokens` and is cut off.
    MaxTokens,
    /// The model refused, or a filter in front of it.
    Refusal {
        /// Why, if the provider says.
        explanation: Option<String>,
    },
    /// Prompt and answer together reached the end of the model's window; the answer is cut off.
    ContextWindowExceeded,
    /// Anything else, by the provider's name for it.
    Other(String),
}

impl StopReason {
    /// Reads a server's word for it; `explanation` is why the model refused, where that is known.
    pub(super) fn named(name: &str, explanation: Option<String>) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "stop" | "end_turn" | "stop_sequence" | "eos" | "eos_token" | "end" | "complete" => {
                Self::EndTurn
            }
            "length" | "max_tokens" | "max_output_tokens" | "max_length" => Self::MaxTokens,
            "refusal" | "content_filter" | "safety" => Self::Refusal { explanation },
            "model_context_window_exceeded" | "model_length" => Self::ContextWindowExceeded,
            _ => Self::Other(name.to_owned()),
        }
    }
}

/// What an answer cost, in the provider's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Prompt tokens that were neither read from a cache nor written to one.
    pub input: u64,
    /// Prompt tokens served from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a cache.
    pub cache_write: u64,
    /// Tokens of the answer.
    pub output: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
        self.output += other.output;
    }
}
