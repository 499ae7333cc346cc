//! The weights of the ranking, by conditional logistic regression.

use std::collections::HashMap;

use longmem_memory::{RankingParameters, Signals};

use super::asked::Asked;
use super::linear::{add_outer, diagonal, dot, solved};

/// Weights: meaning, words, coverage, speaker, date, when, question, shortness, session.
const WEIGHTS: usize = 9;

/// Where the search begins: meaning weighs most.
const START: [f64; WEIGHTS] = [4.0, 2.0, 2.0, 1.5, 1.5, 1.5, 0.5, 0.5, 1.5];

/// Steps of Newton's method. The session's best is that of the weights before, so it takes some
/// until both agree.
const STEPS: usize = 8;

/// Pulls weights towards 0: as one question would that says the weight is 0 ± 1.
const RIDGE: f64 = 1.0;

/// LoCoMo's adversarial questions name the wrong speaker on purpose, which people do seldom: at
/// full weight they would all but switch off the speaker's boost.
const ADVERSARIAL_WEIGHT: f64 = 0.2;

/// Parameters are rounded to this: more would be chance.
const GRAIN: f64 = 0.05;

/// Finds the weights under which the evidence of these questions is most likely to be drawn from
/// among their candidates, each with the chance exp(score) / Σ exp(score): `McFadden`'s conditional
/// logit (1974), which learning to rank knows as `ListNet` (Cao and others 2007). Then all are
/// divided by the weight of meaning.
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

/// What each weight is multiplied with, for each candidate.
fn rows(candidates: &[Signals], weights: &[f64; WEIGHTS]) -> Vec<[f64; WEIGHTS]> {
    let yes = |holds: bool| if holds { 1.0 } else { 0.0 };
    let mut rows: Vec<[f64; WEIGHTS]> = candidates
        .iter()
        .map(|signals| {
            [
                signals.dense.into(),
                signals.lexical.into(),
                signals.coverage.into(),
                yes(signals.by_whom_asked),
                yes(signals.on_day),
                yes(signals.tells_when),
                -yes(signals.only_asks),
                -f64::from(signals.shortness),
                0.0,
            ]
        })
        .collect();
    let mut best: HashMap<longmem_memory::SessionNumber, f64> = HashMap::new();
    for (row, signals) in rows.iter().zip(candidates) {
        // The last of the row is still 0.
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
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

fn parameters(weights: &[f64; WEIGHTS]) -> RankingParameters {
    let [dense, others @ ..] = weights;
    let rounded = others.map(|weight| {
        // Whole grains first: 7 · 0.05 is not 0.35 in floating point, but 7 / 20 is.
        ((weight / dense / GRAIN).round() / (1.0 / GRAIN).round()) as f32
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
                session: 1,
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
    fn a_signal_that_evidence_has_weighs_and_one_that_it_lacks_does_not() {
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
