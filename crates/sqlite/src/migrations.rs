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

/// Greatest number of a format that is believed; a greater one is a damaged number.
const GREATEST_FORMAT: u32 = 9999;

/// What the file says of its format.
pub(crate) enum FoundFormat {
    /// The file is empty.
    None,
    /// A format's number, from 1.
    Numbered(u32),
    /// What no longmem writes, in words.
    Damaged(String),
}

/// Reads the format's number.
pub(crate) fn format_of(connection: &Connection) -> rusqlite::Result<FoundFormat> {
    // One statement, since another process may be making the tables.
    let (number, tables): (i64, i64) = connection.query_row(
        "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(match u32::try_from(number) {
        Ok(0) if tables == 0 => FoundFormat::None,
        Ok(format @ 1..=GREATEST_FORMAT) => FoundFormat::Numbered(format),
        _ => FoundFormat::Damaged(format!("its format is {number}, which no longmem writes")),
    })
}

/// An empty database of the present format, against which others are compared.
pub(crate) fn example() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    let transaction = connection.transaction()?;
    apply(&transaction)?;
    transaction.commit()?;
    Ok(connection)
}

/// Applies the missing steps inside one transaction: all of them or none.
pub(crate) fn apply(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let present = match format_of(transaction)? {
        FoundFormat::Numbered(format) => format as usize,
        _ => 0,
    };
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
