//! What each verb costs as a memory grows, and how fast that grows: time, memory, bytes on disk.
//!
//! Data: turns of 30 made-up words, 20 to a session, one passage each; the vectors are made-up
//! directions, so that the model is not measured and what is found means nothing. Each size is measured
//! through the engine in a process of its own, and all files are in the system's cache.
//!
//! | line | what |
//! |---|---|
//! | remember | storing one turn, on disk when the call returns |
//! | remember 1,000 | storing a thousand turns in one transaction, each |
//! | index | making one turn findable by meaning |
//! | index 1,000 | the same for a thousand turns at once, each |
//! | first recall | opening the store and the first recall of a process |
//! | recall, words, meaning | later recalls of ten by both channels, by words, by meaning: medians |
//! | recall p95 | their 95th percentile, by both |
//! | recall after a new turn | the recall after a turn was stored and indexed, which reads that turn |
//! | context | a prompt of 8,000 tokens from fifty recalled turns, these given |
//! | forget | forgetting one turn, overwritten on disk when the call returns |
//! | recall after a forgotten one | the recall after a turn was forgotten, which reads the user anew |
//! | memory | resident memory after these recalls, the program included |
//! | file | bytes on disk |
//!
//! Between two sizes stands the exponent: 0 where ten times the turns cost the same, 1 where they cost
//! ten times as much. The last column is one of a thousand users who have a thousand turns each; its
//! memory is that after a recall of each of them.
//!
//! Run: `cargo bench --bench verbs`, a quarter of a minute; `cargo bench --bench verbs -- 1000000` measures
//! that size and the thousand users too: ten minutes, 3 GB of disk, 2 GB of memory. `benches/README.md` has
//! the figures.

#![expect(clippy::print_stdout, reason = "prints a table")]

#[path = "support/store.rs"]
mod store;

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longmem_bench::history::turns;
use longmem_bench::{GivenVectors, made_up_questions, user};
use longmem_chat::{AssembleInput, TokenBudget, assemble};
use longmem_core::{Embedding, EstimatedTokens, NewTurn, Scope, Timestamp, TurnId, UserName};
use longmem_memory::{Channels, IndexOptions, Memory, Recall, RecallRequest};
use longmem_store::ForgetTarget;
use store::{FilledStore, directions, made_up_model, open_memory, resident_megabytes};

/// Numbers of turns that are always measured.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// The first argument of a process that measures the store of the next arguments: file, users, turns of
/// each.
const MEASURE: &str = "--measure";

/// Number of recalls of each kind.
const RECALLS: usize = 40;

/// Number of recalls after which a process keeps in memory all that it will keep.
const WARM_UP: usize = 100;

/// Number of turns that are stored, indexed and forgotten one by one.
const SINGLE_TURNS: usize = 10;

/// Number of turns that are stored and indexed at once.
const BATCH: usize = 1_000;

/// Number of turns that are recalled for a prompt.
const RECALLED_FOR_A_PROMPT: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &String| text.parse().ok();
    if let [flag, file, users, turns] = arguments.as_slice()
        && flag == MEASURE
        && let (Some(users), Some(turns)) = (number(users), number(turns))
    {
        return measure(Path::new(file), users, turns);
    }
    let larger: Vec<usize> = arguments.iter().filter_map(number).collect();
    let sizes: Vec<usize> = SIZES.into_iter().chain(larger.iter().copied()).collect();
    let columns: Vec<Vec<(String, f64)>> = sizes.iter().map(|turns| measured(1, *turns)).collect();
    let users = (!larger.is_empty()).then(|| measured(1_000, 1_000));
    print_table(&sizes, &columns, users.as_deref());
}

/// Makes a store, and measures it in another process.
fn measured(users: usize, turns: usize) -> Vec<(String, f64)> {
    let filled = FilledStore::new(users, turns);
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args([MEASURE.as_ref(), filled.file.as_os_str()])
        .args([users.to_string(), turns.to_string()])
        .output()
        .expect("this program can be started again");
    let (printed, error) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "measuring {turns} turns failed: {error}");
    let printed = String::from_utf8_lossy(printed);
    let figure = |line: &str| {
        let (name, value) = line.split_once('\t').expect("a name and a figure");
        (name.to_owned(), value.parse().expect("a number"))
    };
    printed.lines().map(figure).collect()
}

/// A line for each figure, a column for each size, the exponents between them.
fn print_table(sizes: &[usize], columns: &[Vec<(String, f64)>], users: Option<&[(String, f64)]>) {
    let heads: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let last = if users.is_some() { " 1,000 × 1,000 |" } else { "" };
    println!("| | {} |{last}", heads.join(" | | "));
    println!("|---|{}", "---:|".repeat(2 * sizes.len() - 1 + usize::from(users.is_some())));
    for (line, (name, _)) in columns[0].iter().enumerate() {
        let mut cells = vec![name.clone()];
        for (place, column) in columns.iter().enumerate() {
            let value = column[line].1;
            if let Some(before) = place.checked_sub(1) {
                let (grown, turns) =
                    (value / columns[before][line].1, sizes[place] / sizes[before]);
                cells.push(format!("*{:.1}*", grown.ln() / (turns as f64).ln()));
            }
            cells.push(rounded(value));
        }
        cells.extend(users.map(|users| rounded(users[line].1)));
        println!("| {} |", cells.join(" | "));
    }
}

/// Two digits that count, or all before the point.
fn rounded(value: f64) -> String {
    match value {
        10.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Prints a name and a figure for each line of the table.
fn measure(file: &Path, users: usize, turns_each: usize) {
    let print = |name: &str, value: f64| println!("{name}\t{value}");
    let bench = VerbBench::open(file, users, turns_each);
    let first = times(SINGLE_TURNS, |number| {
        let bench = VerbBench::open(file, users, turns_each);
        bench.recall(number, Channels::Both, 10)
    });
    (0..WARM_UP).for_each(|number| drop(bench.recall(number, Channels::Both, 10)));
    let recalls = |channels| times(RECALLS, |number| bench.recall(number, channels, 10));
    let both = recalls(Channels::Both);
    let (by_words, by_meaning) = (recalls(Channels::Words), recalls(Channels::Meaning));
    for other in 0..users {
        let request = RecallRequest::new(Scope::of(user(other)), &*bench.questions[0]);
        bench.memory.recall(&request).expect("the store can be read");
    }
    let memory = resident_megabytes() as f64;
    let recalled = bench.recall(0, Channels::Both, RECALLED_FOR_A_PROMPT).results;
    let context = times(RECALLS, |number| {
        let message = &bench.questions[number % bench.questions.len()];
        let mut input = AssembleInput::new(message, Timestamp::UNIX_EPOCH, TokenBudget::new(8_000));
        input.recalled = &recalled;
        assemble(&input, &EstimatedTokens).expect("the message fits")
    });

    let mut new = turns(3);
    let mut vectors = directions(3);
    let mut ids = Vec::new();
    let (mut remember, mut index, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..SINGLE_TURNS {
        let (stored, indexed, added) = bench.add(&mut new, &mut vectors, 1);
        ids.extend(added);
        remember.push(stored);
        index.push(indexed);
        later.extend(times(1, |_| bench.recall(number, Channels::Both, 10)));
    }
    let (stored, indexed, _) = bench.add(&mut new, &mut vectors, BATCH);
    let (mut forget, mut after) = (Vec::new(), Vec::new());
    for (number, id) in ids.into_iter().enumerate() {
        let target = ForgetTarget::Turns(Scope::of(bench.user.clone()), vec![id]);
        forget
            .extend(times(1, |_| bench.memory.forget(&target).expect("the store can be written")));
        after.extend(times(1, |_| bench.recall(number, Channels::Both, 10)));
    }

    print("remember, ms", median(remember));
    print("remember 1,000, ms each", milliseconds(stored) / BATCH as f64);
    print("index, ms", median(index));
    print("index 1,000, ms each", milliseconds(indexed) / BATCH as f64);
    print("first recall, ms", median(first));
    print("recall, ms", median(both.clone()));
    print("recall p95, ms", percentile(both, 95));
    print("recall by words, ms", median(by_words));
    print("recall by meaning, ms", median(by_meaning));
    print("recall after a new turn, ms", median(later));
    print("context, ms", median(context));
    print("forget, ms", median(forget));
    print("recall after a forgotten one, ms", median(after));
    print("memory, MB", memory);
    print("file, MB", std::fs::metadata(file).map_or(0, |file| file.len()) as f64 / 1e6);
}

/// A memory whose embedder has made-up vectors.
struct VerbBench {
    memory: Memory,
    embedder: Arc<GivenVectors>,
    user: UserName,
    questions: Vec<String>,
    vectors: Vec<Embedding>,
}

impl VerbBench {
    fn open(file: &Path, users: usize, turns_each: usize) -> Self {
        let embedder = Arc::new(GivenVectors::new(made_up_model()));
        let memory = open_memory(file, embedder.clone()).expect("the store was just made");
        let questions = made_up_questions(turns_each);
        let vectors: Vec<Embedding> = directions(2).take(questions.len()).collect();
        embedder.set_query(vectors[0].clone());
        Self { memory, embedder, user: user(users / 2), questions, vectors }
    }

    fn recall(&self, number: usize, channels: Channels, limit: usize) -> Recall {
        let number = number % self.questions.len();
        self.embedder.set_query(self.vectors[number].clone());
        let scope = Scope::of(self.user.clone());
        let mut request = RecallRequest::new(scope, &*self.questions[number]);
        (request.channels, request.limit) = (channels, limit);
        // Every question brings results, however little it has to do with them.
        request.threshold = 0.0;
        self.memory.recall(&request).expect("the store can be read")
    }

    /// Stores so many turns and makes their vectors: how long each took, and the numbers of the turns.
    fn add(
        &self,
        new: &mut impl Iterator<Item = NewTurn>,
        vectors: &mut impl Iterator<Item = Embedding>,
        count: usize,
    ) -> (Duration, Duration, Vec<TurnId>) {
        let turns: Vec<NewTurn> = new.take(count).collect();
        self.embedder.set_passages(turns.iter().map(|turn| turn.text.clone()).zip(vectors));
        let began = Instant::now();
        let inserted = self.memory.remember(&self.user, &turns).expect("the store can be written");
        let stored = began.elapsed();
        self.memory
            .index(IndexOptions::default(), &mut |_| ControlFlow::Continue(()))
            .expect("the store can be written");
        let indexed = began.elapsed().saturating_sub(stored);
        (stored, indexed, inserted.iter().map(|turn| turn.id).collect())
    }
}

fn times<T>(count: usize, mut work: impl FnMut(usize) -> T) -> Vec<Duration> {
    let timed = |number| {
        let began = Instant::now();
        let result = work(number);
        let took = began.elapsed();
        drop(result);
        took
    };
    (0..count).map(timed).collect()
}

fn median(times: Vec<Duration>) -> f64 {
    percentile(times, 50)
}

/// In milliseconds.
fn percentile(mut times: Vec<Duration>, percent: usize) -> f64 {
    times.sort_unstable();
    milliseconds(times[(times.len() * percent / 100).min(times.len() - 1)])
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
