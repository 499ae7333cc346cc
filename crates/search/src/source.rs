//! What scoring asks of a store, and what a store hands to it.

use std::ops::ControlFlow;

use longmem_core::{EmbeddingModel, InvalidEmbedding, Scope, TurnId, UserName};
use thiserror::Error;

use crate::lists::BlockId;

/// A number that changes whenever something of a user was deleted or taken back. It is random and
/// compared for equality only: after a failover to an older copy of the store, a counter could come
/// to the same number by another way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Epoch(pub i64);

/// The number of a passage in its store. The passages of a turn follow one another; the numbers of
/// one user's passages rise in the order in which they were committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PassageId(pub i64);

/// A store's number for a session: turns of one session share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionNumber(pub i64);

/// A stored vector that is damaged.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("the vector of passage {passage} is damaged: {reason}")]
pub struct DamagedVector {
    /// The passage's number.
    pub passage: i64,
    /// What is wrong with its vector.
    pub reason: InvalidEmbedding,
}

/// Gives scoring what a search needs of one user.
///
/// Numbers of turns and of passages rise, for one user, in the order of commit: a search that knows
/// everything up to a number asks for what came after it.
pub trait SearchSource: Send + Sync {
    /// Why the store could not be read.
    type Error: From<DamagedVector> + Send;

    /// Hands over everything that one search needs, as of one state of the store. Returns false, and
    /// calls nothing, if the user has no memory here.
    ///
    /// The calls come in this order: [`SearchRows::user`]; [`SearchRows::turns`] for each block that
    /// holds a turn after [`Known::last_turn`]; if a model is wanted and ever wrote vectors here,
    /// [`SearchRows::model`] and then [`SearchRows::vector`] for each passage after
    /// [`Known::whole`], or, if the user has more than [`SearchWanted::whole_up_to`] passages,
    /// [`SearchRows::codes`] for each block with a passage after [`Known::codes`] and, if
    /// [`SearchWanted::extra_vectors`] is not 0, [`SearchRows::vector`] as well;
    /// [`SearchRows::word`] for each block of each word's list, where those may be left out that hold no
    /// turn after the one in [`SearchWanted::known_words`]. If the user's epoch is another than
    /// [`Known::epoch`], nothing counts as known.
    ///
    /// # Errors
    /// When the store cannot be read, or as the rows say.
    fn search(
        &self,
        wanted: &SearchWanted<'_>,
        rows: &mut dyn SearchRows,
    ) -> Result<bool, Self::Error>;

    /// Hands over vectors by the numbers of their passages, which ascend: `each` gets the place in
    /// `passages` and the vector's bytes, from any thread and in any order. A passage that is gone is
    /// left out.
    ///
    /// # Errors
    /// When the store cannot be read, or as `each` says.
    fn vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        passages: &[PassageId],
        each: TakeVector<'_>,
    ) -> Result<(), Self::Error>;

    /// Every word that a user's turns hold, in order; none for a user who is not here.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn vocabulary(&self, user: &UserName) -> Result<Vec<String>, Self::Error>;
}

/// Takes a vector by its place among those that were asked for, and its bytes.
pub type TakeVector<'a> = &'a (dyn Fn(usize, &[u8]) -> Result<(), DamagedVector> + Sync);

/// What one search needs.
#[derive(Debug, Clone, Copy)]
pub struct SearchWanted<'a> {
    /// Whose turns, and which sessions are to be looked up by name.
    pub scope: &'a Scope,
    /// The words whose lists are needed.
    pub words: &'a [String],
    /// For each of the words, the newest turn up to which its list is in memory already; none if nothing
    /// of it is.
    pub known_words: &'a [Option<TurnId>],
    /// The model whose vectors are needed; none if only words are searched.
    pub model: Option<&'a EmbeddingModel>,
    /// What is in memory already.
    pub known: Known,
    /// Number of passages up to which whole vectors are needed; of a user with more, codes are.
    pub whole_up_to: usize,
    /// Number of whole vectors that are taken beside codes; [`SearchRows::vector`] says when it is
    /// enough.
    pub extra_vectors: usize,
}

/// What a search has in memory already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The user's epoch when it was read; none before anything was.
    pub epoch: Option<Epoch>,
    /// The newest turn.
    pub last_turn: Option<TurnId>,
    /// Whole vectors of the wanted model.
    pub whole: KnownVectors,
    /// Codes of the wanted model's vectors.
    pub codes: KnownVectors,
}

/// Vectors, or codes of vectors, that are in memory already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KnownVectors {
    /// The newest passage that was read; none before anything was.
    pub through: Option<PassageId>,
    /// Number of passages up to it.
    pub passages: usize,
}

/// What a user's rows are at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserState {
    /// Changes with each deletion.
    pub epoch: Epoch,
    /// The newest turn; none if there is none yet.
    pub last_turn: Option<TurnId>,
}

/// The user of a search, found in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundUser {
    /// The user's rows at this moment.
    pub state: UserState,
    /// The numbers of the scope's sessions, as far as they exist; none if the scope names none, so
    /// that all are seen.
    pub sessions: Option<Vec<SessionNumber>>,
}

/// A user's vectors under one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelState {
    /// The newest passage; none if there is none.
    pub last_passage: Option<PassageId>,
    /// Number of passages.
    pub passages: usize,
}

/// Takes what a store hands over for one search; see [`SearchSource::search`] for the order.
pub trait SearchRows {
    /// The user, first of all.
    fn user(&mut self, user: FoundUser);

    /// One block of the turns' list.
    fn turns(&mut self, block: BlockId, bytes: &[u8]);

    /// How many vectors there are.
    fn model(&mut self, state: ModelState);

    /// One block of the codes' list.
    fn codes(&mut self, block: BlockId, bytes: &[u8]);

    /// One whole vector; passages come in the order of their numbers. `Break` if it is not taken,
    /// because enough were: then no more are needed.
    ///
    /// # Errors
    /// [`DamagedVector`] if the bytes are no vector of the wanted model.
    fn vector(
        &mut self,
        turn: TurnId,
        passage: PassageId,
        bytes: &[u8],
    ) -> Result<ControlFlow<()>, DamagedVector>;

    /// One block of a word's list; `word` is its place among the wanted words.
    fn word(&mut self, word: usize, block: BlockId, bytes: &[u8]);
}
