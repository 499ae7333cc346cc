//! The weights of the ranking, found step by step from the shipped ones.

use longmem_memory::RankingParameters;

use super::asked::Asked;
use super::quality::Quality;

/// How far a weight moves at once; finer differences are chance.
const STEP: f32 = 0.05;

/// What each step of a weight away from the shipped one has to earn: a share of the evidence, as a
/// mean over the families. Less is chance.
const STEP_PRICE: f64 = 0.0005;

/// Number of rounds over all weights, at most.
const ROUNDS: usize = 20;

/// Numbers of steps that are tried from where a weight stands.
const TRIED_STEPS: [i16; 6] = [-4, -2, -1, 1, 2, 4];

/// A number of the ranking that a fit may change.
pub(super) struct Weight {
    /// A short name for tables.
    pub(super) name: &'static str,
    /// Finds it.
    of: fn(&mut RankingParameters) -> &mut f32,
}

impl Weight {
    /// Its value.
    pub(super) fn value(&self, parameters: &RankingParameters) -> f32 {
        *(self.of)(&mut parameters.clone())
    }
}

/// All of them.
pub(super) const WEIGHTS: [Weight; 13] = [
    Weight { name: "words", of: |p| &mut p.word_weight },
    Weight { name: "people", of: |p| &mut p.people_coverage_weight },
    Weight { name: "speaker", of: |p| &mut p.speaker_boost },
    Weight { name: "user", of: |p| &mut p.user_boost },
    Weight { name: "assistant", of: |p| &mut p.assistant_boost },
    Weight { name: "date", of: |p| &mut p.date_boost },
    Weight { name: "when", of: |p| &mut p.when_boost },
    Weight { name: "number", of: |p| &mut p.number_boost },
    Weight { name: "note", of: |p| &mut p.note_boost },
    Weight { name: "asks", of: |p| &mut p.question_penalty },
    Weight { name: "unanswered", of: |p| &mut p.unanswered_penalty },
    Weight { name: "tool", of: |p| &mut p.tool_penalty },
    Weight { name: "session", of: |p| &mut p.session_share },
];

/// Finds the weights, near the shipped ones, that find most of the evidence: the mean over families of
/// recall among the first ten and of the share in 1,000 tokens, so that a large family does not
/// outvote a small one.
///
/// One weight is moved at a time, always the move that earns most, as long as one earns more than it
/// costs ([`STEP_PRICE`]). Weights stay at 0 or above.
pub(super) fn fitted(questions: &[&Asked]) -> RankingParameters {
    let families = by_family(questions);
    let mut best = RankingParameters::default();
    let mut best_worth = worth(&best, &families);
    for _ in 0..ROUNDS {
        let before = best_worth;
        for weight in &WEIGHTS {
            for moved in moves(weight, &best) {
                let moved_worth = worth(&moved, &families);
                // Sums of shares are not exact.
                if moved_worth > best_worth + 1e-9 {
                    (best, best_worth) = (moved, moved_worth);
                }
            }
        }
        if best_worth <= before {
            break;
        }
    }
    best
}

/// The questions of each family that has any.
fn by_family<'a>(questions: &[&'a Asked]) -> Vec<Vec<&'a Asked>> {
    let count = questions.iter().map(|asked| asked.family + 1).max().unwrap_or(0);
    let mut families = vec![Vec::new(); count];
    for asked in questions {
        families[asked.family].push(*asked);
    }
    families.retain(|family| !family.is_empty());
    families
}

/// The mean quality over families less the price of the steps.
fn worth(parameters: &RankingParameters, families: &[Vec<&Asked>]) -> f64 {
    let qualities = families.iter().map(|family| Quality::of(parameters, family.clone()).mean());
    let mean = qualities.sum::<f64>() / families.len().max(1) as f64;
    let shipped = RankingParameters::default();
    let steps: f64 = WEIGHTS
        .iter()
        .map(|weight| {
            let distance = weight.value(parameters) - weight.value(&shipped);
            f64::from((distance / STEP).abs())
        })
        .sum();
    mean - STEP_PRICE * steps
}

/// The parameters with one weight moved by some steps, in each way.
fn moves(weight: &Weight, from: &RankingParameters) -> Vec<RankingParameters> {
    let moved = |steps: i16| {
        let mut parameters = *from;
        let value = (weight.of)(&mut parameters);
        // In whole steps, so that moving there and back ends at the same number.
        let steps = (*value / STEP).round() + f32::from(steps);
        *value = steps / (1.0 / STEP).round();
        (steps >= 0.0).then_some(parameters)
    };
    TRIED_STEPS.iter().filter_map(|steps| moved(*steps)).collect()
}

#[cfg(test)]
mod tests {
    use longmem_core::TurnId;
    use longmem_memory::{SessionNumber, Signals};

    use super::super::asked::CandidateTurn;
    use super::*;

    /// A question with 20 candidates, each in a session of its own, whose signals are made from their
    /// number.
    fn asked(family: usize, evidence: i64, signal: impl Fn(i64, &mut Signals)) -> Asked {
        let signals = |turn: i64| {
            let mut signals = Signals {
                meaning: 1.0 - turn as f32 / 20.0,
                ..Signals::none(TurnId(turn), SessionNumber(turn))
            };
            signal(turn, &mut signals);
            signals
        };
        let turn = |turn: i64| CandidateTurn { is_evidence: turn == evidence, tokens: 60 };
        Asked {
            conversation: family,
            family,
            answerable: true,
            evidence: 1,
            adversarial: false,
            room: 900,
            signals: (0..20).map(signals).collect(),
            turns: (0..20).map(turn).collect(),
        }
    }

    fn fitted_to(questions: &[Asked]) -> RankingParameters {
        fitted(&questions.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_weight_moves_only_if_it_earns_something() {
        let nothing = |_: i64, _: &mut Signals| {};
        let found = fitted_to(&[asked(0, 3, nothing), asked(0, 15, nothing)]);
        assert_eq!(found, RankingParameters::default());
        // Evidence far behind that is on the day asked about.
        let on_day = |turn: i64, signals: &mut Signals| signals.on_day = turn == 19;
        let found = fitted_to(&[asked(0, 19, on_day)]);
        assert!(found.date_boost > RankingParameters::default().date_boost, "{found:?}");
        assert_eq!(found.when_boost.to_bits(), RankingParameters::default().when_boost.to_bits());
    }

    #[test]
    fn a_large_family_does_not_outvote_a_small_one() {
        // Where the nearest ten say when, ten who do are in the way of what is asked for.
        let in_the_way = |turn: i64, signals: &mut Signals| signals.tells_when = turn >= 10;
        let wanted = |turn: i64, signals: &mut Signals| signals.tells_when = turn == 19;
        let mut questions: Vec<Asked> = (0..50).map(|_| asked(0, 5, in_the_way)).collect();
        questions.extend((0..2).map(|_| asked(1, 19, wanted)));
        let families: Vec<&Asked> = questions.iter().collect();
        let low = RankingParameters { when_boost: 0.0, ..RankingParameters::default() };
        let high = RankingParameters { when_boost: 1.0, ..RankingParameters::default() };
        let quality = |parameters: &RankingParameters, family: usize| {
            let of_family = families.iter().copied().filter(|asked| asked.family == family);
            Quality::of(parameters, of_family.collect::<Vec<_>>()).recall_10
        };
        assert!(quality(&low, 0) > quality(&high, 0));
        assert!(quality(&low, 1) < quality(&high, 1));
        let families = by_family(&families);
        let plain = |parameters: &RankingParameters| {
            families.iter().map(|f| Quality::of(parameters, f.clone()).recall_10).sum::<f64>()
        };
        assert!((plain(&low) - plain(&high)).abs() < 1e-9, "both families count alike");
    }
}
