//! How many turns are stored in a second.

use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::Turns;

use crate::failure::Failure;

use super::generated_store::user;
use super::made_up_history::turns;
use super::report::{Figure, Group, Row};
use super::stopwatch::Stopwatch;

/// Turns of one round.
const TURNS: usize = 2_000;

/// Rounds of which the median is taken.
const ROUNDS: usize = 3;

/// Stores made-up turns one by one, as a chat does, and in large transactions, as an import does.
///
/// # Errors
/// [`Failure::Store`]; [`Failure::Interrupted`].
pub(super) fn measure(stopwatch: &Stopwatch) -> Result<Group, Failure> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
    let mut history = turns(2);
    let mut rows = Vec::new();
    for (name, at_once) in [("one by one", 1), ("a thousand at once", 1_000)] {
        // One by one waits for the disk each time.
        let count = if at_once == 1 { TURNS / 10 } else { TURNS };
        let per_second = stopwatch.rate(ROUNDS, count, || {
            let turns: Vec<_> = history.by_ref().take(count).collect();
            for batch in turns.chunks(at_once) {
                store.insert_turns(&user(0), batch)?;
            }
            Ok(())
        })?;
        rows.push(Row::new(name, Figure::rate(per_second, "turns")));
    }
    let title =
        "Storing turns, on disk when it returns, in the system's temporary folder".to_owned();
    Ok(Group { title, rows })
}
