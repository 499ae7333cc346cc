//! Finds what is relevant to a query.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use longmem_core::{Embedding, EmbeddingModel, Recalled, Scope, Timestamp, Turn, TurnId};
use longmem_search::{Candidate, CandidateRequest, Candidates, Scan};
use longmem_store::UserOverview;
use longmem_text::{asks_general_knowledge, is_bare_command, is_small_talk};

use crate::asking::questions;
use crate::contenders::contenders;
use crate::deadline::{DeadlineClock, Degraded};
use crate::order::Order;
use crate::question::Question;
use crate::ranking::{Ranked, RankingParameters, merge_copies, rank};
use crate::recalled_facts::{RecalledFact, SignalledFact, rank_facts};
use crate::relevance::{
    DEFAULT_THRESHOLD, GENERAL_THRESHOLD, JUDGED_RESULTS, NEAREST_BELOW, PROMPT_THRESHOLD,
    RelevanceWeights, UNSURE_SCORE, UNSURE_SCORE_BY_WORDS,
};
use crate::signals::{MeaningScale, Reader, Signalled, Signals, owners};
use crate::{Memory, MemoryError};

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

/// Number of best results that are compared to find copies of one another.
const COMPARED_FOR_COPIES: usize = 30;

/// Number of results that are shown where most likely none of them is an answer.
const UNSURE_RESULTS: usize = 3;

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
    /// brings nothing; neither does a mere greeting. A recall by words alone brings nothing where it is
    /// [unsure](Recall::unsure), if this is [`PROMPT_THRESHOLD`] or more. 0 always brings what is nearest.
    pub threshold: f32,
    /// How what is found is ordered.
    pub ranking: RankingParameters,
    /// Embed first what was just said, so that it is found by its meaning: see [`Memory::catch_up`].
    pub catch_up: bool,
    /// How long the recall should take at most. With it, a recall neither waits for the model to be
    /// loaded nor fails for want of it: it answers by words then, and says so in [`Recall::degraded`].
    /// Catching up is left out if the time is below a second. The time is kept to between steps: none is
    /// broken off. None takes the time that it takes.
    pub deadline: Option<Duration>,
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
            deadline: None,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recall {
    /// The turns, most relevant first.
    pub results: Vec<Recalled>,
    /// What is known that bears on the query, most relevant first, and all that is known of whom it
    /// names; none if only a part of the user's memory is asked for.
    pub facts: Vec<RecalledFact>,
    /// Whether what was found is most likely no answer, but the nearest there is: the best score is below
    /// 0.1, or below 0.07 where only words were searched.
    pub unsure: bool,
    /// Turns of the user that have no vectors yet and are found by words only.
    pub turns_without_vectors: u64,
    /// The model that made the store's vectors, if it is another one than the one that embeds. Then
    /// nothing was found by its meaning, also where that was asked for.
    pub other_model: Option<EmbeddingModel>,
    /// Why a recall with a deadline answered by words only; empty if it did as it was asked.
    pub degraded: Vec<Degraded>,
    /// How long it took.
    pub timings: RecallTimings,
}

/// One thing that a recall found.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// A turn.
    Turn(&'a Recalled),
    /// A fact.
    Fact(&'a RecalledFact),
}

impl Recall {
    /// Turns and facts together, most relevant first.
    pub fn in_order(&self) -> impl Iterator<Item = Found<'_>> {
        let mut turns = self.results.iter().peekable();
        let mut facts = self.facts.iter().peekable();
        std::iter::from_fn(move || {
            let turn_score = turns.peek().map(|turn| turn.explanation.rank_score);
            let is_next = |fact: &&RecalledFact| {
                turn_score.is_none_or(|turn| fact.explanation.rank_score >= turn)
            };
            let fact = facts.next_if(is_next).map(Found::Fact);
            fact.or_else(|| turns.next().map(Found::Turn))
        })
    }
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

/// What a recall's results are worth as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// They are not worth showing.
    Nothing,
    /// Hardly any can be an answer, so only the nearest are shown.
    Nearest,
    /// Most likely none is an answer.
    Unsure,
    /// One of them may well be an answer.
    Sure,
}

/// What is asked, found, and known, before anything is weighed.
struct Gathered {
    turns: Vec<Signalled>,
    facts: Vec<SignalledFact>,
    /// Neighbours of those that are likely to be the best.
    neighbours: Vec<Turn>,
    /// Why only words were searched, though meaning was asked for.
    degraded: Option<Degraded>,
    timings: RecallTimings,
}

impl Memory {
    /// Finds the turns in scope that are most relevant to the query, and the facts. Equal scores are
    /// ordered by turn number, so the same store gives the same answer. A user without memory gets
    /// none, and so does a message that asks memory for nothing: small talk ("hi, how are you?"), a bare
    /// command ("continue"), a request for general knowledge ("what's the capital of Peru?") of which
    /// nothing stored plainly speaks; and one that has nothing to do with what was said: see
    /// [`RecallRequest::threshold`].
    ///
    /// # Errors
    /// [`MemoryError::EmptyQuery`]; [`MemoryError::Embed`] if meaning is used and the model cannot be;
    /// [`MemoryError::Store`].
    pub fn recall(&self, request: &RecallRequest) -> Result<Recall, MemoryError> {
        if request.query.trim().is_empty() {
            return Err(MemoryError::EmptyQuery);
        }
        let clock = DeadlineClock::start(request.deadline);
        if request.catch_up && request.channels != Channels::Words {
            self.catch_up_in_time(&request.scope.user, clock)?;
        }
        let overview = self.store.overview(&request.scope.user)?;
        if request.threshold > 0.0 && asks_memory_nothing(&request.query) {
            let turns_without_vectors = overview.waiting;
            return Ok(Recall { turns_without_vectors, ..Recall::default() });
        }
        let other_model = self.other_model(request, &overview);
        let gathered = self.gathered(request, &overview, clock)?;
        let Gathered { turns, facts, neighbours, degraded, timings } = gathered;
        let scored = Instant::now();
        let ranking = &request.ranking;
        let excluded = |found: &Signalled| request.exclude.contains(&found.turn.id);
        let turns = turns.into_iter().filter(|found| !excluded(found)).collect();
        let compared = COMPARED_FOR_COPIES.max(request.limit);
        let shown = JUDGED_RESULTS.max(request.limit);
        let ranked = merge_copies(rank(turns, ranking), compared, shown, ranking.copy_likeness);
        let mut order = Order::of(ranked, rank_facts(facts, ranking));
        let by_words = request.channels == Channels::Words || degraded.is_some();
        let worth = self.worth(&order, request, by_words);
        match worth {
            // What is known of whom the query names is asked for all the same.
            Worth::Nothing => order.keep_named(request.limit),
            Worth::Nearest => order.keep(request.limit.min(UNSURE_RESULTS)),
            Worth::Unsure | Worth::Sure => order.keep(request.limit),
        }
        let unsure = matches!(worth, Worth::Nearest | Worth::Unsure);
        let Order { turns, facts, .. } = order;
        let facts = facts.into_iter().map(|fact| fact.recalled).collect();
        let results = self.with_neighbours(request, turns, neighbours)?;
        let timings = RecallTimings { ranking: timings.ranking + scored.elapsed(), ..timings };
        let turns_without_vectors = overview.waiting;
        let degraded = degraded.into_iter().collect();
        Ok(Recall { results, facts, unsure, turns_without_vectors, other_model, degraded, timings })
    }

    /// Judges what was found by how good the best of it is.
    fn worth(&self, order: &Order, request: &RecallRequest, by_words: bool) -> Worth {
        if request.threshold <= 0.0 || order.is_empty() {
            return Worth::Sure;
        }
        let least = least_chance(request);
        let best = order.best_chance(&RelevanceWeights::of(self.embedder.model()));
        if by_words {
            // Who asks for words alone takes what they bring; who asked for more gets no chance matches.
            let asked_for_more = request.channels != Channels::Words;
            return match order.best_score() {
                _ if asked_for_more && least >= PROMPT_THRESHOLD && best < least => Worth::Nothing,
                score if score < UNSURE_SCORE_BY_WORDS => Worth::Unsure,
                _ => Worth::Sure,
            };
        }
        // Chances say nothing of meaning alone.
        if request.channels != Channels::Both {
            return Worth::Sure;
        }
        match best {
            best if best < least => Worth::Nothing,
            best if best < NEAREST_BELOW => Worth::Nearest,
            _ if order.best_score() < UNSURE_SCORE => Worth::Unsure,
            _ => Worth::Sure,
        }
    }

    /// The model of the store's vectors, if a request asks for meaning and the model that embeds has
    /// none there.
    fn other_model(
        &self,
        request: &RecallRequest,
        overview: &UserOverview,
    ) -> Option<EmbeddingModel> {
        let asks_for_meaning = request.channels != Channels::Words;
        let has_vectors = overview.models.contains(self.embedder.model());
        overview.models.first().filter(|_| asks_for_meaning && !has_vectors).cloned()
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
        let clock = DeadlineClock::start(request.deadline);
        let gathered = self.gathered(request, &overview, clock)?;
        Ok(gathered.turns.into_iter().map(|found| found.signals).collect())
    }

    fn gathered(
        &self,
        request: &RecallRequest,
        overview: &UserOverview,
        clock: DeadlineClock,
    ) -> Result<Gathered, MemoryError> {
        let asked_at = request.asked_at.unwrap_or_else(|| self.now());
        let today = asked_at.to_zoned(request.time_zone.clone()).date();
        let most_parts = request.ranking.most_parts;
        let questions = questions(&request.query, &overview.speakers, today, most_parts);
        let began = Instant::now();
        let texts: Vec<&str> = questions.iter().map(|asked| &*asked.to_embed).collect();
        let (vectors, degraded) = match request.channels {
            Channels::Both | Channels::Meaning => {
                match self.embed_and_read(&texts, request, clock)? {
                    Ok(vectors) => (Some(vectors), None),
                    Err(degraded) => (None, Some(degraded)),
                }
            }
            Channels::Words => (None, None),
        };
        let by_words;
        let request = if degraded.is_some() {
            by_words = RecallRequest { channels: Channels::Words, ..request.clone() };
            &by_words
        } else {
            request
        };
        let known = self.facts_to_recall(request, overview, clock)?;
        let embedded = Instant::now();
        let found = self.candidates(request, &questions, vectors.as_deref())?;
        let scored = Instant::now();
        let scale = match questions.len() {
            1 => MeaningScale::Range,
            _ => MeaningScale::Times(request.ranking.part_scale),
        };
        let facts = known.scored(vectors.as_deref(), &found);
        let contenders = contenders(&questions, &found, request);
        let beside = likely_neighbours(&contenders, request.with_neighbours);
        let ids: BTreeSet<TurnId> = contenders.keys().chain(&beside).copied().collect();
        let ids: Vec<TurnId> = ids.into_iter().collect();
        let turns = self.store.turns(&request.scope.user, &ids)?;
        let mut turns: HashMap<TurnId, Turn> =
            turns.into_iter().map(|turn| (turn.id, turn)).collect();
        let neighbours = beside.iter().filter_map(|id| turns.get(id).cloned()).collect();
        turns.retain(|id, _| contenders.contains_key(id));
        let all = contenders.values().flatten().map(|(_, candidate)| candidate);
        let owners = owners(all, &turns);
        let readers: Vec<Reader<'_>> = questions
            .iter()
            .zip(&facts.scales)
            .map(|(question, (word_scale, cosine_range))| Reader {
                question,
                word_scale: *word_scale,
                cosine_range: *cosine_range,
                scale,
                owners: &owners,
                zone: &request.time_zone,
                echo_likeness: request.ranking.echo_likeness,
            })
            .collect();
        // A turn that was deleted since it was scored is left out.
        let signalled = contenders.into_iter().filter_map(|(id, found)| {
            let turn = turns.remove(&id)?;
            let read = found.into_iter().map(|(question, candidate)| {
                (readers[question].read(&candidate, &turn), candidate)
            });
            let read: Vec<(Signals, Candidate)> = read.collect();
            // The whole message put before is an echo, whichever of its sentences found it.
            let echo = read.iter().any(|(signals, _)| signals.echo)
                || (readers.len() > 1 && readers[0].is_echo(&turn));
            let (signals, candidate) = read.into_iter().max_by(|(a, _), (b, _)| {
                request.ranking.alone(a).total_cmp(&request.ranking.alone(b))
            })?;
            let signals = Signals { echo, ..signals };
            Some(Signalled { candidate, turn, signals })
        });
        let turns = signalled.collect();
        let facts = known.signalled(request, &facts, &questions, scale);
        let timings = RecallTimings {
            embedding: embedded - began,
            channels: scored - embedded,
            ranking: scored.elapsed(),
        };
        Ok(Gathered { turns, facts, neighbours, degraded, timings })
    }

    /// The candidates of each question of a message.
    fn candidates(
        &self,
        request: &RecallRequest,
        questions: &[Question],
        vectors: Option<&[Embedding]>,
    ) -> Result<Vec<Candidates>, MemoryError> {
        let searches = questions.iter().enumerate().map(|(place, question)| {
            let mut search = search_of(request);
            search.meaning = vectors.map(|vectors| (self.embedder.model(), &vectors[place]));
            search.words = (request.channels != Channels::Meaning).then_some(&question.text);
            search
        });
        let searches: Vec<_> = searches.collect();
        Ok(self.searcher.candidates_each(&*self.store, &searches)?)
    }

    fn embed_query(&self, query: &str) -> Result<Embedding, MemoryError> {
        let embedded = self.embedder.embed_query(query).map_err(MemoryError::Embed)?;
        self.embedder.model().check_width(&embedded)?;
        Ok(embedded)
    }

    pub(crate) fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Embedding>, MemoryError> {
        let embedded = self.embedder.embed_queries(queries).map_err(MemoryError::Embed)?;
        self.checked_vectors(queries.len(), embedded)
    }

    /// Gives the best results their neighbours, as far as these are in scope: those that were read
    /// already, and all others by one read.
    fn with_neighbours(
        &self,
        request: &RecallRequest,
        ranked: Vec<(Ranked, f32)>,
        mut read: Vec<Turn>,
    ) -> Result<Vec<Recalled>, MemoryError> {
        let scope = &request.scope;
        let neighbours_of = |ranked: &Ranked| [ranked.before, ranked.after].into_iter().flatten();
        let best = ranked.iter().take(request.with_neighbours);
        let missing = best.flat_map(|(ranked, _)| neighbours_of(ranked));
        let is_read = |id: &TurnId| read.iter().any(|turn| turn.id == *id);
        let missing: Vec<TurnId> = missing.filter(|id| !is_read(id)).collect();
        if !missing.is_empty() {
            read.extend(self.store.turns(&scope.user, &missing)?);
        }
        let in_scope = |turn: &&Turn| scope.admits_role(turn.role) && scope.admits_time(turn.time);
        let neighbour = |id: TurnId| read.iter().find(|turn| turn.id == id).filter(in_scope);
        let results = ranked.into_iter().enumerate().map(|(position, (ranked, score))| {
            let mut neighbours = Vec::new();
            if position < request.with_neighbours {
                neighbours.extend(neighbours_of(&ranked).filter_map(neighbour).cloned());
            }
            let Ranked { turn, explanation, copies, .. } = ranked;
            Recalled { turn, score, explanation, neighbours, copies }
        });
        Ok(results.collect())
    }
}

/// How many of each channel's best turns are taken for each result that gets neighbours.
const LIKELY: usize = 3;

/// The neighbours of the turns that are likely to be the `results` best, in order: so that the turns
/// themselves and these are read at once, which over a network is a trip less.
fn likely_neighbours(
    contenders: &BTreeMap<TurnId, Vec<(usize, Candidate)>>,
    results: usize,
) -> BTreeSet<TurnId> {
    let is_likely = |candidate: &&Candidate| {
        [candidate.dense, candidate.lexical]
            .into_iter()
            .flatten()
            .any(|hit| hit.rank <= LIKELY * results)
    };
    let likely = contenders.values().flatten().map(|(_, candidate)| candidate).filter(is_likely);
    likely.flat_map(|candidate| [candidate.before, candidate.after].into_iter().flatten()).collect()
}

/// What a recall asks of a search, but for the meaning and the words of its questions.
pub(crate) fn search_of(request: &RecallRequest) -> CandidateRequest<'_> {
    let parameters = &request.ranking;
    let per_channel = parameters.per_channel.max(request.limit) + request.exclude.len();
    let mut search = CandidateRequest::new(&request.scope, per_channel);
    search.scan = request.scan;
    search.dense = parameters.dense;
    search.lexical = parameters.lexical;
    search
}

/// Says whether a message asks memory for nothing.
fn asks_memory_nothing(message: &str) -> bool {
    is_small_talk(message) || is_bare_command(message)
}

/// The least chance of the best result by which a message brings anything: what everybody could know
/// needs a result that plainly speaks of it ("what is the capital of the fund?").
fn least_chance(request: &RecallRequest) -> f32 {
    if request.threshold > 0.0 && asks_general_knowledge(&request.query) {
        request.threshold.max(GENERAL_THRESHOLD)
    } else {
        request.threshold
    }
}
