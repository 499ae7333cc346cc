//! What each strategy finds.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use longmem_core::{Explanation, Recalled, Role, Turn, TurnId};
use longmem_memory::{Channels, RankingParameters, Recall, RecallRequest, RecallTimings};

use crate::haystack::Haystack;
use crate::{EvalError, Strategy};

/// The tutorials' window and their number of results.
const TUTORIAL_TURNS: usize = 500;
const TUTORIAL_RESULTS: usize = 10;

/// The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), and how much of
/// each ranking is fused.
const FUSION_K: f32 = 60.0;
const FUSED: usize = 100;

/// A question as it is put to the engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    pub(crate) text: &'a str,
    pub(crate) asked_at: Timestamp,
    /// Results at most.
    pub(crate) depth: usize,
    /// Of the best results, how many bring the turns next to them.
    pub(crate) with_neighbours: usize,
    /// Below which recall brings nothing; none is as shipped.
    pub(crate) threshold: Option<f32>,
    /// How results are ordered.
    pub(crate) ranking: RankingParameters,
}

/// Finds turns for a question in one of the ways, best first; how long the engine took for its
/// parts, where it did all of it.
pub(crate) fn rank(
    strategy: Strategy,
    haystack: &Haystack<'_>,
    query: Query<'_>,
) -> Result<(Vec<Recalled>, Option<RecallTimings>), EvalError> {
    let found = match strategy {
        Strategy::Default => {
            let recall = recall(haystack, query, Channels::Both)?;
            return Ok((recall.results, Some(recall.timings)));
        }
        Strategy::Recency => newest(haystack, query.depth),
        Strategy::Tutorial => tutorial(haystack, query)?,
        Strategy::Dense => one_channel(haystack, query, Channels::Meaning)?,
        Strategy::Lexical => one_channel(haystack, query, Channels::Words)?,
        Strategy::NaiveHybrid => {
            let fused = Query { depth: FUSED, ..query };
            let by_meaning = one_channel(haystack, fused, Channels::Meaning)?;
            let by_words = one_channel(haystack, fused, Channels::Words)?;
            fuse([by_meaning, by_words], query.depth)
        }
    };
    Ok((found, None))
}

fn recall(
    haystack: &Haystack<'_>,
    query: Query<'_>,
    channels: Channels,
) -> Result<Recall, EvalError> {
    let mut request = RecallRequest::new(haystack.scope.clone(), query.text);
    request.limit = query.depth;
    request.channels = channels;
    request.with_neighbours = query.with_neighbours;
    request.asked_at = Some(query.asked_at);
    request.threshold = query.threshold.unwrap_or(request.threshold);
    request.ranking = query.ranking;
    Ok(haystack.memory.recall(&request)?)
}

fn newest(haystack: &Haystack<'_>, depth: usize) -> Vec<Recalled> {
    let newest = haystack.turns.iter().rev().take(depth).enumerate();
    newest.map(|(index, turn)| recalled(turn, 1.0 / (index as f32 + 1.0))).collect()
}

/// The engine's recall in one way, each turn judged by nothing but its own text.
fn one_channel(
    haystack: &Haystack<'_>,
    query: Query<'_>,
    channels: Channels,
) -> Result<Vec<Recalled>, EvalError> {
    let ranking = RankingParameters::PLAIN;
    Ok(recall(haystack, Query { ranking, with_neighbours: 0, ..query }, channels)?.results)
}

/// The ten of the user's last 500 messages that are nearest to the question.
fn tutorial(haystack: &Haystack<'_>, query: Query<'_>) -> Result<Vec<Recalled>, EvalError> {
    let mut theirs = haystack.turns.iter().filter(|turn| turn.role == Role::User).peekable();
    let user = theirs.peek().map(|turn| &turn.speaker);
    let theirs: Vec<&Turn> = theirs.filter(|turn| Some(&turn.speaker) == user).collect();
    let window: BTreeMap<TurnId, &Turn> =
        theirs.into_iter().rev().take(TUTORIAL_TURNS).map(|turn| (turn.id, turn)).collect();

    let memory = &haystack.memory;
    let nearest = memory.nearest(&haystack.scope, query.text, haystack.turns.len())?;
    Ok(nearest
        .into_iter()
        .filter_map(|(turn, cosine)| Some(recalled(window.get(&turn)?, cosine)))
        .take(TUTORIAL_RESULTS.min(query.depth))
        .collect())
}

/// Adds up 1 / (60 + place) over the rankings; equal sums are ordered by turn number.
fn fuse(rankings: [Vec<Recalled>; 2], depth: usize) -> Vec<Recalled> {
    let mut sums: BTreeMap<TurnId, f32> = BTreeMap::new();
    for ranking in &rankings {
        for (index, found) in ranking.iter().enumerate() {
            *sums.entry(found.turn.id).or_default() += 1.0 / (FUSION_K + index as f32 + 1.0);
        }
    }
    let mut seen = HashSet::new();
    let mut fused: Vec<Recalled> =
        rankings.into_iter().flatten().filter(|found| seen.insert(found.turn.id)).collect();
    for found in &mut fused {
        found.score = sums[&found.turn.id];
    }
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.turn.id.cmp(&b.turn.id)));
    fused.truncate(depth);
    fused
}

fn recalled(turn: &Turn, score: f32) -> Recalled {
    Recalled {
        turn: turn.clone(),
        score,
        explanation: Explanation::default(),
        neighbours: Vec::new(),
    }
}
