//! Brings a store's schema up to date, one named step at a time.

use rusqlite::{Connection, Transaction};

/// Every step since the first release, in order; a released step is never changed. A step's place,
/// from 1, is the format's number that it makes.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_numbers_and_epochs.sql"),
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
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)
}
