//! Finds turns by meaning and by words at once, each candidate with both scores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longmem_core::{ChannelHit, Embedding, EmbeddingModel, Scope, TurnId};

use crate::layout::Layout;
use crate::lexical::{LexicalParameters, LexicalScores, WordPostings, lexical_scores};
use crate::scope_filter::ScopeFilter;
use crate::selection::{ScoredRow, best, lowest};
use crate::smoothing::DenseParameters;
use crate::two_stages::{Scan, TwoStages};
use crate::user_cache::{UserView, Vectors};
use crate::{Store, StoreError};
use longmem_text::query_words;

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

impl CandidateRequest<'_> {
    /// How many turns of so many passages the second stage takes; none if all vectors are compared.
    fn rescored(&self, passages: usize) -> Option<usize> {
        self.scan.rescored(self.per_channel, passages)
    }
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
        let read = self.connections.read(|connection| {
            let Some(filter) = ScopeFilter::resolve(connection, request.scope)? else {
                return Ok(None);
            };
            let model = request.meaning.map(|(model, _)| model);
            let whole = |passages| request.rescored(passages).is_none();
            let view = self.users.view(connection, filter.user_id, model, whole)?;
            let postings = self.read_postings(connection, filter.user_id, &words)?;
            Ok(Some((filter, view, postings)))
        })?;
        let Some((filter, view, postings)) = read else { return Ok(Candidates::default()) };
        // The read is over: scoring holds no lock and no transaction. It is inside the pool of threads
        // from the first step to the last: entering that takes longer than a step.
        rayon::scope(|_| self.score(request, &filter, view, &postings))
    }

    fn score(
        &self,
        request: &CandidateRequest<'_>,
        filter: &ScopeFilter,
        view: UserView,
        postings: &[WordPostings],
    ) -> Result<Candidates, StoreError> {
        let UserView { layout, vectors } = view;
        let admits_all = filter.admits_all();
        let admits = |row: usize| admits_all || filter.admits(&layout.turn(row).entry);
        let words = lexical_scores(&layout, postings, &request.lexical);
        let by_words = best(&words.bm25, request.per_channel, 0.0, admits);
        let cosines = match (vectors, request.meaning) {
            (Some(Vectors::Whole(vectors)), Some((_, query))) => {
                let cosines = vectors.cosines(&layout, query);
                let scores = request.dense.scores(&layout, &cosines);
                let nearest = best(&scores, request.per_channel.max(1), f32::NEG_INFINITY, admits);
                let farthest = lowest(&scores, 1, admits);
                let found = nearest.iter().chain(&farthest).chain(&by_words);
                let rows: BTreeSet<usize> = found.map(|found| found.row).collect();
                let known = rows.into_iter().map(|row| ScoredRow { row, score: scores[row] });
                known.filter(|known| !known.score.is_nan()).collect()
            }
            (Some(Vectors::Coded { codes, whole }), Some((_, query))) => {
                let stages = TwoStages {
                    layout: &layout,
                    codes: &codes,
                    whole: &whole,
                    query,
                    parameters: &request.dense,
                    wanted: request.per_channel,
                    rescored: request.rescored(codes.passages()).unwrap_or(usize::MAX),
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
        let scores: Vec<f32> = cosines.iter().map(|found| found.score).collect();
        let mut nearest = best(&scores, per_channel, f32::NEG_INFINITY, |_| true);
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
        let scores = scores.iter().copied();
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
