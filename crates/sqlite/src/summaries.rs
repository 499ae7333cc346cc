//! Keeps what language models made of stretches of talk.

use jiff::Timestamp;
use longmem_core::{SessionName, Summary, SummaryId, SummaryOf, Turn, TurnId, UserName};
use rusqlite::{Connection, Row, params};

use crate::facts::turn_exists;
use crate::turns::{SELECT_TURN, parsed, timestamp, turn_from_row, user_id};
use crate::{Epoch, Store, StoreError};

impl Store {
    /// Reads a user's summaries in order of what they sum up.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn summaries(&self, user: &UserName) -> Result<Vec<Summary>, StoreError> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT m.id, m.of, s.name, m.through_turn,
                            coalesce(t.time_ms,
                                     (SELECT max(pt.time_ms) FROM summaries p
                                      JOIN turns pt ON pt.id = p.through_turn
                                      WHERE p.folded_into = m.id), m.created_ms) AS time_ms,
                            m.text, m.folded_into
                     FROM summaries m
                     JOIN users u ON u.id = m.user_id
                     LEFT JOIN sessions s ON s.id = m.session_id
                     LEFT JOIN turns t ON t.id = m.through_turn
                     WHERE u.name = ?1 ORDER BY time_ms, m.id",
                )?
                .query_map([user.as_str()], summary_from_row)?
                .collect()
        })
    }

    /// Reads a session's first `limit` turns after one (none: from the first), oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn session_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        limit: Option<usize>,
    ) -> Result<Vec<Turn>, StoreError> {
        self.connections.read(|connection| {
            let sql = format!(
                "{SELECT_TURN} WHERE u.name = ?1 AND s.name = ?2 AND t.id > ?3
                 ORDER BY t.id LIMIT ?4"
            );
            // SQLite reads a negative limit as none.
            let limit = limit.map_or(-1, |limit| limit as i64);
            let after = after.map_or(0, |turn| turn.0);
            let bound = params![user.as_str(), session.as_str(), after, limit];
            connection.prepare_cached(&sql)?.query_map(bound, turn_from_row)?.collect()
        })
    }

    /// Lists the sessions that are learned from, were last spoken in before a time, and have turns
    /// that no summary of the session covers; the one that ended first comes first.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn sessions_to_sum_up(
        &self,
        user: &UserName,
        silent_since: Timestamp,
    ) -> Result<Vec<SessionName>, StoreError> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT s.name FROM learned_sessions l
                     JOIN sessions s ON s.id = l.session_id
                     JOIN users u ON u.id = s.user_id
                     JOIN turns t ON t.session_id = s.id
                     LEFT JOIN summaries m ON m.session_id = s.id AND m.of = 'session'
                     WHERE u.name = ?1 GROUP BY s.id
                     HAVING max(t.time_ms) < ?2 AND max(t.id) > coalesce(max(m.through_turn), 0)
                     ORDER BY max(t.id)",
                )?
                .query_map(params![user.as_str(), silent_since.as_millisecond()], |row| {
                    parsed(row, 0)
                })?
                .collect()
        })
    }

    /// Stores a summary of a session or its beginning in place of an earlier one. False, and nothing
    /// is stored, if something of the user was deleted since the [`Store::epoch`] `made_at`: it
    /// may tell what was forgotten.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was stored.
    ///
    /// # Panics
    /// For [`SummaryOf::Sessions`], which [`Store::fold_summaries`] stores.
    pub fn write_summary(
        &self,
        user: &UserName,
        of: &SummaryOf,
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool, StoreError> {
        let (of, session, through) = match of {
            SummaryOf::Stretch { session, through } => ("stretch", session, through),
            SummaryOf::Session { session, through } => ("session", session, through),
            SummaryOf::Sessions => panic!("a summary of summaries is stored by folding"),
        };
        self.connections.write(|transaction| {
            let Some(user) = user_id(transaction, user)? else { return Ok(false) };
            if epoch(transaction, user)? != made_at || !turn_exists(transaction, user, *through)? {
                return Ok(false);
            }
            // What it was folded into goes too: that tells what the older one told.
            transaction.execute(
                "DELETE FROM summaries WHERE of = ?3 AND session_id =
                     (SELECT id FROM sessions WHERE user_id = ?1 AND name = ?2)",
                params![user, session.as_str(), of],
            )?;
            let stored = transaction.execute(
                "INSERT INTO summaries (user_id, of, session_id, through_turn, text, created_ms)
                 SELECT user_id, ?3, id, ?4, ?5, ?6 FROM sessions WHERE user_id = ?1 AND name = ?2",
                params![user, session.as_str(), of, through.0, text, now.as_millisecond()],
            )?;
            Ok(stored > 0)
        })
    }

    /// Stores a summary of the summaries `parts` in place of the earlier one. False, and nothing is
    /// stored, if something of the user was deleted since `made_at`, or a part is no longer there.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was stored.
    pub fn fold_summaries(
        &self,
        user: &UserName,
        parts: &[SummaryId],
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool, StoreError> {
        self.connections.write(|transaction| {
            let Some(user) = user_id(transaction, user)? else { return Ok(false) };
            let mut is_there = transaction.prepare_cached(
                "SELECT 1 FROM summaries WHERE user_id = ?1 AND id = ?2 AND of = 'session'",
            )?;
            for part in parts {
                if !is_there.exists(params![user, part.0])? {
                    return Ok(false);
                }
            }
            if epoch(transaction, user)? != made_at {
                return Ok(false);
            }
            transaction
                .execute("DELETE FROM summaries WHERE user_id = ?1 AND of = 'sessions'", [user])?;
            transaction.execute(
                "INSERT INTO summaries (user_id, of, text, created_ms)
                 VALUES (?1, 'sessions', ?2, ?3)",
                params![user, text, now.as_millisecond()],
            )?;
            let whole = transaction.last_insert_rowid();
            let mut fold = transaction
                .prepare_cached("UPDATE summaries SET folded_into = ?1 WHERE id = ?2")?;
            for part in parts {
                fold.execute([whole, part.0])?;
            }
            Ok(true)
        })
    }
}

fn epoch(connection: &Connection, user: i64) -> rusqlite::Result<Epoch> {
    connection
        .prepare_cached("SELECT deletions FROM users WHERE id = ?1")?
        .query_row([user], |row| row.get(0).map(Epoch))
}

fn summary_from_row(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let session = || parsed::<SessionName>(row, 2);
    let through = || row.get(3).map(TurnId);
    let of = match row.get_ref(1)?.as_str()? {
        "stretch" => SummaryOf::Stretch { session: session()?, through: through()? },
        "session" => SummaryOf::Session { session: session()?, through: through()? },
        _ => SummaryOf::Sessions,
    };
    Ok(Summary {
        id: SummaryId(row.get(0)?),
        of,
        time: timestamp(row, 4)?,
        text: row.get(5)?,
        folded_into: row.get::<_, Option<i64>>(6)?.map(SummaryId),
    })
}
