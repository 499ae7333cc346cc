//! The weights of the ranking, by conditional logistic regression.

use std::collections::HashMap;

use longmem_memory::{RankingParameters, SessionNumber, Signals};

use super::asked::Asked;
use super::linear::{add_outer, diagonal, dot, solved};

/// Number of weights: meaning, words, coverage, speaker, date, when, question, shortness, session.
const WEIGHTS: usize = 9;

/// The weights that the search starts from: meaning weighs most.
const START: [f64; WEIGHTS] = [4.0, 2.0, 2.0, 1.5, 1.5, 1.5, 0.5, 0.5, 1.5];

/// Number of steps of Newton's method. The best turn of a session is found with the weights of the
/// step before, so it takes a few steps until both agree.
const STEPS: usize = 8;

/// How strongly weights are pulled towards 0: as by one question that says the weight is 0 ± 1.
const RIDGE: f64 = 1.0;

/// How much one of LoCoMo's adversarial questions counts. They name the wrong speaker on purpose,
/// which people seldom do; at full weight they would all but switch off the speaker's boost.
const ADVERSARIAL_WEIGHT: f64 = 0.2;

/// The step to which parameters are rounded; finer differences are chance.
const ROUNDING: f64 = 0.05;

/// Finds the weights under which the evidence of the questions is most likely to be drawn from their
/// candidates, if each candidate is drawn with the chance exp(score) / Σ exp(score). This is
/// `McFadden`'s conditional logit (1974), known in learning to rank as `ListNet` (Cao and others
/// 2007). The weights are then divided by the weight of meaning.
pub(super) fn regression(questions: &[(&Asked, &[Signals])]) -> RankingParameters {
    let mut weights = START;
    for _ in 0..STEPS {
        let mut gradient = weights.map(|weight| -RIDGE * weight);
        let mut curvature = diagonal(RIDGE);
        for (asked, candidates) in questions {
            let rows = rows(candidates, &weights);
            let chances = chances(&rows, &weights);
            let is_evidence = |signals: &Signals| asked.evidence.contains(&signals.turn);
            let found = candidates.iter().filter(|signals| is_evidence(signals)).count();
            if found == 0 {
                continue;
            }
            let importance = if asked.adversarial { ADVERSARIAL_WEIGHT } else { 1.0 };
            let mut mean = [0.0; WEIGHTS];
            for ((row, chance), signals) in rows.iter().zip(&chances).zip(*candidates) {
                let drawn = if is_evidence(signals) { 1.0 / found as f64 } else { 0.0 };
                for place in 0..WEIGHTS {
                    mean[place] += chance * row[place];
                    gradient[place] += importance * (drawn - chance) * row[place];
                }
                add_outer(&mut curvature, row, importance * chance);
            }
            add_outer(&mut curvature, &mean, -importance);
        }
        for (weight, step) in weights.iter_mut().zip(solved(curvature, gradient)) {
            *weight += step;
        }
    }
    parameters(&weights)
}

/// The numbers that the weights are multiplied with, a row for each candidate.
fn rows(candidates: &[Signals], weights: &[f64; WEIGHTS]) -> Vec<[f64; WEIGHTS]> {
    let one_if = |holds: bool| if holds { 1.0 } else { 0.0 };
    let mut rows: Vec<[f64; WEIGHTS]> = candidates
        .iter()
        .map(|signals| {
            [
                signals.dense.into(),
                signals.lexical.into(),
                signals.coverage.into(),
                one_if(signals.by_whom_asked),
                one_if(signals.on_day),
                one_if(signals.tells_when),
                -one_if(signals.only_asks),
                -f64::from(signals.shortness),
                0.0,
            ]
        })
        .collect();
    let mut best: HashMap<SessionNumber, f64> = HashMap::new();
    for (row, signals) in rows.iter().zip(candidates) {
        // The last number of the row is still 0, so this is the score without the session.
        let alone = dot(row, weights) / weights[0];
        best.entry(signals.session).and_modify(|best| *best = best.max(alone)).or_insert(alone);
    }
    for (row, signals) in rows.iter_mut().zip(candidates) {
        row[WEIGHTS - 1] = best[&signals.session];
    }
    rows
}

/// The chance of each candidate to be drawn.
fn chances(rows: &[[f64; WEIGHTS]], weights: &[f64; WEIGHTS]) -> Vec<f64> {
    let scores: Vec<f64> = rows.iter().map(|row| dot(row, weights)).collect();
    // Without the greatest score, exp() could overflow.
    let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = scores.iter().map(|score| (score - greatest).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

fn parameters(weights: &[f64; WEIGHTS]) -> RankingParameters {
    let [dense, others @ ..] = weights;
    let rounded = others.map(|weight| {
        // Divided by 20 instead of multiplied by 0.05: 7 · 0.05 is not 0.35 in floating point.
        ((weight / dense / ROUNDING).round() / (1.0 / ROUNDING).round()) as f32
    });
    let [lexical, coverage, speaker, date, when, question, shortness, session] = rounded;
    RankingParameters {
        lexical_weight: lexical,
        coverage_weight: coverage,
        speaker_boost: speaker,
        date_boost: date,
        when_boost: when,
        question_penalty: question,
        shortness_penalty: shortness,
        session_share: session,
        ..RankingParameters::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use longmem_core::{Scope, TurnId, UserName};
    use longmem_memory::RecallRequest;

    use super::*;

    /// Candidates of one session whose signals are made from their number.
    fn candidates(signal: impl Fn(i64, &mut Signals)) -> Vec<Signals> {
        let made = |turn| {
            let mut signals = Signals {
                turn: TurnId(turn),
                session: SessionNumber(1),
                cosine: None,
                dense: (turn * 7 % 10) as f32 / 10.0,
                lexical: (turn * 3 % 10) as f32 / 10.0,
                coverage: 0.0,
                by_whom_asked: false,
                on_day: false,
                tells_when: false,
                only_asks: false,
                printed_by_tool: false,
                shortness: 0.0,
            };
            signal(turn, &mut signals);
            signals
        };
        (0..10).map(made).collect()
    }

    fn asked(evidence: i64) -> Asked {
        Asked {
            conversation: 0,
            request: RecallRequest::new(Scope::of(UserName::new("ana").unwrap()), "?"),
            evidence: BTreeSet::from([TurnId(evidence)]),
            adversarial: false,
        }
    }

    #[test]
    fn a_signal_that_evidence_has_gets_weight_and_one_that_no_turn_has_gets_none() {
        let questions: Vec<(Asked, Vec<Signals>)> = (0..200)
            .map(|question| {
                // The nearest by meaning is evidence in half of the questions, and one by the right
                // speaker in the other half.
                let evidence = if question % 2 == 0 { 7 } else { question % 10 };
                let signal = |turn, signals: &mut Signals| {
                    signals.by_whom_asked = turn == evidence;
                    signals.only_asks = turn == (evidence + 3) % 10;
                };
                (asked(evidence), candidates(signal))
            })
            .collect();
        let questions: Vec<(&Asked, &[Signals])> =
            questions.iter().map(|(asked, signals)| (asked, signals.as_slice())).collect();
        let found = regression(&questions);
        assert!(found.speaker_boost > 0.5, "{found:?}");
        assert!(found.question_penalty > 0.0, "{found:?}");
        assert_eq!(found.date_boost.to_bits(), 0, "no turn has it: {found:?}");
    }
}
