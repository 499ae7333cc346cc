//! How likely a turn is to be of use, and when nothing is.

use longmem_core::EmbeddingModel;

/// A recall whose best turn is less likely than this to be of use brings nothing: the greatest
/// threshold that loses at most 1 in 200 answers on LoCoMo, as `longmem-lab fit` finds it. A turn
/// too many costs less than a memory lost.
pub const DEFAULT_THRESHOLD: f32 = 0.005;

/// How likely a turn is to be evidence for a question: σ(intercept + cosine · its cosine + coverage ·
/// the part of the question's words that it and its neighbours hold).
///
/// They are fitted for one embedding model, by logistic regression on the best 20 turns of LoCoMo's
/// questions, whose evidence is known, and of as many questions about other conversations;
/// `longmem-lab fit` makes them.
///
/// # Examples
/// ```
/// use longmem_memory::RelevanceWeights;
///
/// let weights =
///     RelevanceWeights { intercept: -6.7, cosine: 5.7, coverage: 2.9, middling_cosine: 0.22 };
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

/// The weights of all-MiniLM-L6-v2.
const ALL_MINILM_L6_V2: RelevanceWeights =
    RelevanceWeights { intercept: -6.7, cosine: 5.7, coverage: 2.9, middling_cosine: 0.22 };

/// The models that weights were fitted for, by name.
const FITTED: &[(&str, RelevanceWeights)] =
    &[("sentence-transformers/all-MiniLM-L6-v2", ALL_MINILM_L6_V2)];

impl RelevanceWeights {
    /// The weights for a model's cosines. For a model that none were fitted for they are those of
    /// all-MiniLM-L6-v2, whose chances order such turns as well, but say less.
    pub fn of(model: &EmbeddingModel) -> Self {
        let fitted = FITTED.iter().find(|(name, _)| *name == model.name);
        fitted.map_or(ALL_MINILM_L6_V2, |(_, weights)| *weights)
    }

    /// The chance, 0 to 1.
    pub fn chance(&self, cosine: Option<f32>, coverage: f32) -> f32 {
        let cosine = cosine.unwrap_or(self.middling_cosine);
        let sum = self.intercept + self.cosine * cosine + self.coverage * coverage;
        1.0 / (1.0 + (-sum).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_shares_nothing_stays_below_the_threshold() {
        let chance = |cosine, coverage| ALL_MINILM_L6_V2.chance(Some(cosine), coverage);
        assert!(chance(0.05, 0.0) < DEFAULT_THRESHOLD);
        assert!(chance(0.5, 0.0) > DEFAULT_THRESHOLD);
        assert!(chance(0.3, 0.4) > chance(0.3, 0.2));
    }
}
