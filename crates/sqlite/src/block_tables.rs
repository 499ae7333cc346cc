//! The three tables of blocks: appended to as turns come, rewritten when turns are deleted.

use std::collections::BTreeSet;

use longmem_core::TurnId;
use longmem_search::{
    BlockId, Listed, NewLists, SessionNumber, codes_in, turn_block_of, with_session, with_turns,
    without_turns, word_block_of,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::rows::array;

/// Whose blocks are changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) user_id: i64,
    /// The model that made the vectors of code blocks; 0 where none are written.
    pub(crate) model_id: i64,
}

/// Appends new lists to the blocks of a user.
pub(crate) fn append(
    transaction: &Transaction<'_>,
    owner: Owner,
    lists: &NewLists,
) -> rusqlite::Result<()> {
    let Owner { user_id, model_id } = owner;
    let mut append_word = transaction.prepare_cached(
        "INSERT INTO postings (user_id, block, word, entries) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET entries = CAST(entries || excluded.entries AS BLOB)",
    )?;
    let mut add_word = transaction
        .prepare_cached("INSERT OR IGNORE INTO words (user_id, word) VALUES (?1, ?2)")?;
    for (list, block, bytes) in lists.blocks() {
        match list {
            Listed::Turns => transaction
                .prepare_cached(
                    "INSERT INTO turn_blocks (user_id, block, entries) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET entries = CAST(entries || excluded.entries AS BLOB)",
                )?
                .execute(params![user_id, block.0, bytes])?,
            Listed::Word(word) => {
                append_word.execute(params![user_id, block.0, word, bytes])?;
                add_word.execute(params![user_id, word])?
            }
            Listed::Codes { width } => {
                let Some((passages, last)) = codes_in(width, block, bytes) else { continue };
                transaction
                    .prepare_cached(
                        "INSERT INTO code_blocks
                             (user_id, model_id, block, last_passage, passages, entries)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                         ON CONFLICT DO UPDATE SET last_passage = excluded.last_passage,
                             passages = passages + excluded.passages,
                             entries = CAST(entries || excluded.entries AS BLOB)",
                    )?
                    .execute(params![user_id, model_id, block.0, last.0, passages as i64, bytes])?
            }
        };
    }
    Ok(())
}

/// Puts the lists of turns that have older and newer ones beside them into the blocks of a user, which
/// do not hold them. There are no codes among them.
pub(crate) fn insert_between(
    transaction: &Transaction<'_>,
    user_id: i64,
    lists: &NewLists,
) -> rusqlite::Result<()> {
    for (list, block, added) in lists.blocks() {
        let word = match list {
            Listed::Word(word) => word,
            _ => "",
        };
        let [select, write] = match list {
            Listed::Turns => [
                "SELECT entries FROM turn_blocks WHERE user_id = ?1 AND block = ?2 AND ?3 = ''",
                "INSERT INTO turn_blocks (user_id, block, entries)
                 SELECT ?1, ?2, ?4 WHERE ?3 = ''
                 ON CONFLICT DO UPDATE SET entries = excluded.entries",
            ],
            Listed::Word(_) => [
                "SELECT entries FROM postings WHERE user_id = ?1 AND block = ?2 AND word = ?3",
                "INSERT INTO postings (user_id, block, word, entries) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET entries = excluded.entries",
            ],
            Listed::Codes { .. } => continue,
        };
        let stored: Option<Vec<u8>> = transaction
            .prepare_cached(select)?
            .query_row(params![user_id, block.0, word], |row| row.get(0))
            .optional()?;
        let entries = with_turns(list, block, &stored.unwrap_or_default(), added);
        transaction.prepare_cached(write)?.execute(params![user_id, block.0, word, entries])?;
        if matches!(list, Listed::Word(_)) {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO words (user_id, word) VALUES (?1, ?2)")?
                .execute(params![user_id, word])?;
        }
    }
    Ok(())
}

/// Notes in the blocks of a user that turns are of another session now.
pub(crate) fn set_session(
    transaction: &Transaction<'_>,
    user_id: i64,
    moved: &BTreeSet<TurnId>,
    session: SessionNumber,
) -> rusqlite::Result<()> {
    let blocks: BTreeSet<i64> = moved.iter().map(|turn| turn_block_of(*turn).0).collect();
    let stored: Vec<(i64, Vec<u8>)> = transaction
        .prepare_cached(
            "SELECT block, entries FROM turn_blocks WHERE user_id = ?1 AND block IN rarray(?2)",
        )?
        .query_map(params![user_id, blocks_array(&blocks)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut update = transaction
        .prepare_cached("UPDATE turn_blocks SET entries = ?3 WHERE user_id = ?1 AND block = ?2")?;
    for (block, entries) in stored {
        let changed = with_session(BlockId(block), &entries, moved, session);
        update.execute(params![user_id, block, changed])?;
    }
    Ok(())
}

/// The blocks of a user's words, in order.
pub(crate) fn word_blocks(connection: &Connection, user_id: i64) -> rusqlite::Result<Vec<i64>> {
    // Steps from block to block in the index instead of reading every list.
    connection
        .prepare_cached(
            "WITH RECURSIVE blocks (block) AS (
                 SELECT min(block) FROM postings WHERE user_id = ?1
                 UNION ALL
                 SELECT (SELECT min(block) FROM postings
                         WHERE user_id = ?1 AND block > blocks.block)
                 FROM blocks WHERE blocks.block IS NOT NULL
             )
             SELECT block FROM blocks WHERE block IS NOT NULL",
        )?
        .query_map([user_id], |row| row.get(0))?
        .collect()
}

/// Takes turns of one user off all blocks. `words` are all words of these turns.
pub(crate) fn remove(
    transaction: &Transaction<'_>,
    user_id: i64,
    gone: &BTreeSet<TurnId>,
    words: BTreeSet<String>,
) -> rusqlite::Result<()> {
    let turn_blocks: BTreeSet<i64> = gone.iter().map(|turn| turn_block_of(*turn).0).collect();
    let word_blocks: BTreeSet<i64> = gone.iter().map(|turn| word_block_of(*turn).0).collect();
    remove_turns(transaction, user_id, gone, &turn_blocks)?;
    remove_codes(transaction, user_id, gone, &turn_blocks)?;
    remove_words(transaction, user_id, gone, &word_blocks, words)
}

/// Removes all blocks of a user.
pub(crate) fn remove_all(transaction: &Transaction<'_>, user_id: i64) -> rusqlite::Result<()> {
    remove_words_and_turns(transaction, user_id)?;
    transaction.execute("DELETE FROM code_blocks WHERE user_id = ?1", [user_id]).map(drop)
}

/// Removes all blocks of a user but those of codes.
pub(crate) fn remove_words_and_turns(
    transaction: &Transaction<'_>,
    user_id: i64,
) -> rusqlite::Result<()> {
    for table in ["turn_blocks", "postings", "words"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE user_id = ?1"), [user_id])?;
    }
    Ok(())
}

fn remove_turns(
    transaction: &Transaction<'_>,
    user_id: i64,
    gone: &BTreeSet<TurnId>,
    blocks: &BTreeSet<i64>,
) -> rusqlite::Result<()> {
    let stored: Vec<(i64, Vec<u8>)> = transaction
        .prepare_cached(
            "SELECT block, entries FROM turn_blocks WHERE user_id = ?1 AND block IN rarray(?2)",
        )?
        .query_map(params![user_id, blocks_array(blocks)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (block, entries) in stored {
        let kept = without_turns(Listed::Turns, BlockId(block), &entries, gone);
        let sql = if kept.is_empty() {
            "DELETE FROM turn_blocks WHERE user_id = ?1 AND block = ?2 AND ?3 IS NOT NULL"
        } else {
            "UPDATE turn_blocks SET entries = ?3 WHERE user_id = ?1 AND block = ?2"
        };
        transaction.prepare_cached(sql)?.execute(params![user_id, block, kept])?;
    }
    Ok(())
}

/// Whichever model made the codes.
fn remove_codes(
    transaction: &Transaction<'_>,
    user_id: i64,
    gone: &BTreeSet<TurnId>,
    blocks: &BTreeSet<i64>,
) -> rusqlite::Result<()> {
    let stored: Vec<(i64, usize, i64, Vec<u8>)> = transaction
        .prepare_cached(
            "SELECT c.model_id, m.dimensions, c.block, c.entries
             FROM embedding_models m JOIN code_blocks c ON c.model_id = m.id
             WHERE c.user_id = ?1 AND c.block IN rarray(?2)",
        )?
        .query_map(params![user_id, blocks_array(blocks)], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)? as usize, row.get(2)?, row.get(3)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (model_id, width, block, entries) in stored {
        let kept = without_turns(Listed::Codes { width }, BlockId(block), &entries, gone);
        let Some((passages, last)) = codes_in(width, BlockId(block), &kept) else {
            transaction
                .prepare_cached(
                    "DELETE FROM code_blocks WHERE user_id = ?1 AND model_id = ?2 AND block = ?3",
                )?
                .execute(params![user_id, model_id, block])?;
            continue;
        };
        transaction
            .prepare_cached(
                "UPDATE code_blocks SET last_passage = ?4, passages = ?5, entries = ?6
                 WHERE user_id = ?1 AND model_id = ?2 AND block = ?3",
            )?
            .execute(params![user_id, model_id, block, last.0, passages as i64, kept])?;
    }
    Ok(())
}

fn remove_words(
    transaction: &Transaction<'_>,
    user_id: i64,
    gone: &BTreeSet<TurnId>,
    blocks: &BTreeSet<i64>,
    words: BTreeSet<String>,
) -> rusqlite::Result<()> {
    let words = array(words);
    let stored: Vec<(i64, String, Vec<u8>)> = transaction
        .prepare_cached(
            "SELECT block, word, entries FROM postings
             WHERE user_id = ?1 AND block IN rarray(?2) AND word IN rarray(?3)",
        )?
        .query_map(params![user_id, blocks_array(blocks), words], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (block, word, entries) in stored {
        let kept = without_turns(Listed::Word(&word), BlockId(block), &entries, gone);
        let sql = if kept.is_empty() {
            "DELETE FROM postings
             WHERE user_id = ?1 AND block = ?2 AND word = ?3 AND ?4 IS NOT NULL"
        } else if kept.len() < entries.len() {
            "UPDATE postings SET entries = ?4 WHERE user_id = ?1 AND block = ?2 AND word = ?3"
        } else {
            continue;
        };
        transaction.prepare_cached(sql)?.execute(params![user_id, block, word, kept])?;
    }
    // A word that no block holds any more is no word of the user's. The primary key begins with the
    // block, so all blocks are named.
    let all_blocks = array(word_blocks(transaction, user_id)?);
    transaction
        .prepare_cached(
            "DELETE FROM words WHERE user_id = ?1 AND word IN rarray(?2) AND NOT EXISTS (
                 SELECT 1 FROM postings p
                 WHERE p.user_id = ?1 AND p.block IN rarray(?3) AND p.word = words.word)",
        )?
        .execute(params![user_id, words, all_blocks])?;
    Ok(())
}

fn blocks_array(blocks: &BTreeSet<i64>) -> std::rc::Rc<Vec<Value>> {
    array(blocks.iter().copied())
}
