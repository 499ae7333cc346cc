//! Searches given vectors by given queries, so that other programs can be compared.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use longmem_bench::{Figure, GivenVectors, Stopwatch, fill, history, user};
use longmem_core::{Embedding, EmbeddingModel, Scope};
use longmem_memory::{Channels, Memory, RankingParameters, Recall, RecallRequest, Scan};
use serde::Serialize;

use crate::arguments::SearchArguments;
use crate::error::LabError;
use crate::npy;
use crate::open::{SystemClock, open_or_make};

/// What was measured, and what was found.
#[derive(Serialize)]
struct Measured {
    /// Number of vectors, of all users.
    vectors: u64,
    /// Scoring one query, in a process that has searched before.
    query: Figure,
    /// Opening the memory and the first query.
    first_query: Figure,
    /// For each query the numbers of the nearest vectors, from 0, best first.
    nearest: Vec<Vec<usize>>,
}

/// Stores the vectors, or takes the memory that was kept, asks every query once, and returns times
/// and results as JSON.
pub(crate) fn run(arguments: &SearchArguments) -> Result<String, LabError> {
    let queries = npy::read(&arguments.queries)?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    let file = filled(arguments, folder)?;

    let began = Instant::now();
    let searched = Searched::open(&file, queries.first(), arguments)?;
    let stopwatch = Stopwatch::new(|| false);
    let mut cold = None;
    stopwatch.warm_up(&queries, |query| {
        searched.ask(query)?;
        cold.get_or_insert_with(|| began.elapsed());
        Ok(())
    })?;

    let mut times = Vec::with_capacity(queries.len());
    let mut nearest = Vec::with_capacity(queries.len());
    for query in &queries {
        let recall = searched.ask(query)?;
        times.push(recall.timings.channels);
        nearest.push(searched.rows(&recall));
    }
    let measured = Measured {
        vectors: searched.memory.stats()?.vectors,
        query: Figure::latency(times),
        first_query: Figure::latency(cold.into_iter().collect()),
        nearest,
    };
    Ok(serde_json::to_string(&measured).expect("figures have a JSON form"))
}

/// The file of a memory that holds the vectors, in a folder that may hold it already.
fn filled(arguments: &SearchArguments, folder: &Path) -> Result<PathBuf, LabError> {
    let (unfinished, finished) = (folder.join("unfinished"), folder.join("finished"));
    let file = "memory.db";
    if !finished.exists() {
        let vectors = npy::read(&arguments.vectors)?;
        let users = arguments.users.get();
        let lists = (0..users).map(|user| vectors.iter().skip(user).step_by(users).cloned());
        if unfinished.exists() {
            fs_err::remove_dir_all(&unfinished)?;
        }
        fs_err::create_dir_all(&unfinished)?;
        fill(
            &|embedder| open_or_make(&unfinished.join(file), embedder, Arc::new(SystemClock)),
            &model(vectors.first()),
            lists,
            &Stopwatch::new(|| false),
            &mut |_| {},
        )?;
        // Only a memory that was filled to the end gets the name that the next run looks for.
        fs_err::rename(unfinished, &finished)?;
    }
    Ok(finished.join(file))
}

/// The model that the vectors are said to be of.
fn model(example: Option<&Embedding>) -> EmbeddingModel {
    EmbeddingModel {
        name: "given vectors".to_owned(),
        revision: "1".to_owned(),
        dimensions: example.map_or(0, Embedding::width),
        pooling: "mean".to_owned(),
        normalized: true,
        window: 256,
    }
}

/// A memory that is searched.
struct Searched<'a> {
    memory: Memory,
    embedder: Arc<GivenVectors>,
    arguments: &'a SearchArguments,
}

impl<'a> Searched<'a> {
    fn open(
        file: &Path,
        example: Option<&Embedding>,
        arguments: &'a SearchArguments,
    ) -> Result<Self, LabError> {
        let embedder = Arc::new(GivenVectors::new(model(example)));
        let memory = open_or_make(file, embedder.clone(), Arc::new(SystemClock))?;
        Ok(Self { memory, embedder, arguments })
    }

    /// Asks for the nearest vectors of the first user, each turn by itself.
    fn ask(&self, query: &Embedding) -> Result<Recall, longmem_memory::MemoryError> {
        self.embedder.set_query(query.clone());
        // The text of the query does not matter: its vector is given.
        let mut request = RecallRequest::new(Scope::of(user(0)), "a given vector");
        request.channels = Channels::Meaning;
        request.scan = if self.arguments.exact { Scan::Exact } else { Scan::Automatic };
        request.limit = self.arguments.top;
        request.ranking = RankingParameters::PLAIN;
        request.ranking.per_channel = self.arguments.top;
        request.threshold = 0.0;
        self.memory.recall(&request)
    }

    /// The numbers of the vectors that were found, best first.
    fn rows(&self, recall: &Recall) -> Vec<usize> {
        let mut found: Vec<_> = recall.results.iter().collect();
        found.sort_by_key(|found| found.explanation.dense.map(|hit| hit.rank));
        let row = |number: usize| number * self.arguments.users.get();
        found.into_iter().map(|found| row(history::number_at(found.turn.time))).collect()
    }
}
