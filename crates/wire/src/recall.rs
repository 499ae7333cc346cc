//! A recall: what is asked, and what was found.

use std::time::Duration;

use jiff::tz::TimeZone;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Timestamp, TurnId};
use longmem_memory::{Degraded, Scan};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{EmbeddingModel, Fact, Scope, Turn};

/// Asks for the turns that are relevant to a query. Only `user` and `query` are needed; the scope's
/// fields stand beside the others.
///
/// ```json
/// {
///   "user": "ana", "sessions": [], "roles": ["user"], "since": null, "until": null,
///   "query": "Where do I live?", "limit": 5, "channels": "both", "exact": false, "exclude": [17],
///   "with_neighbours": 3, "asked_at": "2026-03-09T08:00:00Z", "time_zone": "Europe/Lisbon",
///   "threshold": 0.25, "deadline_ms": 1500
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RecallRequest {
    /// What may be found.
    #[serde(flatten)]
    pub scope: Scope,
    /// The question or message, as a person writes it.
    #[schemars(length(min = 1), regex(pattern = r"\S"))]
    pub query: String,
    /// Results at most; the engine's own limit, 10, if it is left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// Which ways of finding are used; both if it is left out.
    #[serde(default)]
    pub channels: Channels,
    /// Compare the query with every vector, however many there are.
    #[serde(default)]
    pub exact: bool,
    /// Turns that are not wanted.
    #[serde(default)]
    pub exclude: Vec<TurnId>,
    /// Number of best results that bring the turns beside them; 0 if it is left out.
    #[serde(default)]
    pub with_neighbours: usize,
    /// When it is asked, for questions like "what did I say last week?"; now if it is left out.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
    /// Where its days begin and end, by the IANA name; UTC if it is left out.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Bring nothing if the best turn's score is below this, 0 to 1; 0 brings what is nearest. The
    /// engine's own threshold if it is left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub threshold: Option<f32>,
    /// Milliseconds that it should take at most. With them, it answers by words where the embedding
    /// model is not ready, and says so; without, it waits for the model.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
}

impl RecallRequest {
    /// Asks for the best, by meaning and by words, without neighbours.
    pub fn new(scope: Scope, query: impl Into<String>) -> Self {
        Self {
            scope,
            query: query.into(),
            limit: None,
            channels: Channels::Both,
            exact: false,
            exclude: Vec::new(),
            with_neighbours: 0,
            asked_at: None,
            time_zone: None,
            threshold: None,
            deadline_ms: None,
        }
    }
}

/// A name that is not in the time zone database.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a time zone; expected a name like Europe/Lisbon")]
pub struct UnknownTimeZone(String);

impl TryFrom<RecallRequest> for longmem_memory::RecallRequest {
    type Error = UnknownTimeZone;

    fn try_from(asked: RecallRequest) -> Result<Self, UnknownTimeZone> {
        let mut request = Self::new(asked.scope.into(), asked.query);
        request.limit = asked.limit.unwrap_or(request.limit);
        request.channels = asked.channels.into();
        if asked.exact {
            request.scan = Scan::Exact;
        }
        request.exclude = asked.exclude;
        request.with_neighbours = asked.with_neighbours;
        request.asked_at = asked.asked_at;
        if let Some(name) = asked.time_zone {
            request.time_zone = TimeZone::get(&name).map_err(|_| UnknownTimeZone(name))?;
        }
        request.threshold = asked.threshold.unwrap_or(request.threshold);
        request.deadline = asked.deadline_ms.map(Duration::from_millis);
        Ok(request)
    }
}

/// Which ways of finding are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Meaning and words.
    #[default]
    Both,
    /// Vectors only.
    Meaning,
    /// Words only.
    Words,
}

impl From<Channels> for longmem_memory::Channels {
    fn from(channels: Channels) -> Self {
        match channels {
            Channels::Both => Self::Both,
            Channels::Meaning => Self::Meaning,
            Channels::Words => Self::Words,
        }
    }
}

/// What a recall found.
///
/// ```json
/// {
///   "facts": [], "results": [], "unsure": false, "turns_without_vectors": 3, "other_model": null,
///   "degraded": ["model_loading"]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recall {
    /// What is known that bears on the query, most relevant first, and all that is known of whom it
    /// names.
    #[serde(default)]
    pub facts: Vec<RecalledFact>,
    /// The turns, most relevant first.
    pub results: Vec<RecalledTurn>,
    /// Whether what was found is most likely no answer, but the nearest there is.
    pub unsure: bool,
    /// Turns of the user that have no vectors yet and are found by words only.
    pub turns_without_vectors: u64,
    /// The model that made the store's vectors, if it is another one than the one that embeds: then
    /// nothing was found by its meaning.
    #[serde(default)]
    pub other_model: Option<EmbeddingModel>,
    /// Why a recall with a deadline answered by words only; absent if it did as it was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
}

impl From<longmem_memory::Recall> for Recall {
    fn from(recall: longmem_memory::Recall) -> Self {
        Self {
            facts: recall.facts.into_iter().map(RecalledFact::from).collect(),
            results: recall.results.into_iter().map(RecalledTurn::from).collect(),
            unsure: recall.unsure,
            turns_without_vectors: recall.turns_without_vectors,
            other_model: recall.other_model.map(EmbeddingModel::from),
            degraded: recall.degraded,
        }
    }
}

/// A fact that a recall found, with its reasons. The fact's fields stand beside the others.
///
/// ```json
/// {
///   "id": 4, "subject": "user", "statement": "lives in Lisbon", "kind": "identity",
///   "entities": [], "since": "2026-03-08T18:30:00Z", "until": null, "superseded_by": null,
///   "turn": 17, "session": "move",
///   "score": 0.75,
///   "explanation": {
///     "dense": null, "lexical": null, "cosine": 0.5, "coverage": 0.0,
///     "adjustments": [{ "reason": "by the person who asks", "amount": 0.5 }], "rank_score": 1.5
///   }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecalledFact {
    /// The fact itself.
    #[serde(flatten)]
    pub fact: Fact,
    /// How likely it is to be of use for the query, 0 to 1, as for turns.
    pub score: f32,
    /// How the score came about; its rank score is comparable with those of the turns.
    pub explanation: Explanation,
}

impl From<longmem_memory::RecalledFact> for RecalledFact {
    fn from(found: longmem_memory::RecalledFact) -> Self {
        Self { fact: found.fact.into(), score: found.score, explanation: found.explanation.into() }
    }
}

/// A turn that a recall found, with its reasons. The turn's fields stand beside the others.
///
/// ```json
/// {
///   "id": 17, "session": "move", "session_title": null, "role": "user", "speaker": null,
///   "time": "2026-03-08T18:30:00Z", "text": "I live in Lisbon now!",
///   "score": 0.75,
///   "explanation": {
///     "dense": { "rank": 1, "score": 0.5 }, "lexical": null, "cosine": 0.5, "coverage": 0.0,
///     "adjustments": [{ "reason": "only asks", "amount": -0.125 }], "rank_score": 1.5
///   },
///   "neighbours": [], "copies": [9]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecalledTurn {
    /// The turn itself.
    #[serde(flatten)]
    pub turn: Turn,
    /// How likely it is to be of use for the query, 0 to 1: of results that say 0.6, six in ten are
    /// the answer or a part of it. Comparable between recalls, and never rising from place to place.
    pub score: f32,
    /// How the score came about.
    pub explanation: Explanation,
    /// Turns next to it in its session, in order of time.
    pub neighbours: Vec<Turn>,
    /// Older turns that say nearly the same.
    #[serde(default)]
    pub copies: Vec<TurnId>,
}

impl From<longmem_core::Recalled> for RecalledTurn {
    fn from(found: longmem_core::Recalled) -> Self {
        Self {
            turn: found.turn.into(),
            score: found.score,
            explanation: found.explanation.into(),
            neighbours: found.neighbours.into_iter().map(Turn::from).collect(),
            copies: found.copies,
        }
    }
}

/// How a turn's score came about.
///
/// ```json
/// {
///   "dense": { "rank": 1, "score": 0.5 }, "lexical": { "rank": 2, "score": 8.25 },
///   "cosine": 0.5, "coverage": 1.0,
///   "adjustments": [{ "reason": "same session", "amount": 0.5 }], "rank_score": 1.5
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Its place by meaning; none if it was not among the candidates by meaning.
    pub dense: Option<ChannelHit>,
    /// Its place by words; none if it was not among the candidates by words.
    pub lexical: Option<ChannelHit>,
    /// Its cosine to the query; none if it has no vector.
    pub cosine: Option<f32>,
    /// How much of the query's words it holds, weighted by their rarity: 0 to 1.
    pub coverage: f32,
    /// What was added to or taken from its rank.
    pub adjustments: Vec<Adjustment>,
    /// What the results are ordered by; comparable within one recall only.
    pub rank_score: f32,
}

impl From<longmem_core::Explanation> for Explanation {
    fn from(explanation: longmem_core::Explanation) -> Self {
        Self {
            dense: explanation.dense.map(ChannelHit::from),
            lexical: explanation.lexical.map(ChannelHit::from),
            cosine: explanation.cosine,
            coverage: explanation.coverage,
            adjustments: explanation.adjustments.into_iter().map(Adjustment::from).collect(),
            rank_score: explanation.rank_score,
        }
    }
}

/// A turn's place in one channel.
///
/// ```json
/// { "rank": 1, "score": 0.5 }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelHit {
    /// Its place, from 1.
    pub rank: usize,
    /// The channel's own score: a cosine, or BM25.
    pub score: f32,
}

impl From<longmem_core::ChannelHit> for ChannelHit {
    fn from(hit: longmem_core::ChannelHit) -> Self {
        Self { rank: hit.rank, score: hit.score }
    }
}

/// One named change of a rank.
///
/// ```json
/// { "reason": "says little", "amount": -0.125 }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Adjustment {
    /// What it is for.
    pub reason: String,
    /// What it adds; negative when it takes away.
    pub amount: f32,
}

impl From<longmem_core::Adjustment> for Adjustment {
    fn from(adjustment: longmem_core::Adjustment) -> Self {
        Self { reason: adjustment.reason, amount: adjustment.amount }
    }
}
