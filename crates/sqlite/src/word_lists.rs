//! Makes the lists of turns and words again, when the program spells words otherwise than before.

use longmem_core::TurnId;
use longmem_search::{NewLists, SessionNumber, TurnEntry};
use longmem_text::{IndexedWords, indexed_words};
use rayon::prelude::*;
use rusqlite::{Row, Transaction, params};

use crate::block_tables::{self, Owner};
use crate::rows::{parsed, timestamp};

/// Turns whose lists are made at once: a block of words, so that the memory for it does not grow with
/// the store.
const TURNS_AT_ONCE: i64 = 8192;

/// Makes the lists of every user again who has a turn that is not plain ASCII; the words of plain
/// ASCII are spelt as ever.
pub(crate) fn make_again(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let users: Vec<i64> = transaction
        .prepare(
            "SELECT u.id FROM users u WHERE EXISTS (
                 SELECT 1 FROM turns t WHERE t.user_id = u.id
                 AND (length(t.text) <> octet_length(t.text)
                      OR length(t.speaker) <> octet_length(t.speaker)))",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    users.into_iter().try_for_each(|user_id| make_again_for(transaction, user_id))
}

/// Makes the lists of turns and words of a user again.
pub(crate) fn make_again_for(transaction: &Transaction<'_>, user_id: i64) -> rusqlite::Result<()> {
    block_tables::remove_words_and_turns(transaction, user_id)?;
    let stretches: Vec<i64> = transaction
        .prepare("SELECT DISTINCT id / ?2 FROM turns WHERE user_id = ?1 ORDER BY 1")?
        .query_map([user_id, TURNS_AT_ONCE], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut select = transaction.prepare(
        "SELECT id, session_id, role, time_ms, note, speaker, text FROM turns
         WHERE user_id = ?1 AND id >= ?2 AND id < ?3 ORDER BY id",
    )?;
    for stretch in stretches {
        let first = stretch * TURNS_AT_ONCE;
        let turns: Vec<StoredTurn> = select
            .query_map(params![user_id, first, first + TURNS_AT_ONCE], StoredTurn::from_row)?
            .collect::<rusqlite::Result<_>>()?;
        let words: Vec<IndexedWords> = turns.par_iter().map(StoredTurn::words).collect();
        let mut lists = NewLists::default();
        for (turn, words) in turns.iter().zip(&words) {
            lists.add_turn(&TurnEntry { words: words.all, ..turn.entry }, words);
        }
        block_tables::append(transaction, Owner { user_id, model_id: 0 }, &lists)?;
    }
    Ok(())
}

/// What the lists are made of.
struct StoredTurn {
    /// Its entry, without the number of its words.
    entry: TurnEntry,
    time: jiff::Timestamp,
    speaker: Option<String>,
    text: String,
}

impl StoredTurn {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let entry = TurnEntry {
            turn: TurnId(row.get(0)?),
            session: SessionNumber(row.get(1)?),
            role: parsed(row, 2)?,
            note: row.get(4)?,
            time_ms: row.get(3)?,
            words: 0,
        };
        let time = timestamp(row, 3)?;
        Ok(Self { entry, time, speaker: row.get(5)?, text: row.get(6)? })
    }

    fn words(&self) -> IndexedWords {
        indexed_words(self.time, self.speaker.as_deref(), &self.text)
    }
}
