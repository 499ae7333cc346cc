//! Which turns hold a word: lists of places, appended to as turns come.

use std::collections::{BTreeSet, HashMap, HashSet};

use longmem_core::TurnId;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::blocks::{Blocks, push_number, take_number};

/// One turn in a word's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) turn: TurnId,
    /// How often the turn holds the word.
    pub(crate) count: u32,
}

/// The lists of one transaction's turns, not written yet.
#[derive(Debug, Default)]
pub(crate) struct NewPostings {
    /// By user, block and word: entries, one after another.
    lists: HashMap<(i64, i64, String), Vec<u8>>,
}

impl NewPostings {
    /// Notes that a turn holds a word; turns come in the order of their numbers.
    pub(crate) fn add(&mut self, user_id: i64, word: String, posting: Posting) {
        let list =
            self.lists.entry((user_id, Blocks::OF_WORDS.of(posting.turn.0), word)).or_default();
        push_posting(list, posting);
    }

    /// Appends everything to the lists on disk, in the order of their keys.
    pub(crate) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut append = transaction.prepare_cached(
            "INSERT INTO postings (user_id, block, word, entries) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET entries = CAST(entries || excluded.entries AS BLOB)",
        )?;
        let mut add_word = transaction
            .prepare_cached("INSERT OR IGNORE INTO words (user_id, word) VALUES (?1, ?2)")?;
        let mut lists: Vec<_> = self.lists.into_iter().collect();
        lists.sort_unstable();
        for ((user_id, block, word), entries) in lists {
            append.execute(params![user_id, block, word, entries])?;
            add_word.execute(params![user_id, word])?;
        }
        Ok(())
    }
}

impl NewPostings {
    /// Counts the lists and words on disk that differ from these, missing and needless ones included.
    pub(crate) fn differing_lists(mut self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut differing = 0;
        let mut statement =
            connection.prepare("SELECT user_id, block, word, entries FROM postings")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let expected = self.lists.remove(&(row.get(0)?, row.get(1)?, row.get(2)?));
            if expected.as_deref() != Some(row.get_ref(3)?.as_blob()?) {
                differing += 1;
            }
        }
        let wrong_words: u64 = connection.query_row(
            "SELECT (SELECT count(*) FROM (SELECT user_id, word FROM words
                                           EXCEPT SELECT user_id, word FROM postings))
                  + (SELECT count(*) FROM (SELECT user_id, word FROM postings
                                           EXCEPT SELECT user_id, word FROM words))",
            [],
            |row| row.get(0),
        )?;
        Ok(differing + self.lists.len() as u64 + wrong_words)
    }
}

/// The blocks of a user's words, in order.
pub(crate) fn blocks(connection: &Connection, user_id: i64) -> rusqlite::Result<Vec<i64>> {
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

/// Reads the turns of a user's blocks that hold a word, in the order of their numbers.
pub(crate) fn read(
    connection: &Connection,
    user_id: i64,
    blocks: &[i64],
    word: &str,
    postings: &mut Vec<Posting>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT entries FROM postings WHERE user_id = ?1 AND block = ?2 AND word = ?3",
    )?;
    for block in blocks {
        let mut rows = statement.query(params![user_id, block, word])?;
        if let Some(row) = rows.next()? {
            postings.extend(decode(*block, row.get_ref(0)?.as_blob()?));
        }
    }
    Ok(())
}

/// Takes turns of one user off the lists of their words, which are given by block and word.
pub(crate) fn remove(
    transaction: &Transaction<'_>,
    user_id: i64,
    words: &BTreeSet<(i64, String)>,
    gone: &HashSet<i64>,
) -> rusqlite::Result<()> {
    let blocks = blocks(transaction, user_id)?;
    for (block, word) in words {
        if remove_from_list(transaction, (user_id, *block, word), gone)? {
            let mut elsewhere = Vec::new();
            read(transaction, user_id, &blocks, word, &mut elsewhere)?;
            if elsewhere.is_empty() {
                transaction
                    .prepare_cached("DELETE FROM words WHERE user_id = ?1 AND word = ?2")?
                    .execute(params![user_id, word])?;
            }
        }
    }
    Ok(())
}

/// Takes turns off one list; returns whether nothing is left of it.
fn remove_from_list(
    transaction: &Transaction<'_>,
    (user_id, block, word): (i64, i64, &str),
    gone: &HashSet<i64>,
) -> rusqlite::Result<bool> {
    let entries: Option<Vec<u8>> = transaction
        .prepare_cached(
            "SELECT entries FROM postings WHERE user_id = ?1 AND block = ?2 AND word = ?3",
        )?
        .query_row(params![user_id, block, word], |row| row.get(0))
        .optional()?;
    let mut kept = Vec::new();
    for posting in decode(block, &entries.unwrap_or_default()) {
        if !gone.contains(&posting.turn.0) {
            push_posting(&mut kept, posting);
        }
    }
    let sql = if kept.is_empty() {
        "DELETE FROM postings WHERE user_id = ?1 AND block = ?2 AND word = ?3 AND ?4 IS NOT NULL"
    } else {
        "UPDATE postings SET entries = ?4 WHERE user_id = ?1 AND block = ?2 AND word = ?3"
    };
    transaction.prepare_cached(sql)?.execute(params![user_id, block, word, kept])?;
    Ok(kept.is_empty())
}

fn push_posting(bytes: &mut Vec<u8>, posting: Posting) {
    push_number(bytes, Blocks::OF_WORDS.offset(posting.turn.0));
    push_number(bytes, u64::from(posting.count));
}

/// Reads entries; a damaged tail ends the list.
fn decode(block: i64, mut bytes: &[u8]) -> impl Iterator<Item = Posting> + '_ {
    std::iter::from_fn(move || {
        Some(Posting {
            turn: TurnId(Blocks::OF_WORDS.turn(block, take_number(&mut bytes)?)?),
            count: take_number(&mut bytes)? as u32,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            entries in prop::collection::vec((0i64..8192, 1u32..), 0..50)
        ) {
            let postings: Vec<Posting> = entries
                .into_iter()
                .map(|(offset, count)| Posting { turn: TurnId(9 * 8192 + offset), count })
                .collect();
            let mut bytes = Vec::new();
            for posting in &postings {
                push_posting(&mut bytes, *posting);
            }
            prop_assert_eq!(decode(9, &bytes).collect::<Vec<_>>(), postings);
        }

        #[test]
        fn damaged_lists_end_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(decode(3, &bytes).count() <= bytes.len());
        }
    }
}
