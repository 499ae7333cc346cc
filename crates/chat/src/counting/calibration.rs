//! What the answers of a model say about the estimate of its tokens.

use longmem_memory::{Memory, MemoryError};
use serde::{Deserialize, Serialize};

/// Begins the names of the store's values that hold calibrations: `tokens/SERVER/MODEL`.
const NAMES: &str = "tokens/";

/// Estimated tokens of the smallest prompt that is learned from: in a smaller one, what a server adds
/// of its own counts too much.
const LEAST_TOKENS: usize = 200;

/// The factors that are possible; a tokenizer that is farther from the estimate is not known.
const LEAST_FACTOR: f32 = 0.5;
const GREATEST_FACTOR: f32 = 2.0;

/// Number of answers that count alike; after them, each new one counts for one in so many.
const MEMORY_OF_ANSWERS: u32 = 5;

/// By what an estimate is multiplied to be what a model counts: the exponential mean of what its
/// answers said, from 0.5 to 2.
///
/// # Examples
/// ```
/// use longmem_chat::Calibration;
///
/// let mut calibration = Calibration::default();
/// assert_eq!(calibration.factor(), 1.0);
/// calibration.learn(1_000, 1_200);
/// assert_eq!(calibration.factor(), 1.2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    factor: f32,
    answers: u32,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { factor: 1.0, answers: 0 }
    }
}

impl Calibration {
    /// By what an estimate is multiplied.
    pub fn factor(self) -> f32 {
        self.factor
    }

    /// Number of answers that it was learned from.
    pub fn answers(self) -> u32 {
        self.answers
    }

    /// Learns from one prompt: how many tokens were estimated for its texts, and how many its model
    /// counted. A small prompt is passed over, and so is a count of less than half the estimate: then
    /// the server left out what it had in its cache, or cut the prompt. Returns whether it was learned
    /// from.
    pub fn learn(&mut self, estimated: usize, counted: usize) -> bool {
        if estimated < LEAST_TOKENS {
            return false;
        }
        let factor = counted as f32 / estimated as f32;
        if factor < LEAST_FACTOR {
            return false;
        }
        self.answers = self.answers.saturating_add(1);
        let weight = 1.0 / self.answers.min(MEMORY_OF_ANSWERS) as f32;
        self.factor += weight * (factor.min(GREATEST_FACTOR) - self.factor);
        true
    }

    /// Takes the exact count of a prompt, however small it is, in place of what was learned.
    pub(super) fn set(&mut self, estimated: usize, counted: usize) {
        let factor = counted as f32 / estimated.max(1) as f32;
        self.factor = factor.clamp(LEAST_FACTOR, GREATEST_FACTOR);
        self.answers = self.answers.max(1);
    }

    /// The estimate made right, rounded up.
    pub fn apply(self, estimated: usize) -> usize {
        if self.answers == 0 {
            return estimated;
        }
        (estimated as f64 * f64::from(self.factor)).ceil() as usize
    }

    /// Reads what [`Calibration::to_bytes`] wrote; none for anything else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        (LEAST_FACTOR..=GREATEST_FACTOR).contains(&read.factor).then_some(read)
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        serde_json::to_vec(&self).expect("two numbers are JSON")
    }
}

/// What was learned of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCalibration {
    /// The server's address and the model's name: `localhost:11434/llama3.2`.
    pub model: String,
    /// What was learned.
    pub calibration: Calibration,
}

/// Lists what was learned of models, by their names.
///
/// # Errors
/// [`MemoryError::Store`].
pub fn calibrations(memory: &Memory) -> Result<Vec<ModelCalibration>, MemoryError> {
    let mut calibrations = Vec::new();
    for name in memory.kept_names(None, NAMES)? {
        let bytes = memory.kept_value(None, &name)?;
        if let Some(calibration) = bytes.as_deref().and_then(Calibration::from_bytes) {
            let model = name[NAMES.len()..].to_owned();
            calibrations.push(ModelCalibration { model, calibration });
        }
    }
    Ok(calibrations)
}

/// The name under which a model's calibration is kept.
pub(super) fn name_of(server: &str, model: &str) -> String {
    format!("{NAMES}{server}/{model}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_newest_answers_count_most() {
        let mut calibration = Calibration::default();
        for _ in 0..20 {
            assert!(calibration.learn(1_000, 1_500));
        }
        assert!((calibration.factor() - 1.5).abs() < 1e-5);
        for _ in 0..20 {
            assert!(calibration.learn(1_000, 900));
        }
        assert!((calibration.factor() - 0.9).abs() < 0.01, "{}", calibration.factor());
        assert_eq!(calibration.apply(1_000), (1_000.0 * calibration.factor()).ceil() as usize);
    }

    #[test]
    fn what_cannot_be_the_whole_prompt_is_not_believed() {
        let mut calibration = Calibration::default();
        for (estimated, counted) in [(1_000, 0), (1_000, 499), (199, 300), (0, 7)] {
            assert!(!calibration.learn(estimated, counted));
        }
        assert_eq!(calibration, Calibration::default());
        assert!(calibration.learn(1_000, 9_000));
        assert!((calibration.factor() - 2.0).abs() < f32::EPSILON);
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else_is() {
        let mut calibration = Calibration::default();
        calibration.learn(1_000, 1_234);
        assert_eq!(Calibration::from_bytes(&calibration.to_bytes()), Some(calibration));
        for bytes in ["", "{}", r#"{"factor":9.0,"answers":1}"#, r#"{"factor":null,"answers":1}"#] {
            assert_eq!(Calibration::from_bytes(bytes.as_bytes()), None, "{bytes}");
        }
    }

    proptest! {
        #[test]
        fn a_factor_stays_in_its_bounds(
            answers in prop::collection::vec((0..100_000_usize, 0..1_000_000_usize), 0..30),
        ) {
            let mut calibration = Calibration::default();
            for (estimated, counted) in answers {
                calibration.learn(estimated, counted);
                prop_assert!((LEAST_FACTOR..=GREATEST_FACTOR).contains(&calibration.factor()));
            }
        }
    }
}
