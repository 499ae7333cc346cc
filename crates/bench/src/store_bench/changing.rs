//! Remembering, importing, indexing and forgetting.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use longmem_core::{NewTurn, Scope};
use longmem_memory::{ForgetTarget, IndexOptions, Memory, MemoryError};

use super::{StoreBench, model, vectors};
use crate::history::turns;
use crate::{BenchError, Figure, GivenVectors, Stopwatch, timed, user};

/// Turns that are remembered one by one. What a store does for many turns at once, as every 256th time, is
/// among it as often as it happens.
const REMEMBERED: usize = 512;

/// Turns of an import.
const IMPORTED: usize = 2_000;

/// Turns in a transaction of an import.
const BATCH: usize = 1_000;

/// Imports, of which the median is taken.
const ROUNDS: usize = 3;

/// Turns and sessions that are forgotten, at most each.
const FORGOTTEN: usize = 40;

/// Turns of a session of which one is forgotten: the middle one.
const TURN_IN_SESSION: usize = crate::history::TURNS_PER_SESSION / 2;

/// The seed of the made-up texts, another than that of those the store was filled with.
const SEED: u64 = 2;

/// How long it takes to remember a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct RememberingFigures {
    /// The time until it is on disk.
    pub latency: Figure,
    /// Bytes of the server's log that it costs, where there is one.
    pub log: Option<Figure>,
}

/// How fast many turns are stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportingFigures {
    /// Turns a second with their words, a thousand in each transaction.
    pub import: Figure,
    /// Turns a second that get their vectors.
    pub index: Figure,
}

/// How long forgetting takes.
#[derive(Debug, Clone, PartialEq)]
pub struct ForgettingFigures {
    /// One turn.
    pub turn: Figure,
    /// A session of 20 turns.
    pub session: Figure,
}

impl StoreBench<'_> {
    /// Remembers turns of a user, each in a transaction of its own. `log_bytes` says how long the log of
    /// the server is.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn remembering(
        &self,
        log_bytes: Option<&dyn Fn() -> Result<u64, MemoryError>>,
        stopwatch: &Stopwatch,
    ) -> Result<RememberingFigures, BenchError> {
        let log_now = || log_bytes.map(|bytes| bytes()).transpose();
        let turns: Vec<NewTurn> = turns(SEED).take(REMEMBERED).collect();
        let before = log_now()?;
        let mut times = Vec::with_capacity(REMEMBERED);
        for turn in turns.chunks(1) {
            stopwatch.check()?;
            times.push(timed(|| Ok(self.memory.remember(&user(0), turn)?))?);
        }
        let log = before.zip(log_now()?).map(|(before, after)| Figure::Size {
            bytes: after.saturating_sub(before) / REMEMBERED as u64,
        });
        self.knowing()?.index(&turns)?;
        Ok(RememberingFigures { latency: Figure::latency(times), log })
    }

    /// Imports the memory of a new user, and gives it its vectors.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn importing(&self, stopwatch: &Stopwatch) -> Result<ImportingFigures, BenchError> {
        let knowing = self.knowing()?;
        let mut history = turns(SEED);
        let (mut imports, mut indexes) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let turns: Vec<NewTurn> = history.by_ref().take(IMPORTED).collect();
            stopwatch.check()?;
            imports.push(timed(|| {
                for batch in turns.chunks(BATCH) {
                    knowing.memory.remember(&self.extent.new_user(), batch)?;
                }
                Ok(())
            })?);
            stopwatch.check()?;
            indexes.push(knowing.index(&turns)?);
        }
        Ok(ImportingFigures { import: rate(imports), index: rate(indexes) })
    }

    /// Forgets single turns of a user, and then sessions.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    pub fn forgetting(&self, stopwatch: &Stopwatch) -> Result<ForgettingFigures, BenchError> {
        let user = user(self.extent.users - 1);
        let mut sessions = self.memory.sessions(&user)?;
        sessions.truncate(FORGOTTEN);
        let [mut of_turns, mut of_sessions] = [const { Vec::new() }; 2];
        for session in &sessions {
            let turns = self.memory.session_turns(&user, &session.session, None, None)?;
            if let Some(turn) = turns.get(TURN_IN_SESSION).or(turns.last()) {
                let target = ForgetTarget::Turns(Scope::of(user.clone()), vec![turn.id]);
                stopwatch.check()?;
                of_turns.push(timed(|| Ok(self.memory.forget(&target)?))?);
            }
        }
        for session in sessions {
            let mut scope = Scope::of(user.clone());
            scope.sessions = vec![session.session];
            let target = ForgetTarget::Scope(scope);
            stopwatch.check()?;
            of_sessions.push(timed(|| Ok(self.memory.forget(&target)?))?);
        }
        Ok(ForgettingFigures {
            turn: Figure::latency(of_turns),
            session: Figure::latency(of_sessions),
        })
    }

    /// The store, opened once more with an embedder that can be told vectors of turns.
    fn knowing(&self) -> Result<Knowing, BenchError> {
        let embedder = Arc::new(GivenVectors::new(model()));
        Ok(Knowing { memory: (self.open)(embedder.clone())?, embedder })
    }
}

/// A memory, and the embedder that it asks.
struct Knowing {
    embedder: Arc<GivenVectors>,
    memory: Memory,
}

impl Knowing {
    /// Gives turns that wait their vectors; how long it takes.
    fn index(&self, turns: &[NewTurn]) -> Result<Duration, BenchError> {
        self.embedder.set_passages(turns.iter().map(|turn| turn.text.clone()).zip(vectors()));
        timed(|| {
            let go_on = &mut |_| ControlFlow::Continue(());
            Ok(self.memory.index(IndexOptions::default(), go_on)?)
        })
    }
}

/// Turns a second, by the median of how long imports took.
fn rate(mut times: Vec<Duration>) -> Figure {
    times.sort_unstable();
    let per_second = IMPORTED as f64 / times[times.len() / 2].as_secs_f64();
    Figure::Rate { per_second, of: "turns", tokens_per_second: None }
}
