//! Searches given vectors by given queries, so that other programs can be held against longmem.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use longmem_core::{Embedding, EmbeddingModel, Scope, TurnId};
use longmem_search::{CandidateRequest, Scan, Searcher};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::Upkeep;

use crate::arguments::BenchSearchArguments;
use crate::failure::Failure;
use crate::output::{Output, counted, grouped};

use super::report::{Figure, Group, Row};
use super::stopwatch::Stopwatch;
use super::{generated_store, npy};

/// The store's file in the folder that is kept.
const FILE: &str = "bench.db";

/// What was measured, and what was found.
pub(super) struct Nearest {
    pub(super) group: Group,
    /// For each query the numbers of the nearest vectors, from 0, best first.
    pub(super) found: Vec<Vec<u64>>,
}

/// Stores the vectors, dealt out to the users, or takes the store that was kept, and asks every query once.
///
/// # Errors
/// [`Failure::Refused`] for files that hold no vectors; [`Failure::Store`].
pub(super) fn measure(
    arguments: &BenchSearchArguments,
    stopwatch: &Stopwatch,
    output: Output,
) -> Result<Nearest, Failure> {
    let queries = npy::read(&arguments.queries)?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    let path = stored(arguments, folder, stopwatch, output)?;

    let began = Instant::now();
    let store = SqliteStore::open(path, IfMissing::Fail)?;
    let searcher = Searcher::default();
    let mut cold = None;
    stopwatch.warm_up(&queries, |query| {
        nearest((&searcher, &store), query, arguments)?;
        cold.get_or_insert_with(|| began.elapsed());
        Ok(())
    })?;
    let mut found = Vec::with_capacity(queries.len());
    let mut times = Vec::with_capacity(queries.len());
    for query in &queries {
        stopwatch.check()?;
        let asked = Instant::now();
        let nearest = nearest((&searcher, &store), query, arguments)?;
        times.push(asked.elapsed());
        found.push(nearest);
    }
    let stored = store.stats()?.vectors;
    let rows = vec![
        Row::new("a query", Figure::latency(times)),
        Row::new("open the file, first query", Figure::latency(cold.into_iter().collect())),
    ];
    let users = counted(arguments.users as u64, "user");
    let title =
        format!("The {} nearest of one of {users}, {} vectors", arguments.top, grouped(stored));
    Ok(Nearest { group: Group { title, rows }, found })
}

/// The file of a store with the vectors.
fn stored(
    arguments: &BenchSearchArguments,
    folder: &Path,
    stopwatch: &Stopwatch,
    output: Output,
) -> Result<PathBuf, Failure> {
    let path = folder.join(FILE);
    if !path.exists() {
        let vectors = npy::read(&arguments.vectors)?;
        let dealt = |user| vectors.iter().skip(user).step_by(arguments.users).cloned();
        let memories = (0..arguments.users).map(dealt);
        // Only a whole store gets the name that is looked for.
        let begun = folder.join("unfinished.db");
        fs_err::create_dir_all(folder)?;
        if begun.exists() {
            fs_err::remove_file(&begun)?;
        }
        let total = vectors.len();
        drop(generated_store::fill(&begun, &model(), memories, total, stopwatch, output)?);
        fs_err::rename(begun, &path)?;
    }
    Ok(path)
}

/// Asks the first user's memory, which holds every so many-th vector.
fn nearest(
    (searcher, store): (&Searcher, &SqliteStore),
    query: &Embedding,
    arguments: &BenchSearchArguments,
) -> Result<Vec<u64>, Failure> {
    let scope = Scope::of(generated_store::user(0));
    let model = model();
    let mut request = CandidateRequest::new(&scope, arguments.top);
    request.meaning = Some((&model, query));
    request.scan = if arguments.exact { Scan::Exact } else { Scan::Automatic };
    let found = searcher.candidates(store, &request)?;
    let hits = found.turns.iter().filter_map(|found| Some((found.dense?.rank, found.turn)));
    let in_order: BTreeMap<usize, TurnId> = hits.collect();
    // The store was filled with the first user's turns first, numbered from 1 on.
    Ok(in_order.values().map(|turn| (turn.0 as u64 - 1) * arguments.users as u64).collect())
}

/// The model that given vectors are said to be of.
fn model() -> EmbeddingModel {
    EmbeddingModel {
        name: "given vectors".to_owned(),
        revision: "1".to_owned(),
        dimensions: npy::DIMENSIONS,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 256,
    }
}
