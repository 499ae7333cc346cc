//! How fast turns are stored.

use longmem_memory::Memory;

use crate::history::turns;
use crate::{BenchError, Figure, Stopwatch, user};

/// Number of turns that are stored in a round.
const TURNS_PER_ROUND: usize = 2_000;

/// Number of turns that are stored in a round if each is stored by itself, and so waits for the
/// disk.
const SINGLE_TURNS_PER_ROUND: usize = 200;

/// Number of turns in a transaction of many.
const BATCH: usize = 1_000;

/// Number of rounds, of which the median is taken.
const ROUNDS: usize = 3;

/// The seed of the made-up texts, another than that of a memory that was [filled](crate::fill).
const SEED: u64 = 2;

/// How fast turns are stored, on disk when the call returns.
#[derive(Debug, Clone, PartialEq)]
pub struct StoringFigures {
    /// A turn in each transaction, as in a chat.
    pub one_by_one: Figure,
    /// A thousand turns in each transaction, as in an import.
    pub in_batches: Figure,
}

/// Stores made-up turns in a memory.
///
/// # Errors
/// [`BenchError::Memory`]; [`BenchError::Stopped`].
pub fn storing(memory: &Memory, stopwatch: &Stopwatch) -> Result<StoringFigures, BenchError> {
    let mut history = turns(SEED);
    let mut measure = |turns_per_round: usize, batch: usize| {
        let per_second = stopwatch.rate(ROUNDS, turns_per_round, || {
            let turns: Vec<_> = history.by_ref().take(turns_per_round).collect();
            for batch in turns.chunks(batch) {
                memory.remember(&user(0), batch)?;
            }
            Ok(())
        })?;
        Ok::<_, BenchError>(Figure::Rate { per_second, of: "turns", tokens_per_second: None })
    };
    Ok(StoringFigures {
        one_by_one: measure(SINGLE_TURNS_PER_ROUND, 1)?,
        in_batches: measure(TURNS_PER_ROUND, BATCH)?,
    })
}
