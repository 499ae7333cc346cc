//! Counts what a store holds, and checks that it is whole.

use longmem_core::{TurnId, UserName};
use rusqlite::Connection;

use crate::code::{Code, code_of};
use crate::code_blocks::NewCodes;
use crate::error::BadVector;
use crate::open::with_suffix;
use crate::postings::{NewPostings, Posting};
use crate::snapshot::TurnPassages;
use crate::turn_blocks::{NewEntries, TurnEntry};
use crate::turns::{parsed, timestamp};
use crate::vector_codec::decode;
use crate::{Store, StoreError};
use longmem_text::indexed_words;

/// What a store holds, all users together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Users with at least one turn or fact.
    pub users: u64,
    /// Conversations.
    pub sessions: u64,
    /// Messages.
    pub turns: u64,
    /// Pieces of turns that were cut for the embedding model.
    pub passages: u64,
    /// Passages that have their vector.
    pub vectors: u64,
    /// Turns that have no vectors yet.
    pub turns_without_vectors: u64,
    /// Tokens that no vector covers, because a text was longer than the model's window: 0.
    pub truncated_tokens: u64,
    /// Bytes on disk, the write-ahead log included.
    pub file_bytes: u64,
}

/// What a store holds of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStats {
    /// Whose memory it is.
    pub user: UserName,
    /// Conversations.
    pub sessions: u64,
    /// Messages.
    pub turns: u64,
}

impl Store {
    /// Counts everything.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn stats(&self) -> Result<StoreStats, StoreError> {
        let file_bytes = ["", "-wal"]
            .iter()
            .filter_map(|suffix| fs_err::metadata(with_suffix(self.path(), suffix)).ok())
            .map(|metadata| metadata.len())
            .sum();
        self.connections.read(|connection| {
            connection.query_row(
                "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions),
                        (SELECT count(*) FROM turns), (SELECT count(*) FROM passages),
                        (SELECT count(*) FROM vectors), (SELECT count(*) FROM index_queue),
                        (SELECT coalesce(sum(truncated_tokens), 0) FROM embedding_models)",
                [],
                |row| {
                    Ok(StoreStats {
                        users: row.get(0)?,
                        sessions: row.get(1)?,
                        turns: row.get(2)?,
                        passages: row.get(3)?,
                        vectors: row.get(4)?,
                        turns_without_vectors: row.get(5)?,
                        truncated_tokens: row.get(6)?,
                        file_bytes,
                    })
                },
            )
        })
    }

    /// Lists the users by name.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn users(&self) -> Result<Vec<UserStats>, StoreError> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT u.name, (SELECT count(*) FROM sessions WHERE user_id = u.id),
                            (SELECT count(*) FROM turns WHERE user_id = u.id)
                     FROM users u ORDER BY u.name",
                )?
                .query_map([], |row| {
                    Ok(UserStats {
                        user: parsed(row, 0)?,
                        sessions: row.get(1)?,
                        turns: row.get(2)?,
                    })
                })?
                .collect()
        })
    }

    /// Checks the whole file: SQLite's own check, foreign keys, the vectors, and the lists of words,
    /// turns and codes against what they were made of. Hands on what is wrong, a line each.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read at all.
    pub fn check(&self, problem: &mut dyn FnMut(String)) -> Result<(), StoreError> {
        let problems = self.connections.read(|connection| {
            let mut problems: Vec<String> = connection
                .prepare("PRAGMA integrity_check(20)")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            problems.retain(|line| line != "ok");
            let orphans = connection
                .prepare("PRAGMA foreign_key_check")?
                .query_map([], |row| row.get::<_, String>(0))?
                .count();
            if orphans > 0 {
                problems.push(format!("{orphans} rows refer to rows that are not there"));
            }
            let (words, turns) = wrong_lists_of_turns(connection)?;
            let codes = wrong_code_lists(connection, &mut problems)?;
            for (wrong, of_what) in [(words, "word"), (turns, "turn"), (codes, "code")] {
                if wrong > 0 {
                    problems.push(format!("{wrong} {of_what} lists do not hold what they should"));
                }
            }
            Ok(problems)
        })?;
        problems.into_iter().for_each(problem);
        Ok(())
    }
}

/// Counts the lists of words and of turns that are not what the turns make them.
fn wrong_lists_of_turns(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    let mut postings = NewPostings::default();
    let mut entries = NewEntries::default();
    let mut statement = connection.prepare(
        "SELECT id, user_id, session_id, role, time_ms, speaker, text FROM turns ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (turn, user_id) = (TurnId(row.get(0)?), row.get(1)?);
        let speaker: Option<String> = row.get(5)?;
        let text = row.get_ref(6)?.as_str()?;
        let words = indexed_words(timestamp(row, 4)?, speaker.as_deref(), text);
        for (word, count) in words.counts {
            postings.add(user_id, word, Posting { turn, count });
        }
        let entry = TurnEntry {
            turn,
            session_id: row.get(2)?,
            role: parsed(row, 3)?,
            time_ms: row.get(4)?,
            words: words.all,
        };
        entries.add(user_id, &entry);
    }
    Ok((postings.differing_lists(connection)?, entries.differing_blocks(connection)?))
}

/// Counts the lists of codes that are not what the vectors make them; tells of vectors that are
/// none.
fn wrong_code_lists(connection: &Connection, problems: &mut Vec<String>) -> rusqlite::Result<u64> {
    let mut expected = NewCodes::default();
    let mut statement = connection.prepare(
        "SELECT p.id, p.turn_id, p.user_id, p.model_id, v.vector
         FROM passages p JOIN vectors v ON v.passage_id = p.id ORDER BY p.id",
    )?;
    let mut rows = statement.query([])?;
    let mut last: Option<(i64, i64, TurnId, i64)> = None;
    let mut passages = Vec::new();
    let mut add = |(user_id, model_id, turn, first_passage), passages: &[Code]| {
        expected.add(user_id, model_id, TurnPassages { turn, first_passage, passages });
    };
    while let Some(row) = rows.next()? {
        let passage = row.get(0)?;
        let turn = TurnId(row.get(1)?);
        let (user_id, model_id) = (row.get(2)?, row.get(3)?);
        match last {
            Some(same) if (same.0, same.1, same.2) == (user_id, model_id, turn) => {}
            _ => {
                if let Some(last) = last.replace((user_id, model_id, turn, passage)) {
                    add(last, &passages);
                }
                passages.clear();
            }
        }
        match decode(row.get_ref(4)?.as_blob()?) {
            Ok(vector) => passages.push(code_of(&vector)),
            Err(reason) => problems.push(BadVector { passage, reason }.to_string()),
        }
    }
    if let Some(last) = last {
        add(last, &passages);
    }
    expected.differing_blocks(connection)
}
