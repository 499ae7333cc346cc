//! Finds what is relevant to a query.

use std::collections::HashMap;

use longmem_core::{Recalled, Scope, Turn, TurnId};

use crate::ranking::{Ranked, fuse};
use crate::{Memory, MemoryError};

/// Candidates that each channel hands to the ranking: the union of the best 100 of both loses
/// nothing within the first 1,000 tokens on LoCoMo.
const CANDIDATES: usize = 100;

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
    /// Turns that are not wanted, because they stand in the prompt already.
    pub exclude: Vec<TurnId>,
    /// Of the best results, how many bring the turns next to them.
    pub with_neighbours: usize,
}

impl RecallRequest {
    /// Asks for the ten best, by meaning and by words, without neighbours.
    pub fn new(scope: Scope, query: impl Into<String>) -> Self {
        Self {
            scope,
            query: query.into(),
            limit: 10,
            channels: Channels::Both,
            exclude: Vec::new(),
            with_neighbours: 0,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recall {
    /// The turns, most relevant first.
    pub results: Vec<Recalled>,
    /// Turns in the store, of whichever user, that have no vectors yet and are found by words only.
    pub turns_without_vectors: u64,
}

impl Memory {
    /// Finds the turns in scope that are most relevant to the query. Equal scores are ordered by
    /// turn number, so the same store gives the same answer. A user without memory gets none.
    ///
    /// # Errors
    /// [`MemoryError::Embed`] if meaning is used and the model cannot be; [`MemoryError::Store`].
    pub fn recall(&self, request: &RecallRequest) -> Result<Recall, MemoryError> {
        let candidates = CANDIDATES.max(request.limit) + request.exclude.len();
        let dense = match request.channels {
            Channels::Both | Channels::Meaning => self.nearest(request, candidates)?,
            Channels::Words => Vec::new(),
        };
        let lexical = match request.channels {
            Channels::Both | Channels::Words => {
                self.store.search_words(&request.scope, &request.query, candidates)?
            }
            Channels::Meaning => Vec::new(),
        };
        let mut ranked = fuse(&dense, &lexical);
        ranked.retain(|candidate| !request.exclude.contains(&candidate.turn));
        ranked.truncate(request.limit);
        Ok(Recall {
            results: self.read_results(request, ranked)?,
            turns_without_vectors: self.store.queue_length()?,
        })
    }

    fn nearest(
        &self,
        request: &RecallRequest,
        limit: usize,
    ) -> Result<Vec<longmem_store::DenseHit>, MemoryError> {
        let mut query =
            self.embedder.embed(&[request.query.as_str()]).map_err(MemoryError::Embed)?;
        let Some(query) = query.pop() else { return Ok(Vec::new()) };
        Ok(self.store.nearest(&request.scope, self.embedder.model(), &query, limit)?)
    }

    fn read_results(
        &self,
        request: &RecallRequest,
        ranked: Vec<Ranked>,
    ) -> Result<Vec<Recalled>, MemoryError> {
        let user = &request.scope.user;
        let ids: Vec<TurnId> = ranked.iter().map(|candidate| candidate.turn).collect();
        let turns = self.store.turns(user, &ids)?;
        let mut turns: HashMap<TurnId, Turn> =
            turns.into_iter().map(|turn| (turn.id, turn)).collect();
        let mut results = Vec::with_capacity(ranked.len());
        for (position, candidate) in ranked.into_iter().enumerate() {
            // A turn that another process deleted since it was scored is no result.
            let Some(turn) = turns.remove(&candidate.turn) else { continue };
            let mut neighbours = Vec::new();
            if position < request.with_neighbours {
                neighbours = self.store.neighbours(user, &turn, 1, 1)?;
                neighbours.retain(|turn| {
                    request.scope.admits_role(turn.role) && request.scope.admits_time(turn.time)
                });
            }
            results.push(Recalled {
                turn,
                score: candidate.score,
                explanation: candidate.explanation,
                neighbours,
            });
        }
        Ok(results)
    }
}
