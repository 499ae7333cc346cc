//! What each strategy finds.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use longmem_core::{Recalled, Role, Turn, TurnId};
use longmem_memory::{
    Channels, RESULTS_WITH_NEIGHBOURS, RankingParameters, Recall, RecallRequest, RecallTimings,
};

use crate::haystack::Haystack;
use crate::{EvalError, Strategy};

/// Number of results of a strategy, at most.
pub(crate) const DEPTH: usize = 100;

/// Number of newest messages among which the tutorials' way searches.
const TUTORIAL_TURNS: usize = 500;

/// Number of results of the tutorials' way.
const TUTORIAL_RESULTS: usize = 10;

/// The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).
const FUSION_K: f32 = 60.0;

/// A question as it is put to the engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    pub(crate) text: &'a str,
    pub(crate) asked_at: Timestamp,
}

/// What a strategy found.
pub(crate) struct Ranking {
    /// The turns, best first.
    pub(crate) results: Vec<Recalled>,
    /// How long the engine took for its parts; none if it did only some of the work.
    pub(crate) timings: Option<RecallTimings>,
}

/// Finds turns for a question by one strategy.
pub(crate) fn rank(
    strategy: Strategy,
    haystack: &Haystack<'_>,
    query: Query<'_>,
) -> Result<Ranking, EvalError> {
    let results = match strategy {
        Strategy::Default => {
            let recall = recall_as_shipped(haystack, query)?;
            return Ok(Ranking { results: recall.results, timings: Some(recall.timings) });
        }
        Strategy::Recency => newest(haystack),
        Strategy::Tutorial => tutorial(haystack, query)?,
        Strategy::Dense => one_channel(haystack, query, Channels::Meaning)?,
        Strategy::Lexical => one_channel(haystack, query, Channels::Words)?,
        Strategy::NaiveHybrid => {
            let by_meaning = one_channel(haystack, query, Channels::Meaning)?;
            let by_words = one_channel(haystack, query, Channels::Words)?;
            fuse([by_meaning, by_words])
        }
    };
    Ok(Ranking { results, timings: None })
}

/// The engine's own recall, with neighbours as a conversation asks for them.
fn recall_as_shipped(haystack: &Haystack<'_>, query: Query<'_>) -> Result<Recall, EvalError> {
    let mut request = request(haystack, query);
    request.with_neighbours = RESULTS_WITH_NEIGHBOURS;
    Ok(haystack.memory.recall(&request)?)
}

/// The engine's recall by one channel, where only a turn's own text counts.
fn one_channel(
    haystack: &Haystack<'_>,
    query: Query<'_>,
    channels: Channels,
) -> Result<Vec<Recalled>, EvalError> {
    let mut request = request(haystack, query);
    request.channels = channels;
    request.ranking = RankingParameters::PLAIN;
    Ok(haystack.memory.recall(&request)?.results)
}

fn request(haystack: &Haystack<'_>, query: Query<'_>) -> RecallRequest {
    let mut request = RecallRequest::new(haystack.scope.clone(), query.text);
    request.limit = DEPTH;
    request.asked_at = Some(query.asked_at);
    request
}

fn newest(haystack: &Haystack<'_>) -> Vec<Recalled> {
    let newest = haystack.turns.iter().rev().take(DEPTH).enumerate();
    newest.map(|(index, turn)| Recalled::new(turn.clone(), 1.0 / (index as f32 + 1.0))).collect()
}

/// The ten of the user's last 500 messages that are nearest to the question.
fn tutorial(haystack: &Haystack<'_>, query: Query<'_>) -> Result<Vec<Recalled>, EvalError> {
    // Where two people talk, both have the role `user`: the first to speak counts as the user.
    let user = haystack.first_person();
    let by_people = haystack.turns.iter().filter(|turn| turn.role == Role::User);
    let by_user: Vec<&Turn> = by_people.filter(|turn| Some(&turn.speaker) == user).collect();
    let window: BTreeMap<TurnId, &Turn> =
        by_user.into_iter().rev().take(TUTORIAL_TURNS).map(|turn| (turn.id, turn)).collect();

    // All turns are asked for, since those outside the window may be nearer.
    let memory = &haystack.memory;
    let nearest = memory.nearest(&haystack.scope, query.text, haystack.turns.len())?;
    Ok(nearest
        .into_iter()
        .filter_map(|(turn, cosine)| Some(Recalled::new((*window.get(&turn)?).clone(), cosine)))
        .take(TUTORIAL_RESULTS)
        .collect())
}

/// Orders turns by the sum of 1 / (60 + place) over the rankings, equal sums by turn number.
fn fuse(rankings: [Vec<Recalled>; 2]) -> Vec<Recalled> {
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
    fused.truncate(DEPTH);
    fused
}
