//! How fast a store recalls, remembers and forgets, whatever it is: the model's part is left out.

mod at_once;
mod changing;
mod recalling;

use std::sync::Arc;

use fastrand::Rng;
use longmem_core::{Embedding, EmbeddingModel, TextEmbedder, UserName};
use longmem_memory::{Memory, MemoryError};

use crate::{BenchError, GivenVectors, Stopwatch, fill, made_up_questions, mixtures, user};

pub use at_once::AtOnceFigures;
pub use changing::{ForgettingFigures, ImportingFigures, RememberingFigures};
pub use recalling::RecallOf;

/// Numbers of a made-up vector, as the model's have.
const DIMENSIONS: usize = 384;

/// Vectors that all others are mixed from.
const MIXED_FROM: usize = 200;

/// The seed of what they are mixed from.
const SEED: u64 = 4;

/// What a store is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Number of users, at least 1.
    pub users: usize,
    /// Passages of each of them, a turn each.
    pub passages: usize,
    /// Passages of one more user; 0 for none.
    pub one_user: usize,
}

impl Extent {
    /// Number of all passages.
    pub fn total(&self) -> usize {
        self.users * self.passages + self.one_user
    }

    /// The user with more passages than the others.
    pub fn large_user(&self) -> Option<UserName> {
        (self.one_user > 0).then(|| user(self.users))
    }

    /// A user who has nothing stored.
    fn new_user(&self) -> UserName {
        user(self.users + 1)
    }
}

/// A store with made-up memories of many users. The model takes no time: what is embedded and asked has
/// its vector already.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use longmem_bench::{Extent, RecallOf, Stopwatch, StoreBench};
/// use longmem_core::{FixedClock, TextEmbedder, Timestamp};
/// use longmem_memory::Memory;
/// use longmem_sqlite::{IfMissing, SqliteStore};
///
/// let folder = tempfile::tempdir()?;
/// let open = |embedder: Arc<dyn TextEmbedder>| {
///     let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
///     Ok(Memory::new(Arc::new(store), embedder, Arc::new(FixedClock(Timestamp::UNIX_EPOCH))))
/// };
/// let stopwatch = Stopwatch::new(|| false);
/// let extent = Extent { users: 2, passages: 50, one_user: 0 };
/// let bench = StoreBench::fill(&open, extent, &stopwatch, &mut |_| ())?;
/// let recall = bench.warm(RecallOf::Everybody, &stopwatch)?;
/// println!("{:.2} ms", recall.value());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StoreBench<'a> {
    /// Opens the store, or makes it, given an embedder.
    open: &'a dyn Fn(Arc<dyn TextEmbedder>) -> Result<Memory, MemoryError>,
    extent: Extent,
    questions: Arc<GivenVectors>,
    memory: Memory,
}

impl<'a> StoreBench<'a> {
    /// Fills an empty store, and opens it. `progress` is called now and then with a number of passages
    /// that are stored.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn fill(
        open: &'a dyn Fn(Arc<dyn TextEmbedder>) -> Result<Memory, MemoryError>,
        extent: Extent,
        stopwatch: &Stopwatch,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, BenchError> {
        let small = (0..extent.users).map(|_| extent.passages);
        let lists = small.chain((extent.one_user > 0).then_some(extent.one_user));
        let lists = lists.map(|passages| vectors().take(passages));
        fill(open, &model(), lists, stopwatch, progress)?;
        let questions = Arc::new(GivenVectors::new(model()));
        let texts = [extent.passages, extent.one_user].into_iter().flat_map(made_up_questions);
        questions.set_passages(texts.zip(vectors().skip(MIXED_FROM)));
        let memory = open(questions.clone())?;
        Ok(Self { open, extent, questions, memory })
    }

    /// An embedder that has the vectors of what is asked.
    pub fn embedder(&self) -> Arc<dyn TextEmbedder> {
        Arc::clone(&self.questions) as _
    }

    /// Bytes that the store occupies, divided by its passages.
    ///
    /// # Errors
    /// [`BenchError::Memory`].
    pub fn bytes_of_a_passage(&self) -> Result<u64, BenchError> {
        let stats = self.memory.stats()?;
        Ok(stats.file_bytes / stats.passages.max(1))
    }
}

/// The model that the made-up vectors are said to be of.
fn model() -> EmbeddingModel {
    EmbeddingModel {
        name: "made up".to_owned(),
        revision: "1".to_owned(),
        dimensions: DIMENSIONS,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 256,
    }
}

/// Made-up vectors without end.
fn vectors() -> impl Iterator<Item = Embedding> {
    let mut random = Rng::with_seed(SEED);
    let mut numbers = || (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect();
    let vector = |_| Embedding::normalized(numbers()).expect("random numbers are not all zero");
    mixtures((0..MIXED_FROM).map(vector).collect())
}
