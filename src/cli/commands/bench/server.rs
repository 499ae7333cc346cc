//! `longmem bench server`: how fast other programs get at a memory, over HTTP and MCP.

mod client;
mod program;
mod proxy;
mod upstream;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longmem_bench::{
    Figure, RECALLED, fill, made_up_questions, mixtures, short_texts, timed, user,
};
use longmem_memory::{MemoryError, RecallRequest};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::report::{Group, Row};
use super::{Bench, ROUNDS, sample};
use crate::arguments::ServerBenchArguments;
use crate::commands::open::{open_existing, open_or_make};
use crate::failure::Failure;
use crate::output::{counted, grouped};
use crate::progress_bar;

use client::{Client, Place};
use program::Program;

/// Calls that each client makes.
const CALLS: usize = 200;

/// Calls before those that are timed: each search keeps more of the vectors in memory.
const WARM_UP: usize = 100;

/// Texts in a request for embeddings.
const TEXTS: usize = 64;

/// Starts of `longmem mcp` and of `longmem hook`.
const STARTS: usize = 30;

/// What is measured: a store of made-up turns, served by this program in a process of its own.
struct Subject<'a> {
    file: &'a Path,
    turns: usize,
    questions: Vec<String>,
}

impl Bench<'_> {
    /// Measures servers of made-up stores of these sizes.
    pub(super) fn servers(&self, arguments: &ServerBenchArguments) -> Result<Vec<Group>, Failure> {
        let mut groups = Vec::new();
        for turns in &arguments.turns {
            let turns = turns.get();
            let folder = private_folder()?;
            let file = folder.path().join("memory.db");
            self.make(&file, turns)?;
            let subject = Subject { file: &file, turns, questions: made_up_questions(turns) };
            groups.extend(self.served(&subject)?);
        }
        Ok(groups)
    }

    /// Makes a store of so many turns, a passage each.
    fn make(&self, file: &Path, turns: usize) -> Result<(), Failure> {
        self.output.note(format!("making a store of {}", counted(turns as u64, "turn")));
        let texts = sample::turns();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let real = self.embedder.embed_passages(&texts).map_err(MemoryError::Embed)?;
        let bar = progress_bar::counting(self.output, turns as u64, "turns stored");
        fill(
            &|embedder| open_or_make(file, embedder),
            self.embedder.model(),
            [mixtures(real).take(turns)],
            &self.stopwatch,
            &mut |stored| bar.inc(stored),
        )?;
        bar.finish_and_clear();
        Ok(())
    }

    fn served(&self, subject: &Subject<'_>) -> Result<Vec<Group>, Failure> {
        let name = format!("{} turns", grouped(subject.turns as u64));
        let program = Program { file: subject.file, settings: self.settings };
        // Before the server has the store in the system's memory for everybody.
        let library = self.by_the_library(subject)?;
        self.output.note("measuring the server");
        let server = program.serve()?;
        let recall = self.recalls(subject, &server.places(), library)?;
        let others = self.others(&server.address)?;
        let warm = server.resident_bytes();
        self.output.note("measuring starts");
        let with_server = program.hook_times(&subject.questions, STARTS)?;
        server.stop()?;
        self.output.note("measuring the proxy");
        let proxied = self.proxied(subject, &program, &name)?;
        self.output.note("measuring starts");
        let without_server = program.hook_times(&subject.questions, STARTS)?;
        let (initialize, idle) = program.initialize_times(STARTS)?;
        let starts = vec![
            Row::new("longmem mcp: from its start to the answer", Figure::latency(initialize)),
            Row::new("a hook that recalls, with a server", Figure::latency(with_server)),
            Row::new("a hook that recalls, without", Figure::latency(without_server)),
        ];
        let size = |bytes: Option<u64>| bytes.map(|bytes| Figure::Size { bytes });
        let space = [
            ("longmem mcp, nothing asked yet", size(idle)),
            ("the server, no model found, nothing asked yet", size(program.without_model()?)),
            ("the server, after all of this", size(warm)),
        ];
        let space = space.into_iter().filter_map(|(name, figure)| Some(Row::new(name, figure?)));
        Ok(vec![
            Group::new(format!("{name}: recall of {RECALLED}, model included"), recall),
            Group::new(format!("{name}: other requests"), others),
            proxied,
            Group::new(format!("{name}: starts"), starts),
            Group::new(format!("{name}: memory"), space.collect()),
        ])
    }

    /// The same recall by the engine in this process, to compare with.
    fn by_the_library(&self, subject: &Subject<'_>) -> Result<Figure, Failure> {
        let memory = open_existing(subject.file, Arc::clone(&self.embedder))?;
        let ask = |question: &String| {
            let mut request = RecallRequest::new(longmem_core::Scope::of(user(0)), question);
            request.limit = RECALLED;
            request.threshold = 0.0;
            Ok(memory.recall(&request).map(drop)?)
        };
        self.stopwatch.warm_up(&subject.questions, ask)?;
        Ok(self.stopwatch.latency(&subject.questions, |question| timed(|| ask(question)))?)
    }

    fn recalls(
        &self,
        subject: &Subject<'_>,
        places: &[(&str, Place)],
        library: Figure,
    ) -> Result<Vec<Row>, Failure> {
        let mut rows = vec![Row::new("the library, in one process", library)];
        let body = |question: &String, channels: &str| {
            let asked = json!({
                "query": question, "limit": RECALLED, "threshold": 0, "channels": channels
            });
            ("/v1/memory/recall", asked)
        };
        let both: Vec<_> =
            subject.questions.iter().map(|question| body(question, "both")).collect();
        let (_, tcp) = &places[0];
        self.stopwatch.check()?;
        time_calls(tcp, 1, WARM_UP, &both)?;
        for (name, place) in places {
            for clients in [1, 4, 16] {
                self.stopwatch.check()?;
                let times = time_calls(place, clients, CALLS, &both)?;
                let name = format!("over {name}, {}", counted(clients as u64, "client"));
                rows.push(Row::new(name, Figure::latency(times)));
            }
        }
        let words: Vec<_> =
            subject.questions.iter().map(|question| body(question, "words")).collect();
        let times = time_calls(tcp, 1, CALLS, &words)?;
        rows.push(Row::new("over TCP, by words only", Figure::latency(times)));
        let search = |question: &String| {
            let call = json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {
                    "name": "memory_search", "arguments": { "query": question, "limit": RECALLED }
                }
            });
            ("/mcp", call)
        };
        let searches: Vec<_> = subject.questions.iter().map(search).collect();
        let times = time_calls(tcp, 1, CALLS, &searches)?;
        rows.push(Row::new("MCP's memory_search over HTTP", Figure::latency(times)));
        Ok(rows)
    }

    /// What a request costs that does nothing, and embeddings.
    fn others(&self, address: &str) -> Result<Vec<Row>, Failure> {
        let place = Place::Tcp(address.to_owned());
        let mut client = Client::connect(&place)?;
        let mut times = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            times.push(client.get("/healthz")?);
        }
        // Longer texts than the model sees are refused.
        let texts = short_texts(self.embedder.as_ref(), &sample::turns());
        let texts = texts.map_err(MemoryError::Embed)?;
        let texts: Vec<_> = texts.iter().cycle().take(TEXTS).collect();
        let asked = json!({ "model": "all-MiniLM-L6-v2", "input": texts });
        let mut took = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            self.stopwatch.check()?;
            took.push(client.post("/v1/embeddings", &asked)?);
        }
        took.sort_unstable();
        let rate = TEXTS as f64 / took[ROUNDS / 2].as_secs_f64();
        let embeddings =
            Figure::Rate { per_second: rate, of: "embeddings", tokens_per_second: None };
        Ok(vec![
            Row::new("a request that does nothing (/healthz)", Figure::latency(times)),
            Row::new(format!("/v1/embeddings, {TEXTS} texts a request"), embeddings),
        ])
    }
}

/// A temporary folder in which a server makes its unix socket: nobody else may enter it.
fn private_folder() -> std::io::Result<TempDir> {
    let mut folder = tempfile::Builder::new();
    #[cfg(unix)]
    folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    folder.tempdir()
}

/// How long each call takes of so many clients that ask at once, each over a connection of its own.
fn time_calls(
    place: &Place,
    clients: usize,
    calls: usize,
    requests: &[(&str, Value)],
) -> std::io::Result<Vec<Duration>> {
    let one = |number: usize| -> std::io::Result<Vec<Duration>> {
        let mut client = Client::connect(place)?;
        let requests = requests.iter().cycle().skip(number);
        requests.take(calls / clients.min(4)).map(|(path, body)| client.post(path, body)).collect()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || one(number))).collect();
        let mut times = Vec::new();
        for thread in threads {
            times.extend(thread.join().expect("a client does not panic")?);
        }
        Ok(times)
    })
}

/// Runs a piece of work until it succeeds or the time is over.
fn patiently<T>(time: Duration, mut work: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + time;
    loop {
        match work() {
            Some(done) => return Some(done),
            None if Instant::now() > end => return None,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
