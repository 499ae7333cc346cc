//! A counter that learns from what answers cost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::TokenCounter;
use longmem_memory::{Memory, MemoryError};

use super::calibration::{Calibration, name_of};
use crate::{Completion, Context, Usage};

/// An estimate that is corrected by what a model's answers say that their prompts cost. What is
/// learned is kept in the store, for all users, under the server's and the model's name.
pub struct CalibratedTokens {
    estimate: Arc<dyn TokenCounter>,
    model: String,
    /// Whether other models may answer, by whose answers nothing is learned of this one.
    has_fallbacks: bool,
    /// The name under which the calibration is kept.
    name: String,
    calibration: Mutex<Calibration>,
}

impl CalibratedTokens {
    /// Corrects an estimate for a model of a server, which is named by its address:
    /// "localhost:11434".
    pub fn new(estimate: Arc<dyn TokenCounter>, server: &str, model: &str) -> Self {
        let (name, model) = (name_of(server, model), model.to_owned());
        Self { estimate, model, has_fallbacks: false, name, calibration: Mutex::default() }
    }

    /// Learns only from answers that bear the model's own name, since others may answer too.
    #[must_use]
    pub fn with_fallbacks(self) -> Self {
        Self { has_fallbacks: true, ..self }
    }

    /// What was learned so far.
    pub fn calibration(&self) -> Calibration {
        *self.state()
    }

    /// Reads what was learned before, also by other processes.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn read(&self, memory: &Memory) -> Result<(), MemoryError> {
        let kept = memory.kept_value(None, &self.name)?;
        if let Some(calibration) = kept.as_deref().and_then(Calibration::from_bytes) {
            *self.state() = calibration;
        }
        Ok(())
    }

    /// Keeps what was learned.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn keep(&self, memory: &Memory) -> Result<(), MemoryError> {
        memory.keep_value(None, &self.name, Some(&self.calibration().to_bytes()))
    }

    /// Learns from an answer to a prompt; returns whether it did.
    pub fn learn(&self, prompt: &Context, answer: &Completion) -> bool {
        if self.has_fallbacks && !answer.model.starts_with(&self.model) {
            return false;
        }
        let Usage { input, cache_read, cache_write, .. } = answer.usage;
        let counted = input + cache_read + cache_write;
        let counted = usize::try_from(counted).unwrap_or(usize::MAX);
        let (estimated, counted) = self.of_texts(prompt, counted);
        self.state().learn(estimated, counted)
    }

    /// Takes the count of a prompt for the next one, whatever was learned before.
    pub(crate) fn take_count(&self, prompt: &Context, counted: usize) {
        let (estimated, counted) = self.of_texts(prompt, counted);
        self.state().set(estimated, counted);
    }

    /// The estimated and the counted tokens of a prompt's texts, without what stands around them: that
    /// is not estimated.
    fn of_texts(&self, prompt: &Context, counted: usize) -> (usize, usize) {
        let around = prompt.tokens_around_texts();
        (prompt.count(&*self.estimate) - around, counted.saturating_sub(around))
    }

    fn state(&self) -> MutexGuard<'_, Calibration> {
        self.calibration.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenCounter for CalibratedTokens {
    fn count(&self, text: &str) -> usize {
        self.calibration().apply(self.estimate.count(text))
    }

    fn describe(&self) -> String {
        let (estimate, calibration) = (self.estimate.describe(), self.calibration());
        match calibration.answers() {
            0 => estimate,
            answers => format!(
                "{estimate}; times {:.2}, as {answers} {} said",
                calibration.factor(),
                if answers == 1 { "answer" } else { "answers" }
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::EstimatedTokens;

    use super::*;
    use crate::{AssembleInput, StopReason, TokenBudget, assemble};

    #[test]
    fn after_one_answer_the_same_prompt_counts_what_it_cost() {
        let counter = CalibratedTokens::new(Arc::new(EstimatedTokens), "here", "model");
        let message = "The gateway listens on port 7443, and nobody knows why. ".repeat(40);
        let now = "2026-03-02T10:00:00Z".parse().unwrap();
        let input = AssembleInput::new(&message, now, TokenBudget::new(4_000));
        let prompt = assemble(&input, &counter).unwrap();
        let cost = prompt.tokens as u64 * 13 / 10;
        // Most of it comes from the provider's cache.
        let usage = Usage { input: 10, cache_read: cost - 10, ..Usage::default() };
        assert!(counter.learn(&prompt, &answer("model", usage)));
        let again = assemble(&input, &counter).unwrap();
        assert!(again.tokens.abs_diff(cost as usize) <= 1, "{} and {cost}", again.tokens);
        assert!(counter.describe().ends_with("as 1 answer said"), "{}", counter.describe());
        let silent = answer("model", Usage::default());
        assert!(!counter.learn(&prompt, &silent), "a server that says nothing");
    }

    #[test]
    fn the_answers_of_fallbacks_say_nothing_of_the_model() {
        let counter = || CalibratedTokens::new(Arc::new(EstimatedTokens), "here", "large");
        let message = "The gateway listens on port 7443, and nobody knows why. ".repeat(40);
        let now = "2026-03-02T10:00:00Z".parse().unwrap();
        let input = AssembleInput::new(&message, now, TokenBudget::new(4_000));
        let prompt = assemble(&input, &counter()).unwrap();
        let usage = Usage { input: prompt.tokens as u64, ..Usage::default() };
        for (name, learned) in [("large", true), ("large-2026-03", true), ("small", false)] {
            let counter = counter().with_fallbacks();
            assert_eq!(counter.learn(&prompt, &answer(name, usage)), learned, "{name}");
        }
        // A server of one model may call it by the name of its file.
        assert!(counter().learn(&prompt, &answer("/models/large.gguf", usage)));
    }

    fn answer(model: &str, usage: Usage) -> Completion {
        Completion {
            text: "Yes.".to_owned(),
            thought: false,
            stop_reason: StopReason::EndTurn,
            usage,
            model: model.to_owned(),
        }
    }
}
