//! How long it takes to find the ten best turns of one user, by store size and by how a query is
//! scored: what the design buys.
//!
//! | name | how |
//! |---|---|
//! | `tutorial_json_text` | vectors as JSON text in SQLite, read and parsed for each query |
//! | `blobs_read_per_query` | vectors as bytes in SQLite, read for each query, cosines by rayon |
//! | `memory_plain_loop` | vectors in memory, one after another on one core, all sorted |
//! | `nearest_warm` | longmem by meaning, in a process that has searched before |
//! | `exact_warm` | the same, the query compared with every vector in memory |
//! | `nearest_cold` | longmem by meaning, from opening the store: what a command line pays |
//! | `words_rare` | longmem by three words that about ten turns hold each |
//! | `words_common` | longmem by the three most common words, each in about half of the turns |
//! | `words_misspelt` | longmem by one word that no turn holds and others come close to |
//! | `both_channels` | longmem by meaning and by words, as a recall asks: a hundred from each |
//! | `both_channels_cold` | the same from opening the store |
//!
//! The tutorial's way is left out at 100,000 turns: its time grows in proportion, so seconds for
//! each query and a file of half a gigabyte would teach nothing.
//!
//! Data: made-up turns of 30 words (`src/commands/bench/made_up_history.rs`), one passage each, and
//! made-up directions as vectors: the time of a search does not depend on the values. The last lines
//! are of one user among a thousand, who have 100 turns each.
//!
//! It isolates scoring: the query's vector is given, and the texts that were found are not read.
//! All files are in the system's cache, for the cold search too. The first three ways read nothing
//! but numbers and vectors, know no users or filters and join no passages, so the comparison
//! favours them.
//!
//! Run: `cargo bench --bench retrieval`, or a part: `cargo bench --bench retrieval -- warm`,
//! `cargo bench --bench retrieval -- '/1000$'`.

#[path = "support/filled_store.rs"]
mod filled_store;
#[path = "support/other_ways.rs"]
mod other_ways;
#[path = "../src/commands/bench/made_up_history.rs"]
mod support;

use std::cell::LazyCell;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use filled_store::{FilledStore, directions, made_up_model};
use longmem_core::{Embedding, EmbeddingModel, Scope, UserName};
use longmem_memory::RankingParameters;
use longmem_store::{
    CandidateRequest, Candidates, DenseHit, DenseParameters, IfMissing, LexicalHit,
    LexicalParameters, Scan, Store,
};
use other_ways::{VectorTables, nearest_by_plain_loop};
use support::word;

/// Turns of the one user, one passage each.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Above it the tutorial's way takes only longer.
const TUTORIAL_LIMIT: usize = 10_000;

/// Results wanted.
const LIMIT: usize = 10;

/// What is asked, in every form.
struct Query {
    vector: Embedding,
    model: EmbeddingModel,
    words: String,
}

impl Query {
    /// One common word, one that is not, and two rare ones, as in most questions.
    fn new(turns: usize) -> Self {
        Self {
            vector: directions(2).next().expect("there is no end of directions"),
            model: made_up_model(),
            words: words(&[2, 50, turns / 30, turns / 3]),
        }
    }
}

fn words(ranks: &[usize]) -> String {
    let words: Vec<String> = ranks.iter().map(|rank| word(*rank)).collect();
    words.join(" ")
}

fn nearest(store: &Store, user: &UserName, query: &Query) -> Vec<DenseHit> {
    let scope = Scope::of(user.clone());
    store.nearest(&scope, &query.model, &query.vector, LIMIT).expect("the store can be read")
}

fn exact(store: &Store, user: &UserName, query: &Query) -> Candidates {
    let request = CandidateRequest {
        scope: &Scope::of(user.clone()),
        meaning: Some((&query.model, &query.vector)),
        words: None,
        scan: Scan::Exact,
        dense: DenseParameters::PLAIN,
        lexical: LexicalParameters::PLAIN,
        per_channel: LIMIT,
    };
    store.candidates(&request).expect("the store can be read")
}

fn search_words(filled: &FilledStore, words: &str) -> Vec<LexicalHit> {
    let scope = Scope::of(filled.user.clone());
    filled.store.search_words(&scope, words, LIMIT).expect("the store can be read")
}

fn candidates(store: &Store, user: &UserName, query: &Query) -> Candidates {
    let RankingParameters { dense, lexical, per_channel, .. } = RankingParameters::default();
    let request = CandidateRequest {
        scope: &Scope::of(user.clone()),
        meaning: Some((&query.model, &query.vector)),
        words: Some(&query.words),
        scan: Scan::Automatic,
        dense,
        lexical,
        per_channel,
    };
    store.candidates(&request).expect("the store can be read")
}

/// The ways that are not longmem's.
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

/// Those that are asked of every store; `place` is its line in the report.
fn longmem(
    group: &mut BenchmarkGroup<'_, WallTime>,
    place: &str,
    filled: &LazyCell<FilledStore, impl FnOnce() -> FilledStore>,
    query: &Query,
) {
    group.bench_function(BenchmarkId::new("nearest_warm", place), |bencher| {
        let filled = &**filled;
        bencher.iter(|| nearest(&filled.store, &filled.user, query));
    });
    group.bench_function(BenchmarkId::new("exact_warm", place), |bencher| {
        let filled = &**filled;
        bencher.iter(|| exact(&filled.store, &filled.user, query));
    });
    group.bench_function(BenchmarkId::new("nearest_cold", place), |bencher| {
        let filled = &**filled;
        bencher.iter_with_large_drop(|| {
            let store = Store::open(filled.store.path(), IfMissing::Fail).expect("a store");
            (nearest(&store, &filled.user, query), store)
        });
    });
    group.bench_function(BenchmarkId::new("both_channels", place), |bencher| {
        let filled = &**filled;
        bencher.iter(|| candidates(&filled.store, &filled.user, query));
    });
    group.bench_function(BenchmarkId::new("both_channels_cold", place), |bencher| {
        let filled = &**filled;
        bencher.iter_with_large_drop(|| {
            let store = Store::open(filled.store.path(), IfMissing::Fail).expect("a store");
            (candidates(&store, &filled.user, query), store)
        });
    });
}

fn by_words(
    group: &mut BenchmarkGroup<'_, WallTime>,
    size: usize,
    filled: &LazyCell<FilledStore, impl FnOnce() -> FilledStore>,
) {
    // A word of rank r stands in about 3.2 · turns / r of them.
    let rare = words(&[size / 3, size / 3 + 1, size / 3 + 2]);
    // No made-up word has an e.
    let misspelt = word(size / 3).replacen(['a', 'i', 'o', 'u'], "e", 1);
    for (name, words) in
        [("words_rare", rare), ("words_common", words(&[1, 2, 3])), ("words_misspelt", misspelt)]
    {
        group.bench_function(BenchmarkId::new(name, size), |bencher| {
            let filled = &**filled;
            bencher.iter(|| search_words(filled, &words));
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
