//! Finds turns by meaning and by words at once, each candidate with both scores.

use std::collections::BTreeMap;
use std::sync::Arc;

use longmem_core::{ChannelHit, Embedding, EmbeddingModel, Scope, TurnId};

use crate::analysis::query_words;
use crate::layout::Layout;
use crate::lexical::{LexicalParameters, LexicalScores, lexical_scores};
use crate::scope_filter::ScopeFilter;
use crate::selection::{ScoredRow, best};
use crate::smoothing::DenseParameters;
use crate::two_stages::{Scan, TwoStages};
use crate::user_cache::{UserView, Vectors};
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

/// What candidates are asked for.
#[derive(Debug, Clone, Copy)]
pub struct CandidateRequest<'a> {
    /// What may be found.
    pub scope: &'a Scope,
    /// The query's vector and the model that made it; none leaves meaning out.
    pub meaning: Option<(&'a EmbeddingModel, &'a Embedding)>,
    /// The query's words; none leaves words out.
    pub words: Option<&'a str>,
    /// How vectors are searched.
    pub scan: Scan,
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
    /// The lowest and the highest cosine of all turns in scope, as far as the scan tells; none if
    /// there is no vector.
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
            scan: Scan::Automatic,
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
            scan: Scan::Automatic,
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
        let rescored = |passages| request.scan.rescored(request.per_channel, passages);
        let read = self.connections.read(|connection| {
            let Some(filter) = ScopeFilter::resolve(connection, request.scope)? else {
                return Ok(None);
            };
            let model = request.meaning.map(|(model, _)| model);
            let whole = |passages| rescored(passages).is_none();
            let view = self.users.view(connection, filter.user_id, model, whole)?;
            let postings = self.read_postings(connection, filter.user_id, &words)?;
            Ok(Some((filter, view, postings)))
        })?;
        // The read is over: scoring holds no lock and no transaction.
        let Some((filter, UserView { layout, vectors }, postings)) = read else {
            return Ok(Candidates::default());
        };
        let admits_all = filter.admits_all();
        let admits = |row: usize| admits_all || filter.admits(&layout.turn(row).entry);
        let words = lexical_scores(&layout, &postings, &request.lexical);
        let by_words = best(layout.len(), request.per_channel, |row| {
            Some(words.bm25[row]).filter(|score| *score > 0.0 && admits(row))
        });
        let cosines = match (vectors, request.meaning) {
            (Some(Vectors::Whole(vectors)), Some((_, query))) => {
                let cosines = vectors.cosines(&layout, query);
                let scores = request.dense.scores(&layout, &cosines);
                let scores = scores.iter().copied().enumerate();
                scores
                    .filter(|(row, score)| !score.is_nan() && admits(*row))
                    .map(|(row, score)| ScoredRow { row, score })
                    .collect()
            }
            (Some(Vectors::Coded { codes, whole }), Some((_, query))) => {
                let stages = TwoStages {
                    layout: &layout,
                    codes: &codes,
                    whole: whole.as_deref(),
                    query,
                    parameters: &request.dense,
                    wanted: request.per_channel,
                    rescored: rescored(codes.passages()).unwrap_or(usize::MAX),
                };
                stages.scores(self, admits, by_words.iter().map(|found| found.row))?
            }
            _ => Vec::new(),
        };
        let channels = Channels { layout, cosines, words, by_words };
        Ok(channels.union(request.per_channel))
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

/// What both channels say of the turns in scope.
struct Channels {
    layout: Arc<Layout>,
    /// The cosines that are known, in the order of rows: those of the nearest, and of all that
    /// words brought and have one.
    cosines: Vec<ScoredRow>,
    /// Of each row, in scope or not.
    words: LexicalScores,
    /// The best by words, best first.
    by_words: Vec<ScoredRow>,
}

impl Channels {
    fn union(&self, per_channel: usize) -> Candidates {
        let cosines = &self.cosines;
        let mut nearest = best(cosines.len(), per_channel, |place| Some(cosines[place].score));
        for found in &mut nearest {
            found.row = cosines[found.row].row;
        }
        let mut turns = BTreeMap::new();
        let mut add = |best: &[ScoredRow], place: fn(&mut Candidate) -> &mut Option<ChannelHit>| {
            for (position, found) in best.iter().enumerate() {
                let candidate = turns.entry(found.row).or_insert_with(|| self.candidate(found.row));
                *place(candidate) = Some(ChannelHit { rank: position + 1, score: found.score });
            }
        };
        add(&nearest, |candidate| &mut candidate.dense);
        add(&self.by_words, |candidate| &mut candidate.lexical);
        let scores = cosines.iter().map(|found| found.score);
        Candidates {
            turns: turns.into_values().collect(),
            cosine_range: scores.clone().min_by(f32::total_cmp).zip(scores.max_by(f32::total_cmp)),
            most_bm25: self.by_words.first().map_or(0.0, |found| found.score),
        }
    }

    fn candidate(&self, row: usize) -> Candidate {
        let entry = &self.layout.turn(row).entry;
        let known = self.cosines.binary_search_by_key(&row, |found| found.row).ok();
        Candidate {
            turn: entry.turn,
            session: entry.session_id,
            cosine: known.map(|place| self.cosines[place].score),
            bm25: self.words.bm25[row],
            coverage: self.words.coverage[row],
            dense: None,
            lexical: None,
        }
    }
}
