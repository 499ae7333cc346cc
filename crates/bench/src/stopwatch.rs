//! Times calls.

use std::time::{Duration, Instant};

use crate::{BenchError, Figure};

/// Number of calls that are timed at least, even if they take longer than [`PATIENCE`].
const MIN_CALLS: usize = 10;

/// Number of calls that are timed at most.
const MAX_CALLS: usize = 200;

/// Number of searches after which a process keeps in memory all that it will keep: each search
/// brings a part of it.
const WARM_UP_CALLS: usize = 100;

/// Time after which [`MIN_CALLS`] are enough.
const PATIENCE: Duration = Duration::from_secs(1);

/// Times calls, and stops between two of them when it is told to.
pub struct Stopwatch {
    is_stopped: Box<dyn Fn() -> bool>,
}

impl Stopwatch {
    /// `is_stopped` is asked before each call.
    pub fn new(is_stopped: impl Fn() -> bool + 'static) -> Self {
        Self { is_stopped: Box::new(is_stopped) }
    }

    /// Fails if measuring is to stop.
    ///
    /// # Errors
    /// [`BenchError::Stopped`].
    pub fn check(&self) -> Result<(), BenchError> {
        if (self.is_stopped)() { Err(BenchError::Stopped) } else { Ok(()) }
    }

    /// Makes calls that are not timed, over the inputs again and again.
    ///
    /// # Errors
    /// Those of the call; [`BenchError::Stopped`].
    pub fn warm_up<T>(
        &self,
        inputs: &[T],
        mut call: impl FnMut(&T) -> Result<(), BenchError>,
    ) -> Result<(), BenchError> {
        for input in inputs.iter().cycle().take(WARM_UP_CALLS) {
            self.check()?;
            call(input)?;
        }
        Ok(())
    }

    /// Collects the times that the calls return, over the inputs again and again. The first call is
    /// left out.
    ///
    /// # Errors
    /// Those of the call; [`BenchError::Stopped`].
    pub fn latency<T>(
        &self,
        inputs: &[T],
        mut call: impl FnMut(&T) -> Result<Duration, BenchError>,
    ) -> Result<Figure, BenchError> {
        let mut times = Vec::new();
        let began = Instant::now();
        for input in inputs.first().into_iter().chain(inputs.iter().cycle().take(MAX_CALLS)) {
            self.check()?;
            times.push(call(input)?);
            if times.len() > MIN_CALLS && began.elapsed() > PATIENCE {
                break;
            }
        }
        times.drain(..1.min(times.len()));
        Ok(Figure::latency(times))
    }

    /// Does a piece of work `rounds` times, each time on `things` things, and returns the median of
    /// the things a second; 0 without rounds.
    ///
    /// # Errors
    /// Those of the work; [`BenchError::Stopped`].
    pub fn rate(
        &self,
        rounds: usize,
        things: usize,
        mut work: impl FnMut() -> Result<(), BenchError>,
    ) -> Result<f64, BenchError> {
        let mut rates = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            self.check()?;
            let began = Instant::now();
            work()?;
            rates.push(things as f64 / began.elapsed().as_secs_f64());
        }
        rates.sort_unstable_by(f64::total_cmp);
        Ok(rates.get(rates.len() / 2).copied().unwrap_or_default())
    }
}

/// The time that a call takes.
///
/// # Errors
/// Those of the call.
pub fn timed<T>(call: impl FnOnce() -> Result<T, BenchError>) -> Result<Duration, BenchError> {
    let began = Instant::now();
    call()?;
    Ok(began.elapsed())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn the_first_call_is_not_counted() {
        let mut next = 1_000;
        let figure = Stopwatch::new(|| false).latency(&[()], |()| {
            let time = Duration::from_millis(next);
            next = 1;
            Ok(time)
        });
        let expected = Figure::Latency { p50_ms: 1.0, p95_ms: 1.0, p99_ms: 1.0, calls: MAX_CALLS };
        assert_eq!(figure.unwrap(), expected);
    }

    #[test]
    fn it_stops_between_two_calls() {
        let calls = Rc::new(Cell::new(0));
        let made = Rc::clone(&calls);
        let stopwatch = Stopwatch::new(move || made.get() == 3);
        let stopped = stopwatch.warm_up(&[()], |()| {
            calls.set(calls.get() + 1);
            Ok(())
        });
        assert!(matches!(stopped, Err(BenchError::Stopped)));
        assert_eq!(calls.get(), 3);
    }
}
