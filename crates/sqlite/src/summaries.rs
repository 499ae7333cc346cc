//! Keeps what language models made of stretches of talk.

use longmem_core::{SessionName, Summary, SummaryId, SummaryOf, Timestamp, TurnId, UserName};
use longmem_search::Epoch;
use rusqlite::{Connection, Row, Transaction, params};

use crate::rows::{array, parsed, timestamp};
use crate::users::{epoch, user_id};

/// A user's summaries in order of what they sum up.
pub(crate) fn read(connection: &Connection, user: &UserName) -> rusqlite::Result<Vec<Summary>> {
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
}

/// The sessions that are learned from, were last spoken in before a time, and have turns that no
/// summary of the session covers; the one that ended first comes first.
pub(crate) fn sessions(
    connection: &Connection,
    user: &UserName,
    silent_since: Timestamp,
) -> rusqlite::Result<Vec<SessionName>> {
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
        .query_map(params![user.as_str(), silent_since.as_millisecond()], |row| parsed(row, 0))?
        .collect()
}

/// Stores a summary, made at a time and an epoch, in place of an earlier one.
pub(crate) fn write(
    transaction: &Transaction<'_>,
    user: &UserName,
    of: &SummaryOf,
    text: &str,
    (now, made_at): (Timestamp, Epoch),
) -> rusqlite::Result<bool> {
    let (session, through) = of.stretch().expect("a summary of summaries is stored by folding");
    let Some(user) = user_id(transaction, user)? else { return Ok(false) };
    if epoch(transaction, user)? != made_at || !turn_exists(transaction, user, through)? {
        return Ok(false);
    }
    // What it was folded into goes too: that tells what the older one told.
    transaction.execute(
        "DELETE FROM summaries WHERE of = ?3 AND session_id =
             (SELECT id FROM sessions WHERE user_id = ?1 AND name = ?2)",
        params![user, session.as_str(), of.kind()],
    )?;
    let stored = transaction.execute(
        "INSERT INTO summaries (user_id, of, session_id, through_turn, text, created_ms)
         SELECT user_id, ?3, id, ?4, ?5, ?6 FROM sessions WHERE user_id = ?1 AND name = ?2",
        params![user, session.as_str(), of.kind(), through.0, text, now.as_millisecond()],
    )?;
    Ok(stored > 0)
}

/// Stores a summary of summaries, made at a time and an epoch, in place of the earlier one.
pub(crate) fn fold(
    transaction: &Transaction<'_>,
    user: &UserName,
    parts: &[SummaryId],
    text: &str,
    (now, made_at): (Timestamp, Epoch),
) -> rusqlite::Result<bool> {
    let Some(user) = user_id(transaction, user)? else { return Ok(false) };
    let numbers = array(parts.iter().map(|part| part.0));
    let there: usize = transaction
        .prepare_cached(
            "SELECT count(*) FROM summaries
             WHERE user_id = ?1 AND id IN rarray(?2) AND of = 'session'",
        )?
        .query_row(params![user, numbers], |row| row.get(0))?;
    if there != parts.len() || epoch(transaction, user)? != made_at {
        return Ok(false);
    }
    transaction.execute("DELETE FROM summaries WHERE user_id = ?1 AND of = 'sessions'", [user])?;
    transaction.execute(
        "INSERT INTO summaries (user_id, of, text, created_ms) VALUES (?1, 'sessions', ?2, ?3)",
        params![user, text, now.as_millisecond()],
    )?;
    let whole = transaction.last_insert_rowid();
    transaction.execute(
        "UPDATE summaries SET folded_into = ?1 WHERE id IN rarray(?2)",
        params![whole, numbers],
    )?;
    Ok(true)
}

/// Says whether a turn is this user's.
fn turn_exists(connection: &Connection, user: i64, turn: TurnId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM turns WHERE user_id = ?1 AND id = ?2")?
        .exists(params![user, turn.0])
}

/// Reads what a summary sums up from the columns 1 to 3.
pub(crate) fn summary_of(row: &Row<'_>) -> rusqlite::Result<SummaryOf> {
    SummaryOf::of_kind(row.get_ref(1)?.as_str()?, || Ok((parsed(row, 2)?, TurnId(row.get(3)?))))
}

fn summary_from_row(row: &Row<'_>) -> rusqlite::Result<Summary> {
    Ok(Summary {
        id: SummaryId(row.get(0)?),
        of: summary_of(row)?,
        time: timestamp(row, 4)?,
        text: row.get(5)?,
        folded_into: row.get::<_, Option<i64>>(6)?.map(SummaryId),
    })
}
