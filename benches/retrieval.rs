//! How long it takes to find the ten best turns of one user, by store size and by how a query is
//! scored.
//!
//! | name | how |
//! |---|---|
//! | `tutorial_json_text` | vectors as JSON text in SQLite, read and parsed for each query |
//! | `blobs_read_per_query` | vectors as bytes in SQLite, read for each query, cosines by rayon |
//! | `memory_plain_loop` | vectors in memory, one after another on one core, all sorted |
//! | `nearest_warm` | longmem by meaning, in a process that has searched before |
//! | `exact_warm` | the same, the query compared with every vector in memory |
//! | `nearest_cold` | longmem by meaning, from opening the store: what a command line pays |
//! | `words_rare` | longmem by three words, each in about ten turns |
//! | `words_common` | longmem by the three most common words, each in about half of the turns |
//! | `words_misspelt` | longmem by one word that stands in no turn, but similar ones do |
//! | `both_channels` | longmem by meaning and by words, as a recall asks: a hundred from each |
//! | `both_channels_cold` | the same from opening the store |
//!
//! The tutorials' way is left out at 100,000 turns: its time grows in proportion to the turns.
//!
//! Data: made-up turns of 30 words (`longmem_bench::history`), one passage each, and made-up
//! directions as vectors: the time of a search does not depend on their values. The last lines are of
//! one user among a thousand, who have 100 turns each.
//!
//! It isolates scoring: the query's vector is given, and the texts that were found are not read.
//! All files are in the system's cache, for the cold search too. The comparison favours the first
//! three ways: they read only numbers and vectors, and have no users, filters or passages.
//!
//! Run: `cargo bench --bench retrieval`, or a part: `cargo bench --bench retrieval -- warm`,
//! `cargo bench --bench retrieval -- '/1000$'`.

#[path = "support/other_ways.rs"]
mod other_ways;
#[path = "support/store.rs"]
mod store;

use std::cell::LazyCell;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use longmem_bench::history::word;
use longmem_core::Embedding;
use other_ways::{VectorTables, nearest_by_plain_loop};
use store::{FilledStore, OpenStore, directions};

/// Numbers of turns of the one user, one passage each.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// The greatest number of turns at which the tutorials' way is measured.
const TUTORIAL_LIMIT: usize = 10_000;

/// What is asked, as a vector and as words.
struct Query {
    vector: Embedding,
    words: String,
}

impl Query {
    /// One common word, a less common one and two rare ones, as in most questions.
    fn new(turns: usize) -> Self {
        let vector = directions(2).next().expect("there is no end of directions");
        Self { vector, words: words(&[2, 50, turns / 30, turns / 3]) }
    }
}

fn words(ranks: &[usize]) -> String {
    let words: Vec<String> = ranks.iter().map(|rank| word(*rank)).collect();
    words.join(" ")
}

/// The ways that are compared with longmem.
fn other_ways(group: &mut BenchmarkGroup<'_, WallTime>, size: usize, query: &Query) {
    let vectors = LazyCell::new(|| directions(1).take(size).collect::<Vec<_>>());
    let tables = LazyCell::new(|| VectorTables::new(&vectors).expect("vectors can be stored"));
    if size <= TUTORIAL_LIMIT {
        group.bench_function(BenchmarkId::new("tutorial_json_text", size), |bencher| {
            let tables = &*tables;
            bencher
                .iter(|| tables.nearest_by_json_text(&query.vector).expect("vectors can be read"));
        });
    }
    group.bench_function(BenchmarkId::new("blobs_read_per_query", size), |bencher| {
        let tables = &*tables;
        bencher.iter(|| tables.nearest_by_blobs(&query.vector).expect("vectors can be read"));
    });
    group.bench_function(BenchmarkId::new("memory_plain_loop", size), |bencher| {
        let vectors = &*vectors;
        bencher.iter(|| nearest_by_plain_loop(vectors, &query.vector));
    });
}

/// The searches that every store is asked; `place` names the store in the report.
fn longmem(
    group: &mut BenchmarkGroup<'_, WallTime>,
    place: &str,
    filled: &LazyCell<FilledStore, impl FnOnce() -> FilledStore>,
    query: &Query,
) {
    let Query { vector, words } = query;
    group.bench_function(BenchmarkId::new("nearest_warm", place), |bencher| {
        let FilledStore { store, user, .. } = &**filled;
        bencher.iter(|| store.nearest(user, vector));
    });
    group.bench_function(BenchmarkId::new("exact_warm", place), |bencher| {
        let FilledStore { store, user, .. } = &**filled;
        bencher.iter(|| store.nearest_exactly(user, vector));
    });
    group.bench_function(BenchmarkId::new("nearest_cold", place), |bencher| {
        let FilledStore { file, user, .. } = &**filled;
        bencher.iter_with_large_drop(|| {
            let store = OpenStore::open(file);
            (store.nearest(user, vector), store)
        });
    });
    group.bench_function(BenchmarkId::new("both_channels", place), |bencher| {
        let FilledStore { store, user, .. } = &**filled;
        bencher.iter(|| store.by_both(user, vector, words));
    });
    group.bench_function(BenchmarkId::new("both_channels_cold", place), |bencher| {
        let FilledStore { file, user, .. } = &**filled;
        bencher.iter_with_large_drop(|| {
            let store = OpenStore::open(file);
            (store.by_both(user, vector, words), store)
        });
    });
}

fn by_words(
    group: &mut BenchmarkGroup<'_, WallTime>,
    size: usize,
    filled: &LazyCell<FilledStore, impl FnOnce() -> FilledStore>,
) {
    // A word of rank r stands in about 3.2 · turns / r turns.
    let rare = words(&[size / 3, size / 3 + 1, size / 3 + 2]);
    // No made-up word has an e, so this one stands in no turn.
    let misspelt = word(size / 3).replacen(['a', 'i', 'o', 'u'], "e", 1);
    for (name, words) in
        [("words_rare", rare), ("words_common", words(&[1, 2, 3])), ("words_misspelt", misspelt)]
    {
        group.bench_function(BenchmarkId::new(name, size), |bencher| {
            let FilledStore { store, user, .. } = &**filled;
            bencher.iter(|| store.by_words(user, &words));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();

    let mut group = criterion.benchmark_group("retrieval");
    for size in SIZES {
        let query = Query::new(size);
        other_ways(&mut group, size, &query);
        let filled = LazyCell::new(|| FilledStore::new(1, size));
        longmem(&mut group, &size.to_string(), &filled, &query);
        by_words(&mut group, size, &filled);
    }
    let filled = LazyCell::new(|| FilledStore::new(1_000, 100));
    longmem(&mut group, "one_of_1000_users_100000", &filled, &Query::new(100));
    group.finish();
    criterion.final_summary();
}
