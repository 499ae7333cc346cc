//! Recalls of many clients at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::recalling::recall;
use super::{RecallOf, StoreBench};
use crate::{BenchError, Figure, Stopwatch, user};

/// How long the clients ask before they are timed.
const WARM_UP: Duration = Duration::from_secs(2);

/// How long the clients are timed.
const TIMED: Duration = Duration::from_secs(4);

/// How often the stopwatch is asked whether to stop.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What many clients get together.
#[derive(Debug, Clone, PartialEq)]
pub struct AtOnceFigures {
    /// Recalls a second, of all clients together.
    pub rate: Figure,
    /// How long each takes.
    pub latency: Figure,
}

impl StoreBench<'_> {
    /// Recalls of so many clients at once, each of a user by chance, all in this process.
    ///
    /// # Errors
    /// [`BenchError::Memory`]; [`BenchError::Stopped`].
    ///
    /// # Panics
    /// Where the store does.
    pub fn at_once(
        &self,
        clients: usize,
        stopwatch: &Stopwatch,
    ) -> Result<AtOnceFigures, BenchError> {
        let (asked, memory, users) =
            (self.asked(RecallOf::Everybody), &self.memory, self.extent.users);
        let (is_over, is_timed) = (AtomicBool::new(false), AtomicBool::new(false));
        let client = &|number: usize| {
            let mut random = Rng::with_seed(number as u64);
            let mut times = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let (_, question) = &asked[random.usize(..asked.len())];
                let user = user(random.usize(..users));
                let began = Instant::now();
                recall(memory, &(user, question.clone()))?;
                if is_timed.load(Ordering::Relaxed) {
                    times.push(began.elapsed());
                }
            }
            Ok::<_, BenchError>(times)
        };
        thread::scope(|scope| {
            let clients: Vec<_> =
                (0..clients).map(|number| scope.spawn(move || client(number))).collect();
            let waited = wait(WARM_UP, stopwatch).and_then(|()| {
                is_timed.store(true, Ordering::Relaxed);
                let began = Instant::now();
                wait(TIMED, stopwatch).map(|()| began.elapsed())
            });
            is_timed.store(false, Ordering::Relaxed);
            is_over.store(true, Ordering::Relaxed);
            let mut times = Vec::new();
            for client in clients {
                times.extend(client.join().expect("a store does not panic")?);
            }
            let per_second = times.len() as f64 / waited?.as_secs_f64();
            Ok(AtOnceFigures {
                rate: Figure::Rate { per_second, of: "recalls", tokens_per_second: None },
                latency: Figure::latency(times),
            })
        })
    }
}

fn wait(time: Duration, stopwatch: &Stopwatch) -> Result<(), BenchError> {
    let began = Instant::now();
    while began.elapsed() < time {
        stopwatch.check()?;
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
