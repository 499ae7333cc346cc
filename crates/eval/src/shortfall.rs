//! Where longmem finds less than plain ways of finding do.

use serde::Serialize;

use crate::metrics::Scores;
use crate::report::grouped;
use crate::statistics::{Interval, bootstrap};
use crate::{Level, Outcome, Run, Strategy};

/// Number of questions of the smallest category in which a lead of single questions says anything.
const ENOUGH_QUESTIONS: usize = 18;

/// Number of questions of the smallest group that can be below beyond chance: that all of six differ
/// in the same direction has a chance of 1 in 64, less than the 2.5 % that an interval leaves below.
const ENOUGH_FOR_CHANCE: usize = 6;

longmem_core::closed_words! {
    /// A number by which strategies are compared.
    pub enum Measure: "a measure" {
        /// The share of the evidence among the first ten.
        Recall10 = "r10",
        /// Normalised discounted cumulative gain of the first ten.
        Ndcg10 = "ndcg10",
        /// The share of the evidence in a prompt of 1,000 tokens.
        Context1000 = "b1000",
    }
}

impl Measure {
    /// Its value, 0 to 1, if it was measured.
    pub fn of(self, scores: &Scores) -> Option<f64> {
        match self {
            Self::Recall10 => scores.recall(10),
            Self::Ndcg10 => Some(scores.ndcg_10),
            Self::Context1000 => scores.context(1_000),
        }
    }
}

/// A group of questions in which longmem is below the best of its [peers](Strategy::PEERS): beyond what
/// chance allows, or by more than one question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shortfall {
    /// The group.
    pub group: String,
    /// Whether turns or sessions are judged.
    pub level: Level,
    /// The number that is compared.
    pub measure: Measure,
    /// The peer that is best there.
    pub peer: Strategy,
    /// Number of questions.
    pub questions: usize,
    /// The mean difference to the peer, below 0.
    pub difference: f64,
    /// The range of it that chance allows, from the differences of single questions.
    pub interval: Interval,
    /// Whether the whole range is below 0, in a group of six questions or more.
    pub beyond_chance: bool,
    /// Whether the differences of all questions of a category of 18 questions or more add up to less
    /// than −1.
    pub more_than_one_question: bool,
}

/// Compares longmem with the best of its peers in every group. None if it or all of them were not
/// asked.
pub(crate) fn shortfalls(run: &Run) -> Option<Vec<Shortfall>> {
    let is_asked = |strategy| run.outcomes.iter().any(|outcome| outcome.by(strategy).is_some());
    if !is_asked(Strategy::Default) || !Strategy::PEERS.into_iter().any(is_asked) {
        return None;
    }
    let mut found = Vec::new();
    for (place, (group, outcomes)) in grouped(run).into_iter().enumerate() {
        for level in levels(&outcomes) {
            let differences = |measure| differences(&outcomes, level, measure);
            for &measure in Measure::ALL {
                let Some((peer, differences)) = differences(measure) else { continue };
                // The first group holds all questions, and is no category.
                let is_category = place > 0 && differences.len() >= ENOUGH_QUESTIONS;
                found.extend(shortfall(group, (level, measure, peer), &differences, is_category));
            }
        }
    }
    Some(found)
}

/// The levels at which questions are judged: by turn; by session if some evidence names no turn.
fn levels(outcomes: &[&Outcome]) -> impl Iterator<Item = Level> {
    let judged = |level: Level| {
        let own = outcomes.iter().filter_map(|outcome| outcome.by(Strategy::Default));
        own.filter(|found| found.at(level).is_some()).count()
    };
    let (turn, session) = (judged(Level::Turn), judged(Level::Session));
    let by_turn = (turn > 0).then_some(Level::Turn);
    by_turn.into_iter().chain((session > turn).then_some(Level::Session))
}

/// The peer with the greatest mean, and the difference to it in each question.
fn differences(
    outcomes: &[&Outcome],
    level: Level,
    measure: Measure,
) -> Option<(Strategy, Vec<f64>)> {
    let values = |strategy| -> Option<Vec<f64>> {
        let scores = outcomes.iter().filter_map(|outcome| outcome.by(strategy)?.at(level));
        scores.map(|scores| measure.of(scores)).collect()
    };
    let own = values(Strategy::Default)?;
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    let mut best: Option<(Strategy, Vec<f64>)> = None;
    for peer in Strategy::PEERS {
        let Some(values) = values(peer).filter(|values| values.len() == own.len()) else {
            continue;
        };
        if best.as_ref().is_none_or(|(_, best)| sum(&values) > sum(best)) {
            best = Some((peer, values));
        }
    }
    let (peer, of_peer) = best?;
    Some((peer, own.iter().zip(of_peer).map(|(own, peer)| own - peer).collect()))
}

fn shortfall(
    group: &str,
    (level, measure, peer): (Level, Measure, Strategy),
    differences: &[f64],
    is_category: bool,
) -> Option<Shortfall> {
    let interval = bootstrap(differences)?;
    let sum: f64 = differences.iter().sum();
    let beyond_chance = differences.len() >= ENOUGH_FOR_CHANCE && interval.high < 0.0;
    // Sums of exact fractions are not exact.
    let more_than_one_question = is_category && sum < -1.0 - 1e-9;
    (beyond_chance || more_than_one_question).then(|| Shortfall {
        group: group.to_owned(),
        level,
        measure,
        peer,
        questions: differences.len(),
        difference: (sum / differences.len() as f64 * 1e6).round() / 1e6,
        interval,
        beyond_chance,
        more_than_one_question,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(differences: &[f64], is_category: bool) -> Option<(bool, bool)> {
        let what = (Level::Turn, Measure::Recall10, Strategy::Dense);
        let shortfall = shortfall("g", what, differences, is_category)?;
        Some((shortfall.beyond_chance, shortfall.more_than_one_question))
    }

    #[test]
    fn chance_and_single_questions_are_judged_apart() {
        let mut differences = vec![0.0; 40];
        assert_eq!(found(&differences, true), None);
        // Two lost and one won: one question less, which may be chance.
        (differences[0], differences[1], differences[2]) = (-1.0, -1.0, 1.0);
        assert_eq!(found(&differences, true), None);
        differences[3] = -0.5;
        assert_eq!(found(&differences, true), Some((false, true)));
        assert_eq!(found(&differences, false), None);
        let all_below = [-0.1; 12];
        assert_eq!(found(&all_below, false), Some((true, false)));
        assert_eq!(found(&all_below[..5], false), None, "five may all be below by chance");
        assert_eq!(found(&[], true), None);
    }
}
