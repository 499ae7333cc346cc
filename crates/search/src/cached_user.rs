//! What is kept in memory of one user.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::EmbeddingModel;

use crate::source::{Known, KnownVectors, PassageId, UserState};
use crate::turn_table::TurnTable;
use crate::vectors::{Codes, Matrix, Snapshot};
use crate::words::{KeptWords, Vocabulary, WordWindows};

/// Bytes of whole vectors that are kept of one user who has many: 170,000 vectors of 384 numbers.
const MAX_WHOLE_BYTES: usize = 1 << 28;

/// Number of them that each search reads, so that none waits for all.
const VECTORS_A_SEARCH: usize = 2048;

/// One user's part of the cache. Each field is immutable once made, so that a search goes on with what
/// it took while another one puts something newer in its place.
#[derive(Clone, Default)]
pub(crate) struct CachedUser {
    /// What the store said when the rest was read; none before anything was.
    pub(crate) state: Option<UserState>,
    pub(crate) table: Arc<TurnTable>,
    pub(crate) windows: Arc<KeptWindows>,
    pub(crate) words: Arc<KeptWords>,
    /// Read when a word was first asked for that the user never wrote.
    pub(crate) vocabulary: Option<Arc<Vocabulary>>,
    /// Of each model: most users have one, and while it is replaced two.
    vectors: Vec<CachedVectors>,
    /// Whether it was read ahead of the first search.
    pub(crate) is_read_ahead: bool,
}

/// One user's vectors under one model.
#[derive(Clone)]
pub(crate) struct CachedVectors {
    model: Arc<EmbeddingModel>,
    pub(crate) whole: Through<Matrix>,
    pub(crate) codes: Through<Codes>,
}

/// The vectors up to a passage.
#[derive(Clone)]
pub(crate) struct Through<L> {
    /// The newest passage that was read; none before any was.
    pub(crate) last: Option<PassageId>,
    pub(crate) snapshot: Arc<Snapshot<L>>,
}

impl CachedUser {
    /// What a search need not read again.
    pub(crate) fn known(&self, model: Option<&EmbeddingModel>) -> Known {
        let vectors = model.and_then(|model| self.found(model));
        Known {
            epoch: self.state.map(|state| state.epoch),
            last_turn: self.state.and_then(|state| state.last_turn),
            whole: vectors.map_or_else(KnownVectors::default, |vectors| {
                let Through { last, snapshot } = &vectors.whole;
                KnownVectors { through: *last, passages: snapshot.passages() }
            }),
            codes: vectors.map_or_else(KnownVectors::default, |vectors| {
                let Through { last, snapshot } = &vectors.codes;
                KnownVectors { through: *last, passages: snapshot.passages() }
            }),
        }
    }

    /// The vectors under a model, empty ones if there are none yet.
    pub(crate) fn vectors(&mut self, model: &EmbeddingModel) -> &mut CachedVectors {
        let found = self.vectors.iter().position(|vectors| *vectors.model == *model);
        let place = found.unwrap_or(self.vectors.len());
        if found.is_none() {
            self.vectors.push(CachedVectors::new(model));
        }
        &mut self.vectors[place]
    }

    fn found(&self, model: &EmbeddingModel) -> Option<&CachedVectors> {
        self.vectors.iter().find(|vectors| *vectors.model == *model)
    }

    /// Number of whole vectors that the next search takes beside codes. A command asks once, and
    /// need not read any but those it compares; who asks again gets more of them with each search.
    pub(crate) fn extra_vectors(&self, model: Option<&EmbeddingModel>) -> usize {
        let Some((model, vectors)) = model.and_then(|model| Some((model, self.found(model)?)))
        else {
            return 0;
        };
        let all = vectors.codes.snapshot.passages() * model.dimensions * size_of::<f32>();
        let asks_again = vectors.codes.last.is_some() && !self.is_read_ahead;
        if asks_again && all <= MAX_WHOLE_BYTES { VECTORS_A_SEARCH } else { 0 }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let vectors = self.vectors.iter();
        let vectors = vectors.map(|v| v.whole.snapshot.bytes() + v.codes.snapshot.bytes());
        self.table.bytes()
            + self.windows.bytes()
            + self.words.bytes()
            + self.vocabulary.as_ref().map_or(0, |vocabulary| vocabulary.bytes())
            + vectors.sum::<usize>()
    }
}

impl CachedVectors {
    fn new(model: &EmbeddingModel) -> Self {
        let width = model.dimensions;
        Self {
            model: Arc::new(model.clone()),
            whole: Through { last: None, snapshot: Arc::new(Snapshot::new(width)) },
            codes: Through { last: None, snapshot: Arc::new(Snapshot::new(width)) },
        }
    }
}

/// The windows that words were last scored with, made when first needed: of this table, or of one from
/// which it has grown.
#[derive(Default)]
pub(crate) struct KeptWindows(Mutex<Option<Arc<WordWindows>>>);

impl KeptWindows {
    /// Those to begin with once the table has grown.
    pub(crate) fn before_growing(&self) -> Self {
        Self(Mutex::new(self.kept().clone()))
    }

    /// Which turns share words; those of the last search if they were made for the same parameters.
    pub(crate) fn of(
        &self,
        table: &TurnTable,
        neighbours: usize,
        longest_neighbour: u32,
    ) -> Arc<WordWindows> {
        let mut kept = self.kept();
        let windows = match &*kept {
            Some(windows) if windows.fit(neighbours, longest_neighbour) => {
                if windows.len() == table.len() {
                    return Arc::clone(windows);
                }
                windows.grown(table)
            }
            _ => WordWindows::new(table, neighbours, longest_neighbour),
        };
        Arc::clone(kept.insert(Arc::new(windows)))
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<WordWindows>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> usize {
        self.kept().as_ref().map_or(0, |windows| windows.bytes())
    }
}
