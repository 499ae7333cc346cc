//! Joins what was found by meaning and by words into one order.

use std::collections::HashMap;

use longmem_core::{Adjustment, Explanation, Turn, TurnId};
use longmem_search::{DenseParameters, LexicalParameters, SessionNumber};

use crate::signals::{Signalled, Signals};

/// How candidates are scored and ordered.
///
/// score = minmax(cosine) + `lexical_weight` · bm25 / max(bm25) + `coverage_weight` · coverage + what
/// else speaks for or against the turn ([`Signals`]), and then + `session_share` · the best score of
/// the session.
///
/// The weights are what `longmem-lab fit` finds on five LoCoMo conversations, where each of them
/// is judged by weights that were found on the other four; from fold to fold they hardly differ. Two
/// are held lower than it finds (0.2 and 0.45), which costs nothing there: `shortness_penalty` and
/// `session_share` speak of people who chat, and a short note that stands alone suffers from them.
/// How the channels are scored comes from experiments before this engine was written, where halving or
/// doubling a number alone moved recall@10 by at most about a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankingParameters {
    /// How a turn's cosine is taken together with its neighbours'.
    pub dense: DenseParameters,
    /// How words are scored.
    pub lexical: LexicalParameters,
    /// How many of its best each channel brings.
    pub per_channel: usize,
    /// What words weigh against meaning, after both are scaled to 0–1.
    pub lexical_weight: f32,
    /// What the part of the question's words that stand in the turn or beside it weighs: unlike
    /// BM25 it does not ask how often, or in how long a turn.
    pub coverage_weight: f32,
    /// Added if the turn is by whom the question asks about.
    pub speaker_boost: f32,
    /// Added if the turn was said on a day that the question names.
    pub date_boost: f32,
    /// Added if the question asks when, and the turn speaks of a time.
    pub when_boost: f32,
    /// Taken away if the turn does nothing but ask.
    pub question_penalty: f32,
    /// Taken away from what a tool printed. It is found by words alone, so that it competes with
    /// half a score already; a log that repeats a question's words still stays behind what people
    /// said about it.
    pub tool_penalty: f32,
    /// Taken away from a short turn, times ln(200 / bytes): few words seldom hold the answer.
    pub shortness_penalty: f32,
    /// What part of its session's best score is added to each turn.
    pub session_share: f32,
}

impl RankingParameters {
    /// Each turn for itself, nothing added: what a vector database and a word index do.
    pub const PLAIN: Self = Self {
        dense: DenseParameters::PLAIN,
        lexical: LexicalParameters::PLAIN,
        per_channel: 100,
        lexical_weight: 0.5,
        coverage_weight: 0.0,
        speaker_boost: 0.0,
        date_boost: 0.0,
        when_boost: 0.0,
        question_penalty: 0.0,
        tool_penalty: 0.0,
        shortness_penalty: 0.0,
        session_share: 0.0,
    };
}

impl Default for RankingParameters {
    fn default() -> Self {
        Self {
            dense: DenseParameters { before: 0.2, after: 0.1, longest_neighbour: 100 },
            lexical: LexicalParameters {
                neighbour_weight: 0.35,
                neighbours: 2,
                longest_neighbour: 100,
            },
            per_channel: 100,
            lexical_weight: 0.6,
            coverage_weight: 0.5,
            speaker_boost: 0.45,
            date_boost: 0.45,
            when_boost: 0.4,
            question_penalty: 0.15,
            tool_penalty: 0.2,
            shortness_penalty: 0.1,
            session_share: 0.3,
        }
    }
}

/// A turn with its score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) turn: Turn,
    /// The turn before it in its session, if there is one.
    pub(crate) before: Option<TurnId>,
    /// The turn after it in its session, if there is one.
    pub(crate) after: Option<TurnId>,
    pub(crate) explanation: Explanation,
}

impl RankingParameters {
    /// Scores a question's candidates, in the order given.
    pub fn scores(&self, candidates: &[Signals]) -> Vec<f32> {
        let alone: Vec<f32> = candidates.iter().map(|signals| self.alone(signals)).collect();
        let best = best_of_sessions(candidates, &alone);
        let shared = candidates
            .iter()
            .zip(alone)
            .map(|(signals, score)| score + self.session_share * best[&signals.session]);
        shared.collect()
    }

    /// The score before the session's part.
    fn alone(&self, signals: &Signals) -> f32 {
        let adjustments = self.adjustments(signals).map(|(_, amount)| amount);
        signals.dense + self.lexical_weight * signals.lexical + adjustments.iter().sum::<f32>()
    }

    /// What is added to the two channels, each with its reason; 0 where it does not apply.
    fn adjustments(&self, signals: &Signals) -> [(&'static str, f32); 7] {
        let given = |applies: bool, amount: f32| if applies { amount } else { 0.0 };
        [
            ("holds the question's words", self.coverage_weight * signals.coverage),
            ("by whom is asked about", given(signals.by_whom_asked, self.speaker_boost)),
            ("on a day that is asked about", given(signals.on_day, self.date_boost)),
            ("tells when", given(signals.tells_when, self.when_boost)),
            ("only asks", given(signals.only_asks, -self.question_penalty)),
            ("printed by a tool", given(signals.printed_by_tool, -self.tool_penalty)),
            ("says little", -self.shortness_penalty * signals.shortness),
        ]
    }
}

fn best_of_sessions(candidates: &[Signals], scores: &[f32]) -> HashMap<SessionNumber, f32> {
    let mut best = HashMap::new();
    for (signals, score) in candidates.iter().zip(scores) {
        let best = best.entry(signals.session).or_insert(f32::NEG_INFINITY);
        *best = score.max(*best);
    }
    best
}

/// Orders candidates; equal scores are ordered by turn number.
pub(crate) fn rank(candidates: Vec<Signalled>, parameters: &RankingParameters) -> Vec<Ranked> {
    let signals: Vec<Signals> = candidates.iter().map(|candidate| candidate.signals).collect();
    let scores = parameters.scores(&signals);
    let ranked = candidates.into_iter().zip(scores).map(|(found, score)| {
        let Signalled { candidate, turn, signals } = found;
        let session = score - parameters.alone(&signals);
        let adjustments = parameters.adjustments(&signals).into_iter();
        let adjustments = adjustments.chain([("best of its session", session)]);
        let explanation = Explanation {
            dense: candidate.dense,
            lexical: candidate.lexical,
            cosine: signals.cosine,
            coverage: signals.coverage,
            adjustments: adjustments
                .filter(|(_, amount)| *amount != 0.0)
                .map(|(reason, amount)| Adjustment { reason: reason.to_owned(), amount })
                .collect(),
            rank_score: score,
        };
        Ranked { turn, before: candidate.before, after: candidate.after, explanation }
    });
    let mut ranked: Vec<Ranked> = ranked.collect();
    ranked.sort_by(|a, b| {
        let (a_score, b_score) = (a.explanation.rank_score, b.explanation.rank_score);
        b_score.total_cmp(&a_score).then(a.turn.id.cmp(&b.turn.id))
    });
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signals(session: i64, dense: f32) -> Signals {
        Signals {
            turn: TurnId(1),
            session: SessionNumber(session),
            cosine: Some(dense),
            dense,
            lexical: 0.0,
            coverage: 0.0,
            by_whom_asked: false,
            on_day: false,
            tells_when: false,
            printed_by_tool: false,
            only_asks: false,
            shortness: 0.0,
        }
    }

    #[test]
    fn plain_parameters_add_the_channels_and_nothing_else() {
        let found = Signals {
            lexical: 0.5,
            coverage: 1.0,
            by_whom_asked: true,
            on_day: true,
            tells_when: true,
            printed_by_tool: true,
            only_asks: true,
            shortness: 3.0,
            ..signals(1, 0.25)
        };
        assert_eq!(RankingParameters::PLAIN.scores(&[found]), [0.5]);
    }

    #[test]
    fn a_turn_gains_from_the_best_of_its_own_session() {
        let parameters = RankingParameters { session_share: 0.5, ..RankingParameters::PLAIN };
        let found = [signals(1, 0.25), signals(1, 1.0), signals(2, 0.25)];
        assert_eq!(parameters.scores(&found), [0.75, 1.5, 0.375]);
    }

    #[test]
    fn every_signal_pulls_its_own_way() {
        let parameters = RankingParameters::default();
        let plain = signals(1, 0.5);
        let score = |signals: Signals| parameters.scores(&[signals])[0];
        for better in [
            Signals { lexical: 1.0, ..plain },
            Signals { coverage: 1.0, ..plain },
            Signals { by_whom_asked: true, ..plain },
            Signals { on_day: true, ..plain },
            Signals { tells_when: true, ..plain },
        ] {
            assert!(score(better) > score(plain), "{better:?}");
        }
        for worse in [
            Signals { only_asks: true, ..plain },
            Signals { printed_by_tool: true, ..plain },
            Signals { shortness: 1.0, ..plain },
        ] {
            assert!(score(worse) < score(plain), "{worse:?}");
        }
    }
}
