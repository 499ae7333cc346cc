//! What searches need to know of each turn, in blocks beside the turns themselves.

use std::collections::{BTreeMap, HashSet};

use longmem_core::{Role, TurnId};
use rusqlite::{Connection, Transaction, params};

use crate::blocks::{Blocks, push_number, take_number};

/// What is known of a turn without reading its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnEntry {
    pub(crate) turn: TurnId,
    pub(crate) session_id: i64,
    pub(crate) role: Role,
    pub(crate) time_ms: i64,
    /// How many words it was indexed with.
    pub(crate) words: u32,
}

/// The entries of one transaction's turns, not written yet.
#[derive(Debug, Default)]
pub(crate) struct NewEntries {
    /// By user and block: entries, one after another.
    blocks: BTreeMap<(i64, i64), Vec<u8>>,
}

impl NewEntries {
    /// Notes a turn; turns come in the order of their numbers.
    pub(crate) fn add(&mut self, user_id: i64, entry: &TurnEntry) {
        push_entry(
            self.blocks.entry((user_id, Blocks::OF_TURNS.of(entry.turn.0))).or_default(),
            entry,
        );
    }

    /// Appends everything to the blocks on disk.
    pub(crate) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut append = transaction.prepare_cached(
            "INSERT INTO turn_blocks (user_id, block, entries) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET entries = CAST(entries || excluded.entries AS BLOB)",
        )?;
        for ((user_id, block), entries) in self.blocks {
            append.execute(params![user_id, block, entries])?;
        }
        Ok(())
    }

    /// Counts the blocks on disk that differ from these, missing and needless ones included.
    pub(crate) fn differing_blocks(mut self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut differing = 0;
        let mut statement =
            connection.prepare("SELECT user_id, block, entries FROM turn_blocks")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let expected = self.blocks.remove(&(row.get(0)?, row.get(1)?));
            if expected.as_deref() != Some(row.get_ref(2)?.as_blob()?) {
                differing += 1;
            }
        }
        Ok(differing + self.blocks.len() as u64)
    }
}

/// Reads the turns of a user that were stored after the given one, in the order of their numbers.
pub(crate) fn read_entries(
    connection: &Connection,
    user_id: i64,
    after: i64,
) -> rusqlite::Result<Vec<TurnEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT block, entries FROM turn_blocks WHERE user_id = ?1 AND block >= ?2 ORDER BY block",
    )?;
    let mut rows = statement.query(params![user_id, Blocks::OF_TURNS.of(after)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob()?;
        entries.extend(decode(row.get(0)?, bytes).filter(|entry| entry.turn.0 > after));
    }
    Ok(entries)
}

/// Takes turns of one user off their blocks.
pub(crate) fn remove(
    transaction: &Transaction<'_>,
    user_id: i64,
    gone: &HashSet<i64>,
) -> rusqlite::Result<()> {
    let blocks: HashSet<i64> = gone.iter().map(|turn| Blocks::OF_TURNS.of(*turn)).collect();
    for block in blocks {
        let entries: Vec<u8> = transaction
            .prepare_cached("SELECT entries FROM turn_blocks WHERE user_id = ?1 AND block = ?2")?
            .query_row(params![user_id, block], |row| row.get(0))?;
        let mut kept = Vec::with_capacity(entries.len());
        for entry in decode(block, &entries).filter(|entry| !gone.contains(&entry.turn.0)) {
            push_entry(&mut kept, &entry);
        }
        let sql = if kept.is_empty() {
            "DELETE FROM turn_blocks WHERE user_id = ?1 AND block = ?2 AND ?3 IS NOT NULL"
        } else {
            "UPDATE turn_blocks SET entries = ?3 WHERE user_id = ?1 AND block = ?2"
        };
        transaction.prepare_cached(sql)?.execute(params![user_id, block, kept])?;
    }
    Ok(())
}

fn push_entry(bytes: &mut Vec<u8>, entry: &TurnEntry) {
    push_number(bytes, Blocks::OF_TURNS.offset(entry.turn.0));
    push_number(bytes, entry.session_id as u64);
    push_number(bytes, entry.role as u64);
    push_number(bytes, entry.time_ms as u64);
    push_number(bytes, u64::from(entry.words));
}

/// Reads entries; a damaged tail ends the block.
fn decode(block: i64, mut bytes: &[u8]) -> impl Iterator<Item = TurnEntry> + '_ {
    std::iter::from_fn(move || {
        Some(TurnEntry {
            turn: TurnId(Blocks::OF_TURNS.turn(block, take_number(&mut bytes)?)?),
            session_id: take_number(&mut bytes)? as i64,
            role: *Role::ALL.get(take_number(&mut bytes)? as usize)?,
            time_ms: take_number(&mut bytes)? as i64,
            words: take_number(&mut bytes)? as u32,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries() -> impl Strategy<Value = TurnEntry> {
        (0..1024i64, 1i64.., prop::sample::select(&Role::ALL[..]), any::<i64>(), any::<u32>())
            .prop_map(|(offset, session_id, role, time_ms, words)| TurnEntry {
                turn: TurnId(7 * 1024 + offset),
                session_id,
                role,
                time_ms,
                words,
            })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(entries in prop::collection::vec(entries(), 0..50)) {
            let mut bytes = Vec::new();
            for entry in &entries {
                push_entry(&mut bytes, entry);
            }
            prop_assert_eq!(decode(7, &bytes).collect::<Vec<_>>(), entries);
        }

        #[test]
        fn damaged_blocks_end_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(decode(3, &bytes).count() <= bytes.len());
        }
    }
}
