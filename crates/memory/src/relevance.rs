//! How likely a turn is to be of use, and when nothing is.

use longmem_core::Explanation;

/// A recall whose best turn is less likely than this to be of use brings nothing: the greatest
/// threshold that loses at most 1 in 200 answers on LoCoMo, as `longmem eval --fit` finds it. A turn
/// too many costs less than a memory lost.
pub const DEFAULT_THRESHOLD: f32 = 0.005;

/// How likely a turn is to be evidence for a question: σ(intercept + cosine · its cosine + coverage ·
/// the part of the question's words that it and its neighbours hold).
///
/// The default is a logistic regression on the best 20 turns of LoCoMo's questions, whose evidence
/// is known, and of as many questions about other conversations; `longmem eval --fit` makes it.
///
/// # Examples
/// ```
/// use longmem_memory::RelevanceWeights;
///
/// let weights = RelevanceWeights::default();
/// assert!(weights.chance(Some(0.6), 0.8) > weights.chance(Some(0.2), 0.1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RelevanceWeights {
    /// What speaks for any turn; far below 0.
    pub intercept: f32,
    /// What a cosine of 1 adds.
    pub cosine: f32,
    /// What it adds to hold all of the question's words.
    pub coverage: f32,
    /// What a turn without a vector counts as: the mean cosine of those that were fitted on.
    pub middling_cosine: f32,
}

impl Default for RelevanceWeights {
    fn default() -> Self {
        Self { intercept: -6.7, cosine: 5.7, coverage: 2.9, middling_cosine: 0.22 }
    }
}

impl RelevanceWeights {
    /// The chance, 0 to 1.
    pub fn chance(&self, cosine: Option<f32>, coverage: f32) -> f32 {
        let cosine = cosine.unwrap_or(self.middling_cosine);
        let sum = self.intercept + self.cosine * cosine + self.coverage * coverage;
        1.0 / (1.0 + (-sum).exp())
    }
}

/// The turn's chance of being evidence for the query, 0 to 1.
pub(crate) fn relevance(explanation: &Explanation) -> f32 {
    RelevanceWeights::default().chance(explanation.cosine, explanation.coverage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_likeness_is_more_relevant() {
        let scored = |cosine, coverage| {
            relevance(&Explanation { cosine: Some(cosine), coverage, ..Explanation::default() })
        };
        assert!(scored(0.05, 0.0) < DEFAULT_THRESHOLD);
        assert!(scored(0.5, 0.0) > DEFAULT_THRESHOLD);
        assert!(scored(0.3, 0.4) > scored(0.3, 0.2));
    }
}
