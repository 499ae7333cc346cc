//! What must go into a prompt.

use longmem_core::TokenCounter;

use super::{AssembleError, AssembleInput, MESSAGE_TOKENS, block_cost};

/// Tokens of the two parts that must go into a prompt.
pub(crate) struct RequiredCosts {
    /// The system text; 0 without one.
    pub(super) system: usize,
    /// The newest message.
    pub(super) message: usize,
}

impl RequiredCosts {
    /// Counts what must go in.
    ///
    /// # Errors
    /// [`AssembleError`] if the message is empty, or both together exceed the budget.
    pub(crate) fn count(
        input: &AssembleInput<'_>,
        counter: &dyn TokenCounter,
    ) -> Result<Self, AssembleError> {
        let AssembleInput { message, budget, .. } = *input;
        if message.trim().is_empty() {
            return Err(AssembleError::EmptyMessage);
        }
        // Each is a message of its own: all system blocks together count as one.
        let message_cost = |text| MESSAGE_TOKENS + block_cost(text, counter);
        let system = input.system_text().map_or(0, message_cost);
        let message = message_cost(message);
        if system.saturating_add(message) > budget.tokens() {
            return Err(AssembleError::TooLong { message, system, budget });
        }
        Ok(Self { system, message })
    }

    /// Tokens of the smallest prompt.
    pub(crate) fn total(&self) -> usize {
        self.system.saturating_add(self.message)
    }
}
