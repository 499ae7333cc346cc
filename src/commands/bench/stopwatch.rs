//! Times what is done, again and again.

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::interrupt::Interrupt;

use super::report::Figure;

/// Calls that are timed at least, however long they take.
const FEWEST_CALLS: usize = 10;

/// Calls that are timed at most.
const MOST_CALLS: usize = 200;

/// Searches after which everything that a process keeps in memory is there: each reads some of it.
const WARM_UP: usize = 100;

/// Beyond it the fewest calls are enough.
const PATIENCE: Duration = Duration::from_secs(1);

/// Times calls, and stops between two of them when Ctrl-C is pressed.
pub(super) struct Stopwatch {
    interrupt: Interrupt,
}

impl Stopwatch {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: Interrupt::listen()? })
    }

    /// Fails if Ctrl-C was pressed.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.interrupt.happened() {
            return Err(Failure::Interrupted("nothing was left behind".to_owned()));
        }
        Ok(())
    }

    /// Makes calls that are not timed, with the inputs again and again.
    ///
    /// # Errors
    /// Those of the call; [`Failure::Interrupted`].
    pub(super) fn warm_up<T>(
        &self,
        inputs: &[T],
        mut call: impl FnMut(&T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for input in inputs.iter().cycle().take(WARM_UP) {
            self.check()?;
            call(input)?;
        }
        Ok(())
    }

    /// Takes the time that each call says it took, over the inputs again and again; the first call
    /// is not counted.
    ///
    /// # Errors
    /// Those of the call; [`Failure::Interrupted`].
    pub(super) fn latency<T>(
        &self,
        inputs: &[T],
        mut call: impl FnMut(&T) -> Result<Duration, Failure>,
    ) -> Result<Figure, Failure> {
        let mut times = Vec::new();
        let began = Instant::now();
        for input in inputs.first().into_iter().chain(inputs.iter().cycle().take(MOST_CALLS)) {
            self.check()?;
            times.push(call(input)?);
            if times.len() > FEWEST_CALLS && began.elapsed() > PATIENCE {
                break;
            }
        }
        times.drain(..1.min(times.len()));
        Ok(Figure::latency(times))
    }

    /// Does a piece of work so many times and takes the median of its rates.
    ///
    /// # Errors
    /// Those of the work; [`Failure::Interrupted`].
    pub(super) fn rate(
        &self,
        rounds: usize,
        things: usize,
        mut work: impl FnMut() -> Result<(), Failure>,
    ) -> Result<f64, Failure> {
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

/// The time that a call took.
///
/// # Errors
/// Those of the call.
pub(super) fn timed<T>(call: impl FnOnce() -> Result<T, Failure>) -> Result<Duration, Failure> {
    let began = Instant::now();
    call()?;
    Ok(began.elapsed())
}
