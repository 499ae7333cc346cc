//! Which turns hold a word: lists of places, appended to as turns come.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Turns whose numbers share these upper bits share a block of each word's list, so that adding a
/// turn rewrites a few kilobytes at most.
const BLOCK_BITS: u32 = 10;

/// One turn in a word's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) session_id: i64,
    pub(crate) position: u32,
    /// How often the turn holds the word.
    pub(crate) count: u32,
}

/// The lists of one transaction's turns, not written yet.
#[derive(Debug, Default)]
pub(crate) struct NewPostings {
    /// By user, word and block: entries, one after another.
    lists: BTreeMap<(i64, String, i64), Vec<u8>>,
}

impl NewPostings {
    /// Notes that a turn holds a word.
    pub(crate) fn add(&mut self, user_id: i64, turn_id: i64, word: String, posting: Posting) {
        let entries = self.lists.entry((user_id, word, block_of(turn_id))).or_default();
        push_number(entries, posting.session_id as u64);
        push_number(entries, u64::from(posting.position));
        push_number(entries, u64::from(posting.count));
    }

    /// Appends everything to the lists on disk, in the order of their keys.
    pub(crate) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut append = transaction.prepare_cached(
            "INSERT INTO postings (user_id, word, block, entries) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET entries = CAST(entries || excluded.entries AS BLOB)",
        )?;
        for ((user_id, word, block), entries) in self.lists {
            append.execute(params![user_id, word, block, entries])?;
        }
        Ok(())
    }
}

impl NewPostings {
    /// Counts the lists on disk that differ from these, missing and needless ones included.
    pub(crate) fn differing_lists(mut self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut differing = 0;
        let mut statement =
            connection.prepare("SELECT user_id, word, block, entries FROM postings")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let expected = self.lists.remove(&(row.get(0)?, row.get(1)?, row.get(2)?));
            if expected.as_deref() != Some(row.get_ref(3)?.as_blob()?) {
                differing += 1;
            }
        }
        Ok(differing + self.lists.len() as u64)
    }
}

/// Reads the turns of a user that hold a word, in no order.
pub(crate) fn read(
    connection: &Connection,
    user_id: i64,
    word: &str,
    postings: &mut Vec<Posting>,
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT entries FROM postings WHERE user_id = ?1 AND word = ?2")?;
    let mut rows = statement.query(params![user_id, word])?;
    while let Some(row) = rows.next()? {
        postings.extend(decode(row.get_ref(0)?.as_blob()?));
    }
    Ok(())
}

/// Takes turns off a word's list: all of them have this block.
pub(crate) fn remove(
    transaction: &Transaction<'_>,
    user_id: i64,
    word: &str,
    block: i64,
    gone: impl Fn(&Posting) -> bool,
) -> rusqlite::Result<()> {
    let entries: Option<Vec<u8>> = transaction
        .prepare_cached(
            "SELECT entries FROM postings WHERE user_id = ?1 AND word = ?2 AND block = ?3",
        )?
        .query_row(params![user_id, word, block], |row| row.get(0))
        .optional()?;
    let mut kept = Vec::new();
    for posting in decode(&entries.unwrap_or_default()).filter(|posting| !gone(posting)) {
        push_number(&mut kept, posting.session_id as u64);
        push_number(&mut kept, u64::from(posting.position));
        push_number(&mut kept, u64::from(posting.count));
    }
    if kept.is_empty() {
        transaction
            .prepare_cached("DELETE FROM postings WHERE user_id = ?1 AND word = ?2 AND block = ?3")?
            .execute(params![user_id, word, block])?;
    } else {
        transaction
            .prepare_cached(
                "UPDATE postings SET entries = ?4 WHERE user_id = ?1 AND word = ?2 AND block = ?3",
            )?
            .execute(params![user_id, word, block, kept])?;
    }
    Ok(())
}

/// The block that a turn's postings stand in.
pub(crate) fn block_of(turn_id: i64) -> i64 {
    turn_id >> BLOCK_BITS
}

/// Reads entries; a damaged tail ends the list.
fn decode(mut bytes: &[u8]) -> impl Iterator<Item = Posting> + '_ {
    std::iter::from_fn(move || {
        Some(Posting {
            session_id: take_number(&mut bytes)? as i64,
            position: take_number(&mut bytes)? as u32,
            count: take_number(&mut bytes)? as u32,
        })
    })
}

/// LEB128: seven bits a byte, the lowest first.
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            entries in prop::collection::vec((1i64.., any::<u32>(), 1u32..), 0..50)
        ) {
            let mut bytes = Vec::new();
            for (session_id, position, count) in &entries {
                push_number(&mut bytes, *session_id as u64);
                push_number(&mut bytes, u64::from(*position));
                push_number(&mut bytes, u64::from(*count));
            }
            let read: Vec<_> =
                decode(&bytes).map(|p| (p.session_id, p.position, p.count)).collect();
            prop_assert_eq!(read, entries);
        }

        #[test]
        fn damaged_lists_end_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(decode(&bytes).count() <= bytes.len());
        }
    }
}
