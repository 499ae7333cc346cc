//! Finds what is relevant to a query.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use longmem_core::{Embedding, Explanation, Fact, Recalled, Scope, Timestamp, Turn, TurnId};
use longmem_search::{CandidateRequest, Scan};
use longmem_store::UserOverview;
use longmem_text::is_small_talk;

use crate::question::Question;
use crate::ranking::{Ranked, RankingParameters, rank};
use crate::relevance::{DEFAULT_THRESHOLD, RelevanceWeights};
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
    /// Embed first what was just said, so that it is found by its meaning: see [`Memory::catch_up`].
    pub catch_up: bool,
}

impl RecallRequest {
    /// Asks for the ten best, by meaning and by words, without neighbours and without catching up.
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
            catch_up: false,
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
    /// [`MemoryError::EmptyQuery`]; [`MemoryError::Embed`] if meaning is used and the model cannot be;
    /// [`MemoryError::Store`].
    pub fn recall(&self, request: &RecallRequest) -> Result<Recall, MemoryError> {
        if request.query.trim().is_empty() {
            return Err(MemoryError::EmptyQuery);
        }
        if request.catch_up && request.channels != Channels::Words {
            self.catch_up(&request.scope.user)?;
        }
        let overview = self.store.overview(&request.scope.user)?;
        let (candidates, timings) = self.signalled(request, &overview)?;
        let scored = Instant::now();
        let mut ranked = rank(candidates, &request.ranking);
        if self.is_about_nothing(request, &ranked) {
            ranked.clear();
        }
        ranked.retain(|candidate| !request.exclude.contains(&candidate.turn.id));
        ranked.truncate(request.limit);
        let results = self.with_neighbours(request, ranked)?;
        let timings = RecallTimings { ranking: timings.ranking + scored.elapsed(), ..timings };
        Ok(Recall {
            results,
            turns_without_vectors: overview.waiting,
            facts: facts_for(request, overview.facts),
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
        let query = (self.embedder.model(), &query);
        let hits = self.searcher.nearest(&*self.store, scope, query, limit)?;
        Ok(hits.into_iter().map(|hit| (hit.turn, hit.score)).collect())
    }

    /// Reads what speaks for and against each candidate of a request, before any of it is weighed,
    /// in order of turn numbers: what [`RankingParameters::scores`] takes, so that weights can be
    /// tried without asking again. Neither the limit nor the threshold counts.
    ///
    /// # Errors
    /// Those of [`Memory::recall`].
    pub fn signals(&self, request: &RecallRequest) -> Result<Vec<Signals>, MemoryError> {
        let overview = self.store.overview(&request.scope.user)?;
        let (candidates, _) = self.signalled(request, &overview)?;
        Ok(candidates.into_iter().map(|candidate| candidate.signals).collect())
    }

    fn signalled(
        &self,
        request: &RecallRequest,
        overview: &UserOverview,
    ) -> Result<(Vec<Signalled>, RecallTimings), MemoryError> {
        let asked_at = request.asked_at.unwrap_or_else(|| self.now());
        let today = asked_at.to_zoned(request.time_zone.clone()).date();
        let question = Question::read(&request.query, &overview.speakers, today);
        let began = Instant::now();
        let query = match request.channels {
            Channels::Both | Channels::Meaning => Some(self.embed_query(&question.to_embed)?),
            Channels::Words => None,
        };
        let embedded = Instant::now();
        let parameters = &request.ranking;
        let per_channel = parameters.per_channel.max(request.limit) + request.exclude.len();
        let mut search = CandidateRequest::new(&request.scope, per_channel);
        search.meaning = query.as_ref().map(|query| (self.embedder.model(), query));
        search.words = (request.channels != Channels::Meaning).then_some(&request.query);
        search.scan = request.scan;
        search.dense = parameters.dense;
        search.lexical = parameters.lexical;
        let candidates = self.searcher.candidates(&*self.store, &search)?;
        let scored = Instant::now();
        let ids: Vec<TurnId> = candidates.turns.iter().map(|candidate| candidate.turn).collect();
        let turns = self.store.turns(&request.scope.user, &ids)?;
        let signalled = signalled(&candidates, turns, &question, &request.time_zone);
        let timings = RecallTimings {
            embedding: embedded - began,
            channels: scored - embedded,
            ranking: scored.elapsed(),
        };
        Ok((signalled, timings))
    }

    fn embed_query(&self, query: &str) -> Result<Embedding, MemoryError> {
        let embedded = self.embedder.embed_query(query).map_err(MemoryError::Embed)?;
        self.embedder.model().check_width(&embedded)?;
        Ok(embedded)
    }

    /// Gives the best results their neighbours, as far as these are in scope: all by one read.
    fn with_neighbours(
        &self,
        request: &RecallRequest,
        ranked: Vec<Ranked>,
    ) -> Result<Vec<Recalled>, MemoryError> {
        let scope = &request.scope;
        let neighbours_of = |ranked: &Ranked| [ranked.before, ranked.after].into_iter().flatten();
        let wanted: Vec<TurnId> =
            ranked.iter().take(request.with_neighbours).flat_map(neighbours_of).collect();
        let read = match wanted[..] {
            [] => Vec::new(),
            _ => self.store.turns(&scope.user, &wanted)?,
        };
        let in_scope = |turn: &&Turn| scope.admits_role(turn.role) && scope.admits_time(turn.time);
        let neighbour = |id: TurnId| read.iter().find(|turn| turn.id == id).filter(in_scope);
        let results = ranked.into_iter().enumerate().map(|(position, ranked)| {
            let mut neighbours = Vec::new();
            if position < request.with_neighbours {
                neighbours.extend(neighbours_of(&ranked).filter_map(neighbour).cloned());
            }
            let Ranked { turn, explanation, .. } = ranked;
            Recalled { turn, score: self.relevance(&explanation), explanation, neighbours }
        });
        Ok(results.collect())
    }

    /// The turn's chance of being evidence for the query, 0 to 1.
    fn relevance(&self, explanation: &Explanation) -> f32 {
        RelevanceWeights::of(self.embedder.model()).chance(explanation.cosine, explanation.coverage)
    }

    /// Says whether a message has nothing to do with memory.
    fn is_about_nothing(&self, request: &RecallRequest, ranked: &[Ranked]) -> bool {
        let chances = ranked.iter().map(|found| self.relevance(&found.explanation));
        let best = chances.fold(0.0, f32::max);
        // The estimate was made with both channels, and says little with one of them alone.
        let unlikely = request.channels == Channels::Both && best < request.threshold;
        request.threshold > 0.0 && (unlikely || is_small_talk(&request.query))
    }
}

/// The facts in which somebody or something comes up that the query names; none if only a part of the
/// user's memory is asked for.
fn facts_for(request: &RecallRequest, mut facts: Vec<Fact>) -> Vec<Fact> {
    if !request.scope.is_whole_user() {
        return Vec::new();
    }
    let mut named = named_in(&facts, &request.query).into_iter();
    facts.retain(|_| named.next().unwrap_or(false));
    facts
}
