//! The chance that a turn is evidence, and the threshold below which nothing is recalled.

use longmem_memory::{RankingParameters, RelevanceWeights};

use super::asked::Asked;
use super::linear::{add_outer, diagonal, dot, solved};
use super::quality::order;

/// Number of a question's best turns that the regression learns from.
const LEARNED_TURNS: usize = 20;

/// Number of steps of Newton's method; it converges in about eight.
const STEPS: usize = 25;

/// Thresholds that are tried.
const THRESHOLDS: [f32; 10] = [0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1];

/// Share of the answers that a harmless threshold loses, at most.
const MAX_LOSS: f64 = 1.0 / 200.0;

/// The best turns of one question.
pub(super) struct BestTurns {
    pub(super) conversation: usize,
    answerable: bool,
    /// Cosine, coverage and being a note (1 or 0) of each turn, and whether it is evidence.
    turns: Vec<([f64; 3], bool)>,
}

/// What a threshold does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ThresholdRow {
    pub(super) threshold: f32,
    /// Questions with an answer.
    pub(super) answerable: usize,
    /// Those of them for which nothing would be recalled.
    pub(super) wrongly_nothing: usize,
    /// Questions without an answer.
    pub(super) unanswerable: usize,
    /// Those of them for which nothing would be recalled.
    pub(super) rightly_nothing: usize,
}

impl ThresholdRow {
    /// A row for each threshold, without questions.
    pub(super) fn all() -> Vec<Self> {
        let row = |threshold| Self {
            threshold,
            answerable: 0,
            wrongly_nothing: 0,
            unanswerable: 0,
            rightly_nothing: 0,
        };
        THRESHOLDS.map(row).to_vec()
    }

    /// Adds questions to the counts.
    pub(super) fn count<'a>(
        rows: &mut [Self],
        weights: &RelevanceWeights,
        questions: impl Iterator<Item = &'a BestTurns>,
    ) {
        for question in questions {
            let chances = question.turns.iter().map(|([cosine, coverage, note], _)| {
                weights.chance(Some(*cosine as f32), *coverage as f32, *note > 0.0)
            });
            let best = chances.fold(0.0, f32::max);
            for row in rows.iter_mut() {
                let nothing = usize::from(best < row.threshold);
                if question.answerable {
                    row.answerable += 1;
                    row.wrongly_nothing += nothing;
                } else {
                    row.unanswerable += 1;
                    row.rightly_nothing += nothing;
                }
            }
        }
    }

    /// The greatest threshold that loses at most 1 in 200 answers; 0 if there is none.
    pub(super) fn greatest_harmless(rows: &[Self]) -> f32 {
        let harmless = |row: &&Self| row.wrongly_nothing as f64 <= MAX_LOSS * row.answerable as f64;
        rows.iter().filter(harmless).map(|row| row.threshold).fold(0.0, f32::max)
    }
}

impl BestTurns {
    /// The best turns of a question, as the parameters order them. Turns without a vector are left out.
    pub(super) fn of(asked: &Asked, ranking: &RankingParameters) -> Self {
        let best = order(ranking, asked).into_iter().take(LEARNED_TURNS);
        let turns = best.filter_map(|place| {
            let signals = &asked.signals[place];
            let note = f64::from(u8::from(signals.note));
            let numbers = [f64::from(signals.cosine?), f64::from(signals.coverage), note];
            Some((numbers, asked.turns[place].is_evidence))
        });
        let answerable = asked.answerable;
        Self { conversation: asked.conversation, answerable, turns: turns.collect() }
    }
}

/// Logistic regression by Newton's method (iteratively reweighted least squares).
pub(super) fn regression<'a>(questions: impl Iterator<Item = &'a BestTurns>) -> RelevanceWeights {
    let turns: Vec<([f64; 4], f64)> = questions
        .flat_map(|question| &question.turns)
        .map(|([cosine, coverage, note], evidence)| {
            ([1.0, *cosine, *coverage, *note], if *evidence { 1.0 } else { 0.0 })
        })
        .collect();
    let mut weights = [0.0; 4];
    for _ in 0..STEPS {
        let mut gradient = [0.0; 4];
        // A little on the diagonal keeps the equations solvable if a number is always the same.
        let mut curvature = diagonal(1e-6);
        for (numbers, evidence) in &turns {
            let chance = 1.0 / (1.0 + (-dot(&weights, numbers)).exp());
            for (slope, number) in gradient.iter_mut().zip(numbers) {
                *slope += (evidence - chance) * number;
            }
            add_outer(&mut curvature, numbers, chance * (1.0 - chance));
        }
        for (weight, step) in weights.iter_mut().zip(solved(curvature, gradient)) {
            *weight += step;
        }
    }
    let middling =
        turns.iter().map(|(numbers, _)| numbers[1]).sum::<f64>() / turns.len().max(1) as f64;
    let [intercept, cosine, coverage, note] =
        weights.map(|weight| ((weight * 10.0).round() / 10.0) as f32);
    let middling_cosine = ((middling * 100.0).round() / 100.0) as f32;
    RelevanceWeights { intercept, cosine, coverage, note, middling_cosine }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_evidence_depends_on_gets_the_weight() {
        let turns = (0..400).map(|n| {
            let (cosine, coverage) = (f64::from(n % 20) / 20.0, f64::from(n / 20) / 20.0);
            // One in ten is on the wrong side, so that no weight grows without bound.
            ([cosine, coverage, 0.0], (coverage > 0.5) != (n % 10 == 3))
        });
        let question = BestTurns { conversation: 0, answerable: true, turns: turns.collect() };
        let weights = regression([&question].into_iter());
        assert!(weights.coverage > 3.0, "{weights:?}");
        assert!(weights.cosine.abs() < 0.7, "{weights:?}");
        assert!((weights.middling_cosine - 0.48).abs() < 0.011, "{weights:?}");
    }

    #[test]
    fn the_greatest_threshold_that_loses_little_is_taken() {
        let row = |threshold, wrongly_nothing| ThresholdRow {
            threshold,
            answerable: 1_000,
            wrongly_nothing,
            unanswerable: 1_000,
            rightly_nothing: 500,
        };
        let rows = [row(0.01, 0), row(0.02, 5), row(0.03, 6)];
        let greatest = |rows: &[ThresholdRow]| ThresholdRow::greatest_harmless(rows).to_bits();
        assert_eq!(greatest(&rows), 0.02f32.to_bits());
        assert_eq!(greatest(&rows[2..]), 0.0f32.to_bits());
    }
}
