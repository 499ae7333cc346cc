//! Finds what is relevant to a query.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use longmem_core::{Embedding, Fact, Recalled, Scope, Timestamp, TurnId};
use longmem_store::{CandidateRequest, FactsAt, Scan};
use longmem_text::english::is_small_talk;

use crate::question::Question;
use crate::ranking::{Ranked, RankingParameters, rank};
use crate::relevance::{DEFAULT_THRESHOLD, relevance};
use crate::signals::{Signalled, Signals, signalled};
use crate::{Memory, MemoryError, named_in};

/// Which ways of finding are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Channels {
    /// Meaning and words.
    #[default]
    Both,
    /// Vectors only.
    Meaning,
    /// Words only; the model is not loaded.
    Words,
}

/// Number of best results that bring the turns beside them. Bringing them for all results displaced
/// more useful turns from a prompt than it added.
pub const RESULTS_WITH_NEIGHBOURS: usize = 3;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RecallRequest {
    /// What may be found.
    pub scope: Scope,
    /// The question or message, as a person writes it.
    pub query: String,
    /// Results at most.
    pub limit: usize,
    /// Which ways of finding are used.
    pub channels: Channels,
    /// How vectors are searched.
    pub scan: Scan,
    /// Turns that are not wanted, because they stand in the prompt already.
    pub exclude: Vec<TurnId>,
    /// Of the best results, how many bring the turns next to them.
    pub with_neighbours: usize,
    /// When it is asked, for questions like "what did I say last week?"; none is now.
    pub asked_at: Option<Timestamp>,
    /// Where its days begin and end.
    pub time_zone: TimeZone,
    /// A recall by both channels whose best turn is less likely than this to be of use, 0 to 1,
    /// brings nothing; neither does a mere greeting. 0 always brings what is nearest.
    pub threshold: f32,
    /// How what is found is ordered.
    pub ranking: RankingParameters,
}

impl RecallRequest {
    /// Asks for the ten best, by meaning and by words, without neighbours.
    pub fn new(scope: Scope, query: impl Into<String>) -> Self {
        Self {
            scope,
            query: query.into(),
            limit: 10,
            channels: Channels::Both,
            scan: Scan::Automatic,
            exclude: Vec::new(),
            with_neighbours: 0,
            asked_at: None,
            time_zone: TimeZone::UTC,
            threshold: DEFAULT_THRESHOLD,
            ranking: RankingParameters::default(),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recall {
    /// The turns, most relevant first.
    pub results: Vec<Recalled>,
    /// What is known of whom the query names; none if only a part of the user's memory is asked for.
    pub facts: Vec<Fact>,
    /// Turns of the user that have no vectors yet and are found by words only.
    pub turns_without_vectors: u64,
    /// How long it took.
    pub timings: RecallTimings,
}

/// How long the parts of a recall took, one after another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecallTimings {
    /// Embedding the question.
    pub embedding: Duration,
    /// Scoring every turn by meaning and by words.
    pub channels: Duration,
    /// Reading the candidates, ordering them, and bringing neighbours.
    pub ranking: Duration,
}

impl Memory {
    /// Finds the turns in scope that are most relevant to the query. Equal scores are ordered by
    /// turn number, so the same store gives the same answer. A user without memory gets none, and
    /// so does a message that asks for nothing ("hi, how are you?") or has nothing to do with what
    /// was said: see [`RecallRequest::threshold`].
    ///
    /// # Errors
    /// [`MemoryError::Embed`] if meaning is used and the model cannot be; [`MemoryError::Store`].
    pub fn recall(&self, request: &RecallRequest) -> Result<Recall, MemoryError> {
        let (candidates, timings) = self.signalled(request)?;
        let scored = Instant::now();
        let mut ranked = rank(candidates, &request.ranking);
        if is_about_nothing(request, &ranked) {
            ranked.clear();
        }
        ranked.retain(|candidate| !request.exclude.contains(&candidate.turn.id));
        ranked.truncate(request.limit);
        let results = self.with_neighbours(request, ranked)?;
        let timings = RecallTimings { ranking: timings.ranking + scored.elapsed(), ..timings };
        let user = &request.scope.user;
        Ok(Recall {
            results,
            facts: self.facts_for(request)?,
            turns_without_vectors: self.store.waiting(Some(user))?,
            timings,
        })
    }

    /// Finds the `limit` turns in scope whose vectors are nearest to a text, as a vector database
    /// would: best first, each with its cosine, equal ones by turn number. Turns without a vector
    /// are not among them.
    ///
    /// # Errors
    /// [`MemoryError::Embed`] if the model cannot be used; [`MemoryError::Store`].
    pub fn nearest(
        &self,
        scope: &Scope,
        text: &str,
        limit: usize,
    ) -> Result<Vec<(TurnId, f32)>, MemoryError> {
        let query = self.embed_query(text)?;
        let hits = self.store.nearest(scope, self.embedder.model(), &query, limit)?;
        Ok(hits.into_iter().map(|hit| (hit.turn, hit.score)).collect())
    }

    /// Reads what speaks for and against each candidate of a request, before any of it is weighed,
    /// in order of turn numbers: what [`RankingParameters::scores`] takes, so that weights can be
    /// tried without asking again. Neither the limit nor the threshold counts.
    ///
    /// # Errors
    /// Those of [`Memory::recall`].
    pub fn signals(&self, request: &RecallRequest) -> Result<Vec<Signals>, MemoryError> {
        let (candidates, _) = self.signalled(request)?;
        Ok(candidates.into_iter().map(|candidate| candidate.signals).collect())
    }

    fn signalled(
        &self,
        request: &RecallRequest,
    ) -> Result<(Vec<Signalled>, RecallTimings), MemoryError> {
        let user = &request.scope.user;
        let asked_at = request.asked_at.unwrap_or_else(|| self.now());
        let today = asked_at.to_zoned(request.time_zone.clone()).date();
        let question = Question::read(&request.query, &self.store.speakers(user)?, today);
        let began = Instant::now();
        let query = match request.channels {
            Channels::Both | Channels::Meaning => Some(self.embed_query(&question.to_embed)?),
            Channels::Words => None,
        };
        let embedded = Instant::now();
        let parameters = &request.ranking;
        let candidates = self.store.candidates(&CandidateRequest {
            scope: &request.scope,
            meaning: query.as_ref().map(|query| (self.embedder.model(), query)),
            words: match request.channels {
                Channels::Both | Channels::Words => Some(&request.query),
                Channels::Meaning => None,
            },
            scan: request.scan,
            dense: parameters.dense,
            lexical: parameters.lexical,
            per_channel: parameters.per_channel.max(request.limit) + request.exclude.len(),
        })?;
        let scored = Instant::now();
        let ids: Vec<TurnId> = candidates.turns.iter().map(|candidate| candidate.turn).collect();
        let turns = self.store.turns(user, &ids)?;
        let signalled = signalled(&candidates, turns, &question, &request.time_zone);
        let timings = RecallTimings {
            embedding: embedded - began,
            channels: scored - embedded,
            ranking: scored.elapsed(),
        };
        Ok((signalled, timings))
    }

    /// What is known of whom a query names.
    fn facts_for(&self, request: &RecallRequest) -> Result<Vec<Fact>, MemoryError> {
        if !request.scope.is_whole_user() {
            return Ok(Vec::new());
        }
        let mut facts = self.facts(&request.scope.user, FactsAt::Now)?;
        let mut named = named_in(&facts, &request.query).into_iter();
        facts.retain(|_| named.next().unwrap_or(false));
        Ok(facts)
    }

    fn embed_query(&self, query: &str) -> Result<Embedding, MemoryError> {
        self.embedder.embed_query(query).map_err(MemoryError::Embed)
    }

    /// Gives the best results the turns beside them, as far as they are in scope.
    fn with_neighbours(
        &self,
        request: &RecallRequest,
        ranked: Vec<Ranked>,
    ) -> Result<Vec<Recalled>, MemoryError> {
        let scope = &request.scope;
        let mut results = Vec::with_capacity(ranked.len());
        for (position, Ranked { turn, explanation }) in ranked.into_iter().enumerate() {
            let mut neighbours = Vec::new();
            if position < request.with_neighbours {
                neighbours = self.store.neighbours(&scope.user, &turn, 1, 1)?;
                neighbours
                    .retain(|turn| scope.admits_role(turn.role) && scope.admits_time(turn.time));
            }
            results.push(Recalled {
                turn,
                score: relevance(&explanation),
                explanation,
                neighbours,
            });
        }
        Ok(results)
    }
}

/// Says whether a message has nothing to do with memory.
fn is_about_nothing(request: &RecallRequest, ranked: &[Ranked]) -> bool {
    let best = ranked.iter().map(|found| relevance(&found.explanation)).fold(0.0, f32::max);
    // The estimate was made with both channels, and says little with one of them alone.
    let unlikely = request.channels == Channels::Both && best < request.threshold;
    request.threshold > 0.0 && (unlikely || is_small_talk(&request.query))
}
