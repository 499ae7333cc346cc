//! Counts what a store holds, and checks that it is whole.

use longmem_core::UserName;
use rusqlite::Connection;

use crate::analysis::turn_words;
use crate::open::with_suffix;
use crate::postings::{NewPostings, Posting};
use crate::turns::{parsed, timestamp};
use crate::{Store, StoreError};

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

    /// Checks the whole file: SQLite's own check, foreign keys, and the lists of words against the
    /// turns. Returns what
    /// is wrong, a line each; empty when all is well.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read at all.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        self.connections.read(|connection| {
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
            let wrong = wrong_word_lists(connection)?;
            if wrong > 0 {
                problems.push(format!("{wrong} word lists do not hold the turns that they should"));
            }
            Ok(problems)
        })
    }
}

/// Counts the lists of words that are not what the turns' texts make them.
fn wrong_word_lists(connection: &Connection) -> rusqlite::Result<u64> {
    let mut expected = NewPostings::default();
    let mut statement = connection.prepare(
        "SELECT id, user_id, session_id, position, time_ms, speaker, text FROM turns ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let speaker: Option<String> = row.get(5)?;
        let text = row.get_ref(6)?.as_str()?;
        let (words, _) = turn_words(timestamp(row, 4)?, speaker.as_deref(), text);
        for (word, count) in words {
            let posting = Posting { session_id: row.get(2)?, position: row.get(3)?, count };
            expected.add(row.get(1)?, row.get(0)?, word, posting);
        }
    }
    expected.differing_lists(connection)
}
