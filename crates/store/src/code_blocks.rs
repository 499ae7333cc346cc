//! The codes of a user's vectors in blocks beside the vectors, so that a process that has just
//! begun reads a thirty-second of the bytes.

use std::collections::{BTreeMap, HashSet};

use longmem_core::TurnId;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::blocks::{Blocks, push_number, take_number};
use crate::code::{CODE_BYTES, Code};
use crate::snapshot::TurnPassages;

/// Which block of whose codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    user_id: i64,
    model_id: i64,
    block: i64,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Block {
    last_passage: i64,
    passages: i64,
    entries: Vec<u8>,
}

impl Block {
    fn push(&mut self, turn: TurnPassages<'_, Code>) {
        push_number(&mut self.entries, Blocks::OF_TURNS.offset(turn.turn.0));
        push_number(&mut self.entries, turn.first_passage as u64);
        push_number(&mut self.entries, turn.passages.len() as u64);
        self.entries.extend_from_slice(turn.passages.as_flattened());
        self.passages += turn.passages.len() as i64;
        self.last_passage = turn.first_passage + turn.passages.len() as i64 - 1;
    }
}

/// The codes of one transaction's vectors, not written yet.
#[derive(Debug, Default)]
pub(crate) struct NewCodes {
    blocks: BTreeMap<Key, Block>,
}

impl NewCodes {
    /// Notes a turn's codes; turns come in the order of their passages' numbers.
    pub(crate) fn add(&mut self, user_id: i64, model_id: i64, turn: TurnPassages<'_, Code>) {
        let key = Key { user_id, model_id, block: Blocks::OF_TURNS.of(turn.turn.0) };
        self.blocks.entry(key).or_default().push(turn);
    }

    /// Appends everything to the blocks on disk.
    pub(crate) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut append = transaction.prepare_cached(
            "INSERT INTO code_blocks (user_id, model_id, block, last_passage, passages, entries)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET last_passage = excluded.last_passage,
                 passages = passages + excluded.passages,
                 entries = CAST(entries || excluded.entries AS BLOB)",
        )?;
        for (Key { user_id, model_id, block }, new) in self.blocks {
            append.execute(params![
                user_id,
                model_id,
                block,
                new.last_passage,
                new.passages,
                new.entries
            ])?;
        }
        Ok(())
    }

    /// Counts the blocks on disk that differ from these, missing and needless ones included.
    pub(crate) fn differing_blocks(mut self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut differing = 0;
        let mut statement = connection.prepare(
            "SELECT user_id, model_id, block, last_passage, passages, entries FROM code_blocks",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key = Key { user_id: row.get(0)?, model_id: row.get(1)?, block: row.get(2)? };
            let stored =
                Block { last_passage: row.get(3)?, passages: row.get(4)?, entries: row.get(5)? };
            if self.blocks.remove(&key) != Some(stored) {
                differing += 1;
            }
        }
        Ok(differing + self.blocks.len() as u64)
    }
}

/// Counts the passages of a user that have a code under a model.
pub(crate) fn count(
    connection: &Connection,
    user_id: i64,
    model_id: i64,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "SELECT coalesce(sum(passages), 0) FROM code_blocks
             WHERE user_id = ?1 AND model_id = ?2",
        )?
        .query_row(params![user_id, model_id], |row| row.get(0))
}

/// Reads the codes of passages whose numbers are above the given one, in no order.
pub(crate) fn read(
    connection: &Connection,
    user_id: i64,
    model_id: i64,
    after: i64,
    add: &mut dyn FnMut(TurnPassages<'_, Code>),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT block, entries FROM code_blocks
         WHERE user_id = ?1 AND model_id = ?2 AND last_passage > ?3",
    )?;
    let mut rows = statement.query(params![user_id, model_id, after])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob()?;
        decode(row.get(0)?, bytes).filter(|turn| turn.first_passage > after).for_each(&mut *add);
    }
    Ok(())
}

/// Takes turns of one user off their blocks, whichever model made the codes.
pub(crate) fn remove(
    transaction: &Transaction<'_>,
    user_id: i64,
    gone: &HashSet<i64>,
) -> rusqlite::Result<()> {
    let blocks: HashSet<i64> = gone.iter().map(|turn| Blocks::OF_TURNS.of(*turn)).collect();
    let models: Vec<i64> = transaction
        .prepare_cached("SELECT id FROM embedding_models")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for model_id in models {
        for block in &blocks {
            remove_from_block(transaction, Key { user_id, model_id, block: *block }, gone)?;
        }
    }
    Ok(())
}

fn remove_from_block(
    transaction: &Transaction<'_>,
    key: Key,
    gone: &HashSet<i64>,
) -> rusqlite::Result<()> {
    let Key { user_id, model_id, block } = key;
    let found: Option<Vec<u8>> = transaction
        .prepare_cached(
            "SELECT entries FROM code_blocks WHERE user_id = ?1 AND model_id = ?2 AND block = ?3",
        )?
        .query_row(params![user_id, model_id, block], |row| row.get(0))
        .optional()?;
    let Some(entries) = found else { return Ok(()) };
    let mut kept = Block::default();
    for turn in decode(block, &entries).filter(|turn| !gone.contains(&turn.turn.0)) {
        kept.push(turn);
    }
    transaction
        .prepare_cached(
            "DELETE FROM code_blocks WHERE user_id = ?1 AND model_id = ?2 AND block = ?3",
        )?
        .execute(params![user_id, model_id, block])?;
    let mut rest = NewCodes::default();
    if !kept.entries.is_empty() {
        rest.blocks.insert(key, kept);
    }
    rest.write(transaction)
}

/// Reads a block; a damaged tail ends it.
fn decode(block: i64, mut bytes: &[u8]) -> impl Iterator<Item = TurnPassages<'_, Code>> + '_ {
    std::iter::from_fn(move || {
        let turn = TurnId(Blocks::OF_TURNS.turn(block, take_number(&mut bytes)?)?);
        let first_passage = take_number(&mut bytes)? as i64;
        let count = take_number(&mut bytes)? as usize;
        let (codes, rest) = bytes.split_at_checked(count.checked_mul(CODE_BYTES)?)?;
        bytes = rest;
        Some(TurnPassages { turn, first_passage, passages: codes.as_chunks().0 })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            turns in prop::collection::vec(
                (0..1024i64, 1..i64::MAX / 2, prop::collection::vec(prop::array::uniform(any::<u8>()), 1..4)),
                1..8,
            )
        ) {
            let turns: Vec<TurnPassages<'_, Code>> = turns
                .iter()
                .map(|(offset, first_passage, passages)| TurnPassages {
                    turn: TurnId(5 * 1024 + offset),
                    first_passage: *first_passage,
                    passages,
                })
                .collect();
            let mut block = Block::default();
            for turn in &turns {
                block.push(*turn);
            }
            let passages: usize = turns.iter().map(|turn| turn.passages.len()).sum();
            prop_assert_eq!(block.passages as usize, passages);
            prop_assert_eq!(decode(5, &block.entries).collect::<Vec<_>>(), turns);
        }

        #[test]
        fn damaged_blocks_end_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(3, &bytes).count() <= bytes.len());
        }
    }
}
