//! Joins what was found by meaning and by words into one order.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use longmem_core::{Adjustment, Explanation, Role, Turn, TurnId};
use longmem_store::{Candidate, Candidates, DenseParameters, LexicalParameters};

use crate::question::{About, Question, only_asks};

/// How candidates are scored and ordered.
///
/// score = minmax(cosine) + `lexical_weight` · bm25 / max(bm25) + boosts, and then + `session_share` ·
/// the best score of the session. The form and the numbers come from experiments on LoCoMo
/// conversations before this engine was written, where halving or doubling any one of them alone
/// moved recall@10 by at most about a point; `longmem eval` measures what they do here.
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
    /// Added if the turn is by whom the question asks about.
    pub speaker_boost: f32,
    /// Added if the turn was said on a day that the question names.
    pub date_boost: f32,
    /// Taken away if the turn does nothing but ask.
    pub question_penalty: f32,
    /// Taken away from what a tool printed. It is found by words alone, so that it competes with
    /// half a score already; a log that repeats a question's words still stays behind what people
    /// said about it.
    pub tool_penalty: f32,
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
        speaker_boost: 0.0,
        date_boost: 0.0,
        question_penalty: 0.0,
        tool_penalty: 0.0,
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
                ..LexicalParameters::PLAIN
            },
            per_channel: 100,
            lexical_weight: 0.5,
            speaker_boost: 0.3,
            date_boost: 0.2,
            question_penalty: 0.2,
            tool_penalty: 0.2,
            session_share: 0.2,
        }
    }
}

/// A turn with its score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) turn: Turn,
    pub(crate) explanation: Explanation,
}

/// Orders candidates, given with their turns; equal scores are ordered by turn number.
pub(crate) fn rank(
    candidates: &Candidates,
    turns: Vec<Turn>,
    question: &Question,
    zone: &TimeZone,
    parameters: &RankingParameters,
) -> Vec<Ranked> {
    let mut turns: HashMap<TurnId, Turn> = turns.into_iter().map(|turn| (turn.id, turn)).collect();
    let mut ranked: Vec<(i64, Ranked)> = candidates
        .turns
        .iter()
        // A turn that was deleted since it was scored is no result.
        .filter_map(|candidate| Some((candidate, turns.remove(&candidate.turn)?)))
        .map(|(candidate, turn)| {
            let adjustments = adjustments(&turn, question, zone, parameters);
            let score = fused(candidate, candidates, parameters)
                + adjustments.iter().map(|adjustment| adjustment.amount).sum::<f32>();
            let explanation = Explanation {
                dense: candidate.dense,
                lexical: candidate.lexical,
                cosine: candidate.cosine,
                coverage: coverage(candidate, candidates),
                adjustments,
                rank_score: score,
            };
            (candidate.session, Ranked { turn, explanation })
        })
        .collect();
    add_session_share(&mut ranked, parameters);
    let mut ranked: Vec<Ranked> = ranked.into_iter().map(|(_, ranked)| ranked).collect();
    ranked.sort_by(|a, b| {
        let (a_score, b_score) = (a.explanation.rank_score, b.explanation.rank_score);
        b_score.total_cmp(&a_score).then(a.turn.id.cmp(&b.turn.id))
    });
    ranked
}

fn fused(candidate: &Candidate, all: &Candidates, parameters: &RankingParameters) -> f32 {
    let dense = match (candidate.cosine, all.cosine_range) {
        (Some(_), Some((low, high))) if high <= low => 1.0,
        (Some(cosine), Some((low, high))) => (cosine - low) / (high - low),
        _ => 0.0,
    };
    let lexical = if all.most_bm25 > 0.0 { candidate.bm25 / all.most_bm25 } else { 0.0 };
    dense + parameters.lexical_weight * lexical
}

/// The part of the score by words that any turn could have.
fn coverage(candidate: &Candidate, all: &Candidates) -> f32 {
    if all.bm25_ceiling > 0.0 { candidate.bm25 / all.bm25_ceiling } else { 0.0 }
}

fn adjustments(
    turn: &Turn,
    question: &Question,
    zone: &TimeZone,
    parameters: &RankingParameters,
) -> Vec<Adjustment> {
    let mut adjustments = Vec::new();
    let mut add = |reason: &str, amount: f32| {
        adjustments.push(Adjustment { reason: reason.to_owned(), amount });
    };
    let by_whom_asked = match &question.about {
        Some(About::Speaker(name)) => turn.speaker.as_ref() == Some(name),
        Some(About::Role(role)) => turn.speaker.is_none() && turn.role == *role,
        None => false,
    };
    if by_whom_asked {
        add("by whom is asked about", parameters.speaker_boost);
    }
    let day = turn.time.to_zoned(zone.clone()).date();
    if question.days.iter().any(|days| days.contains(day)) {
        add("on a day that is asked about", parameters.date_boost);
    }
    if turn.role == Role::Tool {
        add("printed by a tool", -parameters.tool_penalty);
    }
    if only_asks(&turn.text) {
        add("only asks", -parameters.question_penalty);
    }
    adjustments
}

fn add_session_share(ranked: &mut [(i64, Ranked)], parameters: &RankingParameters) {
    let mut best: HashMap<i64, f32> = HashMap::new();
    for (session, ranked) in ranked.iter() {
        let best = best.entry(*session).or_insert(f32::NEG_INFINITY);
        *best = best.max(ranked.explanation.rank_score);
    }
    for (session, ranked) in ranked {
        let amount = parameters.session_share * best[session];
        ranked.explanation.rank_score += amount;
        let reason = "best of its session".to_owned();
        ranked.explanation.adjustments.push(Adjustment { reason, amount });
    }
}
