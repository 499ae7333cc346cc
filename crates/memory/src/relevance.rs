//! How likely a turn is to be of use, and when nothing is.

use longmem_core::EmbeddingModel;

use crate::Signals;

/// A recall for a person who asks brings nothing if its best result is less likely than this to be of
/// use. It leaves out only what shares neither meaning nor words: who asks wants to see what is
/// nearest, and is told how weak it is.
pub const DEFAULT_THRESHOLD: f32 = 0.001;

/// A recall for a prompt, which nobody asked for, brings nothing if its best result is less likely than
/// this to be of use: it loses some 3 of 100 answers, mostly of notes asked for in other words, and
/// keeps most questions about other people's affairs out (`longmem eval --nothing`).
pub const PROMPT_THRESHOLD: f32 = 0.015;

/// A request for what everybody could know ("explain recursion") brings nothing if its best result is less
/// likely than this to be of use.
pub(crate) const GENERAL_THRESHOLD: f32 = 0.1;

/// Below this chance hardly any result can be an answer, so that few are shown.
pub(crate) const NEAREST_BELOW: f32 = 0.005;

/// Below this score of the best result there is no answer, most likely, though the nearest there is. Of
/// questions whose answer is stored, 2 to 11 of 100 stay below it, and of those about other people's affairs
/// 74 to 82 (five talks of LoCoMo and six people's notes).
pub const UNSURE_SCORE: f32 = 0.1;

/// The same where only words were searched, which tells less: 1 to 18 of 100 stay below it, and 49 to 77.
pub(crate) const UNSURE_SCORE_BY_WORDS: f32 = 0.07;

/// Number of best results by which it is judged whether there is anything in memory.
pub(crate) const JUDGED_RESULTS: usize = 5;

/// How likely a turn is to be evidence for a question: σ(intercept + cosine · its cosine + coverage ·
/// the part of the question's words that it and its neighbours hold, + note if it is a note or a fact).
///
/// They are fitted for one embedding model, by logistic regression on the best 20 turns of LoCoMo's
/// questions, whose evidence is known, and of as many questions about other conversations;
/// `longmem-lab fit` makes them. What a note adds was found on notes: people ask for a note in other
/// words, and a short text has a lower cosine.
///
/// # Examples
/// ```
/// use longmem_memory::RelevanceWeights;
///
/// let weights = RelevanceWeights {
///     intercept: -6.7,
///     cosine: 5.7,
///     coverage: 2.9,
///     note: 0.8,
///     middling_cosine: 0.22,
/// };
/// assert!(weights.chance(Some(0.6), 0.8, false) > weights.chance(Some(0.2), 0.1, false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RelevanceWeights {
    /// What speaks for any turn; far below 0.
    pub intercept: f32,
    /// What a cosine of 1 adds.
    pub cosine: f32,
    /// What it adds to hold all of the question's words.
    pub coverage: f32,
    /// What it adds to be a note, or a fact.
    pub note: f32,
    /// What a turn without a vector counts as: the mean cosine of those that were fitted on.
    pub middling_cosine: f32,
}

/// The weights of all-MiniLM-L6-v2.
const ALL_MINILM_L6_V2: RelevanceWeights = RelevanceWeights {
    intercept: -6.7,
    cosine: 5.7,
    coverage: 2.9,
    note: 0.8,
    middling_cosine: 0.22,
};

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
    pub fn chance(&self, cosine: Option<f32>, coverage: f32, is_note: bool) -> f32 {
        let cosine = cosine.unwrap_or(self.middling_cosine);
        let note = if is_note { self.note } else { 0.0 };
        let sum = self.intercept + self.cosine * cosine + self.coverage * coverage + note;
        1.0 / (1.0 + (-sum).exp())
    }
}

/// How sure the place of a result is, for [`printed_score`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Its place among all results, from 1.
    pub(crate) place: usize,
    /// How much less it scored than the first.
    pub(crate) behind: f32,
    /// For the first, how much more it scored than the second; 0 for the others.
    pub(crate) lead: f32,
}

/// The score that is shown: how likely a result is to be evidence, 0 to 1. Unlike
/// [`RelevanceWeights::chance`] it knows the result's place, so that it is honest about the first; it is
/// no good at telling whether there is an answer at all. A logistic regression over four families of
/// questions, each judged by weights that had not seen it.
pub(crate) fn printed_score(signals: &Signals, standing: Standing) -> f32 {
    let cosine = signals.own_cosine.unwrap_or(MIDDLING_COSINE);
    let asked_about =
        signals.by_speaker + f32::from(u8::from(signals.by_user || signals.by_assistant));
    let sum = -4.1 + 3.5 * cosine + 1.1 * signals.coverage + 0.8 * signals.own_coverage
        - 0.2 * standing.behind
        - 0.9 * (standing.place as f32).ln()
        + 0.6 * asked_about
        + 2.6 * standing.lead
        + if signals.note { 1.2 } else { 0.0 };
    1.0 / (1.0 + (-sum).exp())
}

/// What a result without a vector counts as.
const MIDDLING_COSINE: f32 = 0.22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_shares_nothing_stays_below_the_threshold() {
        let chance = |cosine, coverage| ALL_MINILM_L6_V2.chance(Some(cosine), coverage, false);
        assert!(chance(-0.1, 0.0) < DEFAULT_THRESHOLD);
        assert!(chance(0.05, 0.0) < NEAREST_BELOW);
        assert!(chance(0.3, 0.0) < PROMPT_THRESHOLD);
        assert!(chance(0.5, 0.0) > PROMPT_THRESHOLD);
        assert!(chance(0.3, 0.4) > chance(0.3, 0.2));
    }
}
