//! Finds turns by meaning and by words at once, each candidate with both scores.

use std::collections::BTreeMap;

use longmem_core::{ChannelHit, Embedding, EmbeddingModel, Scope, TurnId};

use crate::analysis::query_words;
use crate::layout::{Layout, PlacedTurn};
use crate::lexical::{LexicalParameters, LexicalScores, lexical_scores};
use crate::scope_filter::ScopeFilter;
use crate::{Store, StoreError};

/// A turn near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenseHit {
    /// The turn.
    pub turn: TurnId,
    /// The cosine, −1 to 1; for a turn of several passages the mean of theirs, with a part of its
    /// neighbours' if that was asked for.
    pub score: f32,
}

/// A turn that shares words with a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalHit {
    /// The turn.
    pub turn: TurnId,
    /// Its BM25 score: above 0, and greater is better. Comparable within one search only.
    pub score: f32,
}

/// How much of its neighbours' cosines a turn takes over.
///
/// score = (cos + before · cos of the turn before + after · cos of the turn after) /
/// (1 + before + after), where a neighbour that is missing or long counts as the turn itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenseParameters {
    /// The weight of the turn before, 0 to 1.
    pub before: f32,
    /// The weight of the turn after, 0 to 1.
    pub after: f32,
    /// A longer turn, in words, neither lends nor borrows.
    pub longest_neighbour: u32,
}

impl DenseParameters {
    /// Each turn for itself: the plain cosine.
    pub const PLAIN: Self = Self { before: 0.0, after: 0.0, longest_neighbour: 0 };
}

/// What candidates are asked for.
#[derive(Debug, Clone, Copy)]
pub struct CandidateRequest<'a> {
    /// What may be found.
    pub scope: &'a Scope,
    /// The query's vector and the model that made it; none leaves meaning out.
    pub meaning: Option<(&'a EmbeddingModel, &'a Embedding)>,
    /// The query's words; none leaves words out.
    pub words: Option<&'a str>,
    /// How cosines are taken together.
    pub dense: DenseParameters,
    /// How words are scored.
    pub lexical: LexicalParameters,
    /// How many of the best each channel brings.
    pub per_channel: usize,
}

/// A turn that one channel or both brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The turn.
    pub turn: TurnId,
    /// A number that it shares with the other turns of its session.
    pub session: i64,
    /// Its cosine with its neighbours' part, also if only its words brought it; none if it has no
    /// vector.
    pub cosine: Option<f32>,
    /// Its score by words, also if only its meaning brought it; 0 if it shares none.
    pub bm25: f32,
    /// The part of the query's words, weighted by rarity, that it or its neighbours hold: 0 to 1.
    pub coverage: f32,
    /// Its place among the best by meaning, if it is one of them.
    pub dense: Option<ChannelHit>,
    /// Its place among the best by words, if it is one of them.
    pub lexical: Option<ChannelHit>,
}

/// The union of both channels' best.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// In order of turn numbers.
    pub turns: Vec<Candidate>,
    /// The lowest and the highest cosine of all turns in scope; none if there is no vector.
    pub cosine_range: Option<(f32, f32)>,
    /// The highest score by words in scope; 0 if no word is shared.
    pub most_bm25: f32,
}

impl Store {
    /// Finds the `limit` turns in scope whose vectors are nearest to the query, best first, equal
    /// scores by turn number. Turns that have no vector of this model yet are not among them.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or holds a damaged vector.
    pub fn nearest(
        &self,
        scope: &Scope,
        model: &EmbeddingModel,
        query: &Embedding,
        limit: usize,
    ) -> Result<Vec<DenseHit>, StoreError> {
        let found = self.candidates(&CandidateRequest {
            scope,
            meaning: Some((model, query)),
            words: None,
            dense: DenseParameters::PLAIN,
            lexical: LexicalParameters::PLAIN,
            per_channel: limit,
        })?;
        let hits = in_order(&found, |candidate| candidate.dense);
        Ok(hits.into_iter().map(|(turn, score)| DenseHit { turn, score }).collect())
    }

    /// Finds the `limit` best turns in scope that share at least one word with the text, best first,
    /// equal scores by turn number. Any text is allowed; none of it is query syntax. Word statistics
    /// are those of the user alone.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn search_words(
        &self,
        scope: &Scope,
        text: &str,
        limit: usize,
    ) -> Result<Vec<LexicalHit>, StoreError> {
        let found = self.candidates(&CandidateRequest {
            scope,
            meaning: None,
            words: Some(text),
            dense: DenseParameters::PLAIN,
            lexical: LexicalParameters::PLAIN,
            per_channel: limit,
        })?;
        let hits = in_order(&found, |candidate| candidate.lexical);
        Ok(hits.into_iter().map(|(turn, score)| LexicalHit { turn, score }).collect())
    }

    /// Finds the union of the best turns in scope by meaning and by words; neither gates the other.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or holds a damaged vector.
    pub fn candidates(&self, request: &CandidateRequest<'_>) -> Result<Candidates, StoreError> {
        let words = request.words.map(query_words).unwrap_or_default();
        let read = self.connections.read(|connection| {
            let Some(filter) = ScopeFilter::resolve(connection, request.scope)? else {
                return Ok(None);
            };
            let layout = self.users.layout(connection, filter.user_id)?;
            let snapshot = match request.meaning {
                Some((model, _)) => self.users.snapshot(connection, filter.user_id, model)?,
                None => None,
            };
            let postings = self.read_postings(connection, filter.user_id, &words)?;
            Ok(Some((filter, layout, snapshot, postings)))
        })?;
        // The read is over: scoring holds no lock and no transaction.
        let Some((filter, layout, snapshot, postings)) = read else {
            return Ok(Candidates::default());
        };
        let cosines = match (snapshot, request.meaning) {
            (Some(snapshot), Some((_, query))) => {
                smoothed(&layout, &snapshot.cosines(&layout, query), &request.dense)
            }
            _ => vec![f32::NAN; layout.len()],
        };
        let lexical = lexical_scores(&layout, &postings, &request.lexical);
        Ok(union(&layout, &filter, &cosines, &lexical, request.per_channel))
    }
}

/// One channel's hits, best first.
fn in_order(
    found: &Candidates,
    channel: impl Fn(&Candidate) -> Option<ChannelHit>,
) -> Vec<(TurnId, f32)> {
    let mut hits: Vec<(TurnId, ChannelHit)> = found
        .turns
        .iter()
        .filter_map(|candidate| Some((candidate.turn, channel(candidate)?)))
        .collect();
    hits.sort_unstable_by_key(|(_, hit)| hit.rank);
    hits.into_iter().map(|(turn, hit)| (turn, hit.score)).collect()
}

fn union(
    layout: &Layout,
    filter: &ScopeFilter,
    cosines: &[f32],
    words: &LexicalScores,
    per_channel: usize,
) -> Candidates {
    let mut turns = BTreeMap::new();
    let mut add = |best: Vec<Scored<'_>>, place: fn(&mut Candidate) -> &mut Option<ChannelHit>| {
        for (position, scored) in best.into_iter().enumerate() {
            let candidate = turns.entry(scored.turn.turn).or_insert_with(|| Candidate {
                turn: scored.turn.turn,
                session: scored.turn.session_id,
                cosine: Some(cosines[scored.slot]).filter(|cosine| !cosine.is_nan()),
                bm25: words.bm25[scored.slot],
                coverage: words.coverage[scored.slot],
                dense: None,
                lexical: None,
            });
            *place(candidate) = Some(ChannelHit { rank: position + 1, score: scored.score });
        }
    };
    let nearest = admitted(layout, filter, cosines, |cosine| !cosine.is_nan());
    let cosine_range =
        nearest.iter().map(|scored| scored.score).fold(None, |range: Option<(f32, f32)>, score| {
            let (low, high) = range.unwrap_or((score, score));
            Some((low.min(score), high.max(score)))
        });
    add(best(nearest, per_channel), |candidate| &mut candidate.dense);
    let by_words = best(admitted(layout, filter, &words.bm25, |score| score > 0.0), per_channel);
    let most_bm25 = by_words.first().map_or(0.0, |scored| scored.score);
    add(by_words, |candidate| &mut candidate.lexical);
    Candidates { turns: turns.into_values().collect(), cosine_range, most_bm25 }
}

/// A turn with its score in one channel.
struct Scored<'a> {
    turn: &'a PlacedTurn,
    slot: usize,
    score: f32,
}

/// The turns that the filter admits and whose score counts.
fn admitted<'a>(
    layout: &'a Layout,
    filter: &ScopeFilter,
    scores: &[f32],
    counts: impl Fn(f32) -> bool,
) -> Vec<Scored<'a>> {
    let mut admitted = Vec::new();
    for (slots, turns) in layout.sessions() {
        for (slot, turn) in slots.zip(turns) {
            let score = scores[slot];
            if counts(score) && filter.admits(turn.session_id, turn.role, turn.time_ms) {
                admitted.push(Scored { turn, slot, score });
            }
        }
    }
    admitted
}

/// The `limit` best, best first, equal scores by turn number: the same answer however many threads
/// scored.
fn best(mut scored: Vec<Scored<'_>>, limit: usize) -> Vec<Scored<'_>> {
    let better_first = |a: &Scored<'_>, b: &Scored<'_>| {
        b.score.total_cmp(&a.score).then(a.turn.turn.cmp(&b.turn.turn))
    };
    if limit > 0 && scored.len() > limit {
        scored.select_nth_unstable_by(limit - 1, better_first);
    }
    scored.truncate(limit);
    scored.sort_unstable_by(better_first);
    scored
}

/// Takes each turn's cosine together with its neighbours' in the session.
fn smoothed(layout: &Layout, cosines: &[f32], parameters: &DenseParameters) -> Vec<f32> {
    let mut smoothed = Vec::with_capacity(cosines.len());
    let short = |turn: &PlacedTurn| turn.words <= parameters.longest_neighbour;
    for (slots, turns) in layout.sessions() {
        let own = &cosines[slots];
        for (index, turn) in turns.iter().enumerate() {
            let neighbour = |other: Option<usize>| {
                other
                    .filter(|other| short(turn) && turns.get(*other).is_some_and(short))
                    .map(|other| own[other])
                    .filter(|cosine| !cosine.is_nan())
                    .unwrap_or(own[index])
            };
            let sum = own[index]
                + parameters.before * neighbour(index.checked_sub(1))
                + parameters.after * neighbour(Some(index + 1));
            smoothed.push(sum / (1.0 + parameters.before + parameters.after));
        }
    }
    smoothed
}
