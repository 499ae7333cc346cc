//! Stores that hold turns with vectors, and the searches that are timed.
//!
//! The only place in these benches that names the store.

#![allow(dead_code, reason = "each bench uses a part of this")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fastrand::Rng;
use longmem_bench::{GivenVectors, Stopwatch, fill, user};
use longmem_core::{
    Embedding, EmbeddingModel, FixedClock, Scope, TextEmbedder, Timestamp, UserName,
};
use longmem_memory::{Memory, MemoryError, RankingParameters};
use longmem_search::{CandidateRequest, Candidates, Scan, Searcher};
use longmem_sqlite::{IfMissing, SqliteStore};
use tempfile::TempDir;

/// Number of results of a search by one channel.
const LIMIT: usize = 10;

/// Numbers in each vector.
const DIMENSIONS: usize = 384;

/// The place of the number that is almost zero in every vector.
const TINY_PLACE: usize = 223;

/// A store in a temporary folder, with one passage and vector for each turn.
pub(crate) struct FilledStore {
    pub(crate) file: PathBuf,
    pub(crate) store: OpenStore,
    /// The user of whom searches are timed; all users have the same number of turns.
    pub(crate) user: UserName,
    /// Dropped, and so deleted, after the store is closed.
    _folder: TempDir,
}

impl FilledStore {
    /// Makes a store of `users` users with `turns_each` turns each.
    pub(crate) fn new(users: usize, turns_each: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("memory.db");
        let mut directions = directions(1);
        let mut vectors = || directions.by_ref().take(turns_each).collect::<Vec<_>>().into_iter();
        fill(
            &|embedder| open_memory(&file, embedder),
            &made_up_model(),
            (0..users).map(|_| vectors()),
            &Stopwatch::new(|| false),
            &mut |_| {},
        )
        .expect("a new store can be filled");
        Self { store: OpenStore::open(&file), file, user: user(users / 2), _folder: folder }
    }

    /// The same store behind the engine.
    pub(crate) fn memory(&self) -> Memory {
        let embedder = Arc::new(GivenVectors::new(made_up_model()));
        open_memory(&self.file, embedder).expect("the store was just made")
    }
}

/// Opens or makes a store behind the engine.
pub(crate) fn open_memory(
    file: &Path,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    let store = Arc::new(SqliteStore::open(file, IfMissing::Create)?);
    Ok(Memory::new(store, embedder, Arc::new(FixedClock(Timestamp::UNIX_EPOCH))))
}

/// A store that is searched without the engine, so that nothing but scoring is timed.
pub(crate) struct OpenStore {
    store: SqliteStore,
    searcher: Searcher,
}

impl OpenStore {
    /// Opens a store that was filled.
    pub(crate) fn open(file: &Path) -> Self {
        let store = SqliteStore::open(file, IfMissing::Fail).expect("the store was just made");
        Self { store, searcher: Searcher::default() }
    }

    /// The ten nearest by meaning, as a vector database finds them.
    pub(crate) fn nearest(&self, user: &UserName, query: &Embedding) -> Candidates {
        self.by_meaning(user, query, Scan::Automatic)
    }

    /// The ten nearest by meaning, where the query is compared with every vector.
    pub(crate) fn nearest_exactly(&self, user: &UserName, query: &Embedding) -> Candidates {
        self.by_meaning(user, query, Scan::Exact)
    }

    fn by_meaning(&self, user: &UserName, query: &Embedding, scan: Scan) -> Candidates {
        let (scope, model) = (Scope::of(user.clone()), made_up_model());
        let mut request = CandidateRequest::new(&scope, LIMIT);
        request.meaning = Some((&model, query));
        request.scan = scan;
        self.candidates(&request)
    }

    /// The ten best by words.
    pub(crate) fn by_words(&self, user: &UserName, words: &str) -> Candidates {
        let scope = Scope::of(user.clone());
        let mut request = CandidateRequest::new(&scope, LIMIT);
        request.words = Some(words);
        self.candidates(&request)
    }

    /// The candidates by meaning and by words that a recall asks for.
    pub(crate) fn by_both(&self, user: &UserName, query: &Embedding, words: &str) -> Candidates {
        let (scope, model) = (Scope::of(user.clone()), made_up_model());
        let ranking = RankingParameters::default();
        let mut request = CandidateRequest::new(&scope, ranking.per_channel);
        request.meaning = Some((&model, query));
        request.words = Some(words);
        request.dense = ranking.dense;
        request.lexical = ranking.lexical;
        self.candidates(&request)
    }

    fn candidates(&self, request: &CandidateRequest<'_>) -> Candidates {
        self.searcher.candidates(&self.store, request).expect("the store can be read")
    }
}

/// The model that stored vectors are said to be of.
pub(crate) fn made_up_model() -> EmbeddingModel {
    EmbeddingModel {
        name: "made-up directions".to_owned(),
        revision: "1".to_owned(),
        dimensions: DIMENSIONS,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 256,
    }
}

/// Makes directions without end, scattered around a hundred centres as sentences are around their
/// subjects.
pub(crate) fn directions(seed: u64) -> impl Iterator<Item = Embedding> {
    let mut random = Rng::with_seed(seed);
    let centres: Vec<[f32; DIMENSIONS]> =
        (0..100).map(|_| std::array::from_fn(|_| random.f32() - 0.5)).collect();
    std::iter::repeat_with(move || {
        let centre = centres[random.usize(..centres.len())];
        let mut numbers: Vec<f32> =
            centre.iter().map(|number| number + random.f32() - 0.5).collect();
        // all-MiniLM-L6-v2 writes such a number there; products of two are slow in a plain loop.
        numbers[TINY_PLACE] = 1e-32;
        Embedding::normalized(numbers).expect("random numbers are not all zero")
    })
}

/// This process's resident memory; 0 where the system does not tell it.
pub(crate) fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) >> 10
}
