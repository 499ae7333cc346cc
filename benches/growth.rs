//! What a store costs as it grows: time, memory, bytes on disk.
//!
//! One user's turns of 30 made-up words, 20 to a session, one passage each. The vectors are made-up directions around a hundred centres: good for time, and for nothing that is
//! said of what is found. Each size is measured in a process of its own, and all files are in the
//! system's cache.
//!
//! | column | what |
//! |---|---|
//! | file | bytes on disk |
//! | open | opening the store |
//! | cold | the first recall of a process, opening included: both channels, a hundred from each |
//! | cold memory | what that leaves resident, the program included |
//! | both, p95 | later recalls: median and 95th percentile |
//! | nearest | later searches by meaning for the ten nearest, in two stages |
//! | exact | the same, compared with every vector |
//! | memory | what is resident after the recalls, and with every vector |
//!
//! Run: `cargo bench --bench growth`, a minute; `cargo bench --bench growth -- 1000000` measures
//! that size too, ten minutes and 5 GB of disk.

#![expect(clippy::print_stdout, reason = "prints a table")]

#[path = "support/filled_store.rs"]
mod filled_store;
#[path = "../src/commands/bench/made_up_history.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use filled_store::{FilledStore, directions, made_up_model};
use longmem_core::{Embedding, Scope, UserName};
use longmem_memory::RankingParameters;
use longmem_store::{CandidateRequest, Candidates, DenseParameters, IfMissing, Scan, Store};
use support::word;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Says that this process measures the store in the next argument.
const MEASURE: &str = "--measure";

/// Searches of each kind.
const REPEATS: usize = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, path, user, turns] = arguments.as_slice()
        && flag == MEASURE
    {
        let user = UserName::new(user.as_str()).expect("a short name");
        return measure(Path::new(path), &Scope::of(user), turns.parse().expect("a number"));
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
                .arg(filled.store.path())
                .args([filled.user.as_str(), &turns.to_string()])
                .status()
        });
        assert!(status.is_ok_and(|status| status.success()), "measuring {turns} turns failed");
    }
}

/// Prints one line of the table.
fn measure(path: &Path, scope: &Scope, turns: usize) {
    let queries: Vec<Embedding> = directions(2).take(REPEATS).collect();
    let open = || Store::open(path, IfMissing::Fail).expect("the store was just made");
    let opened = percentile(&times(|_| open()), 50);
    let cold_began = Instant::now();
    let store = open();
    both_channels(&store, scope, turns, &queries[0]);
    let cold = cold_began.elapsed();
    let cold_memory = resident_megabytes();
    // The second brings into memory what a process that asks again keeps.
    both_channels(&store, scope, turns, &queries[0]);
    let both = times(|query| both_channels(&store, scope, turns, &queries[query]));
    let nearest = times(|query| by_meaning(&store, scope, Scan::Automatic, &queries[query]));
    let memory = resident_megabytes();
    by_meaning(&store, scope, Scan::Exact, &queries[0]);
    let exact = times(|query| by_meaning(&store, scope, Scan::Exact, &queries[query]));
    println!(
        "| {turns:>9} | {:>4} MB | {} | {} | {cold_memory:>8} MB | {} | {} | {} | {} | \
         {memory:>4}, {:>5} MB |",
        std::fs::metadata(path).map_or(0, |file| file.len() >> 20),
        milliseconds(opened),
        milliseconds(cold),
        milliseconds(percentile(&both, 50)),
        milliseconds(percentile(&both, 95)),
        milliseconds(percentile(&nearest, 50)),
        milliseconds(percentile(&exact, 50)),
        resident_megabytes(),
    );
}

fn both_channels(store: &Store, scope: &Scope, turns: usize, query: &Embedding) -> Candidates {
    // One common word, one that is not, and two rare ones, as in most questions.
    let words = [2, 50, turns / 30, turns / 3].map(word).join(" ");
    let RankingParameters { dense, lexical, per_channel, .. } = RankingParameters::default();
    let request = CandidateRequest {
        scope,
        meaning: Some((&made_up_model(), query)),
        words: Some(&words),
        scan: Scan::Automatic,
        dense,
        lexical,
        per_channel,
    };
    store.candidates(&request).expect("the store can be read")
}

fn by_meaning(store: &Store, scope: &Scope, scan: Scan, query: &Embedding) -> Candidates {
    let request = CandidateRequest {
        scope,
        meaning: Some((&made_up_model(), query)),
        words: None,
        scan,
        dense: DenseParameters::PLAIN,
        lexical: RankingParameters::default().lexical,
        per_channel: 10,
    };
    store.candidates(&request).expect("the store can be read")
}

/// How long each of [`REPEATS`] took, sorted.
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

/// What the system counts as this process's memory; 0 where it does not say.
fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) >> 10
}
