//! Vectors: which turns wait for them, which model's serve, and how they come in.

use std::any::Any;
use std::fmt;

use longmem_core::{Embedding, EmbeddingModel, PassageSpan, TurnId, UserName};

use crate::{Result, StoreError};

/// What a store does with vectors.
pub trait Vectors: Send + Sync {
    /// The model whose vectors serve searches; none before the first were written.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn serving_model(&self) -> Result<Option<EmbeddingModel>>;

    /// Makes the model the one whose vectors are written from now on.
    ///
    /// The first model of a store serves at once. Another one needs `replace`: then every turn is
    /// queued again, and the old vectors serve until [`Vectors::finish_replacing`]. Asking again goes
    /// on where it stopped.
    ///
    /// # Errors
    /// [`StoreError::OtherModel`] without `replace` if another model's
    /// vectors are here.
    fn begin_indexing(&self, model: &EmbeddingModel, replace: bool) -> Result<()>;

    /// Queues every turn again and drops all vectors, so that they are made anew.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn requeue_all(&self) -> Result<()>;

    /// Counts the turns that wait for vectors: one user's, or all.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn waiting(&self, user: Option<&UserName>) -> Result<u64>;

    /// Reads up to `limit` turns that wait for vectors, one user's or all: user by user, each user's
    /// in the order of their numbers, going on after the given one.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn queued_turns(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Vec<QueuedTurn>>;

    /// Reads waiting turns as [`Vectors::queued_turns`] does, and claims them: until the claim is dropped,
    /// or its process is gone, nobody else is given turns of these users. Turns of users whom another one
    /// has claimed are passed over. Whoever asks has the right of [`Vectors::lock_index`].
    ///
    /// A store in which one indexes at a time need not implement it.
    ///
    /// # Errors
    /// When the store cannot be read, or the claim cannot be written.
    fn claim_queued(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Claim> {
        let turns = self.queued_turns(user, after, limit)?;
        Ok(Claim { turns, right: None, others_at_it: false })
    }

    /// Stores vectors and takes their turns off the queue. A turn that was deleted or embedded in the
    /// meantime is passed over, and so are all if the model is not the one of the last
    /// [`Vectors::begin_indexing`]. Returns how many turns were stored.
    ///
    /// `truncated_tokens` is added to the model's count of tokens that no vector covers.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was stored of at least one user, and what was not
    /// stored still waits.
    fn write_vectors(
        &self,
        model: &EmbeddingModel,
        turns: &[EmbeddedTurn],
        truncated_tokens: u64,
    ) -> Result<u64>;

    /// Lets the new model serve and deletes the old one's vectors, if every turn has its new ones.
    /// Returns whether that happened.
    ///
    /// # Errors
    /// [`StoreError`]; then the old model serves on.
    fn finish_replacing(&self) -> Result<bool>;

    /// Takes the right to index: alone, or beside others where the store lets several share the work; a
    /// store may let one index at a time whatever is asked for. If another process is in the way, waits
    /// for that one, or returns none.
    ///
    /// # Errors
    /// When the store cannot be locked.
    fn lock_index(&self, share: IndexShare, wait: bool) -> Result<Option<StoreLock>>;
}

/// What a model's vectors are in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelState {
    /// Complete, but for the queue.
    Serving,
    /// Being made, to replace the serving ones.
    Building,
}

impl ModelState {
    /// The word that stores keep for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Building => "building",
        }
    }
}

/// Fails if a model's vectors may not be written, as [`Vectors::begin_indexing`] says: another one's serve,
/// and they are not to be replaced.
///
/// # Errors
/// [`StoreError::OtherModel`], which names the place.
pub fn may_index(
    model: &EmbeddingModel,
    serving: Option<&EmbeddingModel>,
    replace: bool,
    place: impl FnOnce() -> String,
) -> Result<()> {
    let named = |model: &EmbeddingModel| format!("{}@{}", model.name, model.revision);
    match serving {
        Some(serving) if serving != model && !replace => Err(StoreError::OtherModel {
            place: place(),
            stored: named(serving),
            given: named(model),
        }),
        _ => Ok(()),
    }
}

/// Whether somebody else may index meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexShare {
    /// Nobody may: for making all vectors anew, or those of another model. Who began before that may
    /// still be at a last batch.
    Alone,
    /// Others may, each of whom claims what it embeds by [`Vectors::claim_queued`].
    WithOthers,
}

/// Waiting turns that are given to one process.
#[derive(Debug)]
pub struct Claim {
    /// The turns; none if no turn waits that nobody else has claimed.
    pub turns: Vec<QueuedTurn>,
    /// What keeps others from being given the same; none where the right to index does.
    pub right: Option<StoreLock>,
    /// Whether there are none because others have claimed all that waits.
    pub others_at_it: bool,
}

/// A turn that waits for vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedTurn {
    /// The turn.
    pub turn: TurnId,
    /// Whose turn it is.
    pub user: UserName,
    /// What is to be embedded.
    pub text: String,
}

/// A turn with its passages and their vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddedTurn {
    /// Whose turn it is.
    pub user: UserName,
    /// The turn.
    pub turn: TurnId,
    /// Its passages in order; none if it holds nothing to embed, which is done with it too.
    pub passages: Vec<(PassageSpan, Embedding)>,
}

/// The right to do what one process does at a time, given back when it is dropped, and when the process
/// ends, however it ends.
pub struct StoreLock(#[expect(dead_code, reason = "it is held, not used")] Box<dyn Any + Send>);

impl StoreLock {
    /// Wraps what gives the right back when it is dropped.
    pub fn new(guard: impl Any + Send) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}
