//! Brings a store's schema up to date, one named step at a time.

use std::collections::{BTreeMap, BTreeSet};

use longmem_core::TurnId;
use longmem_search::{BlockId, turn_block_of, with_notes};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::word_lists;

/// What one step changes.
struct Step {
    sql: &'static str,
    /// What SQL cannot do, after it.
    then: fn(&Transaction<'_>) -> rusqlite::Result<()>,
}

/// Every step since the first release, in order; a released step is never changed. A step's place,
/// from 1, is the format's number that it makes.
const STEPS: &[Step] = &[
    Step { sql: include_str!("../migrations/0001_initial.sql"), then: |_| Ok(()) },
    Step { sql: include_str!("../migrations/0002_numbers_and_epochs.sql"), then: |_| Ok(()) },
    Step {
        sql: include_str!("../migrations/0003_notes_and_instructions.sql"),
        then: mark_notes_in_lists,
    },
    Step {
        sql: include_str!("../migrations/0004_kept_values_and_forgotten_keys.sql"),
        then: word_lists::make_again,
    },
];

/// The format that this program reads and writes.
pub(crate) const FORMAT: u32 = STEPS.len() as u32;

/// Reads the format's number; 0 for an empty file.
pub(crate) fn format_of(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Applies the missing steps inside one transaction: all of them or none.
pub(crate) fn apply(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let present = format_of(transaction)? as usize;
    for step in &STEPS[present.min(STEPS.len())..] {
        transaction.execute_batch(step.sql)?;
        (step.then)(transaction)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)
}

/// Writes the lists of turns again in which there are notes.
fn mark_notes_in_lists(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut notes: BTreeMap<(i64, BlockId), BTreeSet<TurnId>> = BTreeMap::new();
    let mut statement = transaction.prepare("SELECT user_id, id FROM turns WHERE note")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let turn = TurnId(row.get(1)?);
        notes.entry((row.get(0)?, turn_block_of(turn))).or_default().insert(turn);
    }
    for ((user_id, block), notes) in notes {
        let entries: Option<Vec<u8>> = transaction
            .query_row(
                "SELECT entries FROM turn_blocks WHERE user_id = ?1 AND block = ?2",
                [user_id, block.0],
                |row| row.get(0),
            )
            .optional()?;
        // A store without the list opens all the same; its check says what is missing.
        let Some(entries) = entries else { continue };
        transaction.execute(
            "UPDATE turn_blocks SET entries = ?3 WHERE user_id = ?1 AND block = ?2",
            params![user_id, block.0, with_notes(block, &entries, &notes)],
        )?;
    }
    Ok(())
}
