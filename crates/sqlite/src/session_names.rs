//! Where turns of a session that has another name now are imported to, and whose titles stay.
//! See [`own_values`].

use std::collections::BTreeSet;

use longmem_core::{SessionName, TurnId};
use longmem_store::own_values::{self, AMENDED, FORMER_NAMES, SESSIONS, SessionNames};
use rusqlite::{Connection, Transaction, params};

use crate::rows::parsed;

/// What imports have to know of a user's sessions.
pub(crate) fn names_of(connection: &Connection, user_id: i64) -> rusqlite::Result<SessionNames> {
    let mut names = SessionNames::default();
    let mut statement = connection.prepare_cached(
        "SELECT name, CAST(value AS TEXT) FROM user_values
         WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2",
    )?;
    let mut rows = statement.query(params![user_id, SESSIONS])?;
    while let Some(row) = rows.next()? {
        names.note(row.get_ref(0)?.as_str()?, parsed(row, 1)?);
    }
    Ok(names)
}

/// Notes that the title of a session was set by a person.
pub(crate) fn note_titled(
    transaction: &Transaction<'_>,
    user_id: i64,
    session: &SessionName,
) -> rusqlite::Result<()> {
    keep(transaction, user_id, &own_values::titled(session), session.as_str())
}

/// Notes that a session has another name now, or that all its turns are in another one.
pub(crate) fn note_present_name(
    transaction: &Transaction<'_>,
    user_id: i64,
    former: &SessionName,
    present: &SessionName,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE user_values SET value = CAST(?4 AS BLOB)
         WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2 AND value = CAST(?3 AS BLOB)",
        params![user_id, FORMER_NAMES, former.as_str(), present.as_str()],
    )?;
    keep(transaction, user_id, &own_values::former_name(former), present.as_str())?;
    // The present name leads to itself.
    transaction.execute(
        "DELETE FROM user_values WHERE user_id = ?1 AND name = ?2",
        params![user_id, own_values::former_name(present)],
    )?;
    Ok(())
}

/// Gives the mark of a title that a person set to a session's new name.
pub(crate) fn rename_titled(
    transaction: &Transaction<'_>,
    user_id: i64,
    former: &SessionName,
    present: &SessionName,
) -> rusqlite::Result<()> {
    let titled = transaction.execute(
        "DELETE FROM user_values WHERE user_id = ?1 AND name = ?2",
        params![user_id, own_values::titled(former)],
    )?;
    if titled > 0 { note_titled(transaction, user_id, present) } else { Ok(()) }
}

/// Notes that the words of a turn were replaced.
pub(crate) fn note_amended(
    transaction: &Transaction<'_>,
    user_id: i64,
    turn: TurnId,
) -> rusqlite::Result<()> {
    keep(transaction, user_id, &own_values::amended(turn), "")
}

/// Whether the words of a turn were replaced.
pub(crate) fn is_amended(
    connection: &Connection,
    user_id: i64,
    turn: TurnId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM user_values WHERE user_id = ?1 AND name = ?2")?
        .exists(params![user_id, own_values::amended(turn)])
}

/// The turns of a user whose words were replaced.
pub(crate) fn amended(connection: &Connection, user_id: i64) -> rusqlite::Result<BTreeSet<TurnId>> {
    let mut statement = connection.prepare_cached(
        "SELECT name FROM user_values WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2",
    )?;
    let mut rows = statement.query(params![user_id, AMENDED])?;
    let mut amended = BTreeSet::new();
    while let Some(row) = rows.next()? {
        amended.extend(own_values::amended_turn(row.get_ref(0)?.as_str()?));
    }
    Ok(amended)
}

/// Keeps a name that a session had once, as another store knows it.
pub(crate) fn keep_former(
    transaction: &Transaction<'_>,
    user_id: i64,
    former: &SessionName,
    present: &SessionName,
) -> rusqlite::Result<()> {
    keep(transaction, user_id, &own_values::former_name(former), present.as_str())
}

/// Deletes what leads to sessions and turns that are no more.
pub(crate) fn delete_of_gone(transaction: &Transaction<'_>, user_id: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM user_values
         WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2 AND NOT EXISTS (
             SELECT 1 FROM sessions s
             WHERE s.user_id = ?1 AND s.name = CAST(user_values.value AS TEXT))",
        params![user_id, SESSIONS],
    )?;
    transaction.execute(
        "DELETE FROM user_values
         WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2 AND NOT EXISTS (
             SELECT 1 FROM turns t
             WHERE t.id = CAST(substr(user_values.name, length(?2) + 1) AS INTEGER))",
        params![user_id, AMENDED],
    )?;
    Ok(())
}

fn keep(
    transaction: &Transaction<'_>,
    user_id: i64,
    name: &str,
    value: &str,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "INSERT INTO user_values (user_id, name, value) VALUES (?1, ?2, CAST(?3 AS BLOB))
             ON CONFLICT DO UPDATE SET value = excluded.value",
            params![user_id, name, value],
        )
        .map(drop)
}
