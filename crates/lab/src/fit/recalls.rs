//! The recall of ranking parameters, computed from signals without asking the engine again.

use longmem_core::TurnId;
use longmem_memory::{RankingParameters, Signals};

use super::asked::Asked;

/// Numbers of results among which recall is measured.
const CUTS: [usize; 3] = [5, 10, 20];

/// Mean recall over some questions, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Recalls {
    /// Among the first 5, 10 and 20, over all questions.
    pub(super) all: [f64; 3],
    /// The same without LoCoMo's adversarial questions.
    pub(super) not_adversarial: [f64; 3],
    /// Number of questions: all, and without the adversarial ones.
    pub(super) questions: [usize; 2],
}

impl Recalls {
    /// Adds other sums.
    fn add(&mut self, other: &Self) {
        for cut in 0..CUTS.len() {
            self.all[cut] += other.all[cut];
            self.not_adversarial[cut] += other.not_adversarial[cut];
        }
        self.questions[0] += other.questions[0];
        self.questions[1] += other.questions[1];
    }

    /// The mean of several, weighted by their numbers of questions.
    pub(super) fn mean<'a>(several: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for recalls in several {
            sum.add(&recalls.scaled(|questions| questions as f64));
        }
        sum.scaled(|questions| 1.0 / questions.max(1) as f64)
    }

    fn scaled(&self, factor: impl Fn(usize) -> f64) -> Self {
        let [all, others] = self.questions;
        Self {
            all: self.all.map(|share| share * factor(all)),
            not_adversarial: self.not_adversarial.map(|share| share * factor(others)),
            questions: self.questions,
        }
    }
}

/// The recall of parameters over questions, given the candidates of each.
pub(super) fn recalls(
    questions: &[(&Asked, &[Signals])],
    parameters: &RankingParameters,
) -> Recalls {
    let mut sum = Recalls::default();
    for (asked, candidates) in questions {
        let shares = shares(asked, candidates, &parameters.scores(candidates));
        let (others, count) = if asked.adversarial { ([0.0; 3], 0) } else { (shares, 1) };
        sum.add(&Recalls { all: shares, not_adversarial: others, questions: [1, count] });
    }
    sum.scaled(|questions| 1.0 / questions.max(1) as f64)
}

/// The share of the evidence within each cut.
fn shares(asked: &Asked, candidates: &[Signals], scores: &[f32]) -> [f64; 3] {
    let mut found = [0.0; 3];
    for (own, own_score) in candidates.iter().zip(scores) {
        if asked.evidence.contains(&own.turn) {
            let better_ones = candidates
                .iter()
                .zip(scores)
                .filter(|(other, score)| is_before((**score, other.turn), (*own_score, own.turn)))
                .count();
            for (share, cut) in found.iter_mut().zip(CUTS) {
                *share += if better_ones < cut { 1.0 } else { 0.0 };
            }
        }
    }
    found.map(|count| count / asked.evidence.len() as f64)
}

/// Says whether the engine orders the first turn before the second.
fn is_before((score, turn): (f32, TurnId), (other_score, other): (f32, TurnId)) -> bool {
    score > other_score || score.total_cmp(&other_score).is_eq() && turn < other
}
