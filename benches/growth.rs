//! What a store costs as it grows: time, memory, bytes on disk.
//!
//! Data: one user's turns of 30 made-up words, 20 to a session, one passage each. The vectors are
//! made-up directions around a hundred centres: times are realistic, what is found means nothing.
//! Each size is measured in a process of its own, and all files are in the system's cache.
//!
//! | column | what |
//! |---|---|
//! | file | bytes on disk |
//! | open | opening the store |
//! | cold | opening the store and the first search in it: by both channels, a hundred from each |
//! | cold memory | resident memory after the first of these, the program included |
//! | both, p95 | later searches by both channels: median and 95th percentile |
//! | nearest | later searches by meaning for the ten nearest, in two stages |
//! | exact | the same, the query compared with every vector |
//! | memory | resident memory after these searches, and with every vector in memory |
//!
//! Run: `cargo bench --bench growth`, a minute; `cargo bench --bench growth -- 1000000` measures
//! that size too, ten minutes and 5 GB of disk.

#![expect(clippy::print_stdout, reason = "prints a table")]

#[path = "support/store.rs"]
mod store;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use longmem_bench::history::word;
use longmem_core::{Embedding, UserName};
use store::{FilledStore, OpenStore, directions, resident_megabytes};

/// Numbers of turns that are always measured.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// The first argument of a process that measures the store of the next argument.
const MEASURE: &str = "--measure";

/// Number of searches of each kind.
const REPEATS: usize = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, path, user, turns] = arguments.as_slice()
        && flag == MEASURE
    {
        let user = UserName::new(user.as_str()).expect("a short name");
        return measure(Path::new(path), &user, turns.parse().expect("a number"));
    }
    println!(
        "|     turns |    file |    open |    cold | cold memory |    both |     p95 | nearest \
         |   exact |          memory |"
    );
    println!("|{}", "---:|".repeat(10));
    let more = arguments.iter().filter_map(|argument| argument.parse().ok());
    for turns in SIZES.into_iter().chain(more) {
        let filled = FilledStore::new(1, turns);
        let status = std::env::current_exe().and_then(|program| {
            Command::new(program)
                .arg(MEASURE)
                .arg(&filled.file)
                .args([filled.user.as_str(), &turns.to_string()])
                .status()
        });
        assert!(status.is_ok_and(|status| status.success()), "measuring {turns} turns failed");
    }
}

/// Prints one line of the table.
fn measure(file: &Path, user: &UserName, turns: usize) {
    let queries: Vec<Embedding> = directions(2).take(REPEATS).collect();
    // One common word, a less common one and two rare ones, as in most questions.
    let words = [2, 50, turns / 30, turns / 3].map(word).join(" ");
    let by_both = |store: &OpenStore, number: usize| store.by_both(user, &queries[number], &words);
    let opened = percentile(&times(|_| OpenStore::open(file)), 50);
    let store = OpenStore::open(file);
    by_both(&store, 0);
    let cold_memory = resident_megabytes();
    let cold = times(|number| {
        let store = OpenStore::open(file);
        (by_both(&store, number), store)
    });
    // The second search brings into memory what a process that asks again keeps.
    by_both(&store, 0);
    let both = times(|number| by_both(&store, number));
    let nearest = times(|number| store.nearest(user, &queries[number]));
    let memory = resident_megabytes();
    store.nearest_exactly(user, &queries[0]);
    let exact = times(|number| store.nearest_exactly(user, &queries[number]));
    println!(
        "| {turns:>9} | {:>4} MB | {} | {} | {cold_memory:>8} MB | {} | {} | {} | {} | \
         {memory:>4}, {:>5} MB |",
        std::fs::metadata(file).map_or(0, |file| file.len() >> 20),
        milliseconds(opened),
        milliseconds(percentile(&cold, 50)),
        milliseconds(percentile(&both, 50)),
        milliseconds(percentile(&both, 95)),
        milliseconds(percentile(&nearest, 50)),
        milliseconds(percentile(&exact, 50)),
        resident_megabytes(),
    );
}

/// The times of [`REPEATS`] calls, ascending.
fn times<T>(mut work: impl FnMut(usize) -> T) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..REPEATS)
        .map(|number| {
            let began = Instant::now();
            let result = work(number);
            let took = began.elapsed();
            drop(result);
            took
        })
        .collect();
    times.sort_unstable();
    times
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn milliseconds(duration: Duration) -> String {
    format!("{:>4.1} ms", duration.as_secs_f64() * 1e3)
}
