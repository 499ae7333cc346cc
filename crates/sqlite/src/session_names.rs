//! Where turns of a session that has another name now are imported to, and whose titles stay.
//!
//! Both are small values of the user: `session/name/` and a former name hold the present name,
//! `session/title/` and a name hold that name. They go with the session that they lead to.

use std::collections::{BTreeSet, HashMap, HashSet};

use longmem_core::{SessionName, TurnId};
use rusqlite::{Connection, Transaction, params};

/// Begins the names of all values that this file keeps.
const PREFIX: &str = "session/";
const FORMER: &str = "session/name/";
const TITLED: &str = "session/title/";

/// Begins the names of values that mark turns whose words were replaced; the turn's number follows.
const AMENDED: &str = "amended/";

/// What imports have to know of a user's sessions.
#[derive(Default)]
pub(crate) struct SessionNames {
    present: HashMap<String, SessionName>,
    titled: HashSet<String>,
}

impl SessionNames {
    /// Reads them.
    pub(crate) fn of(connection: &Connection, user_id: i64) -> rusqlite::Result<Self> {
        let mut names = Self::default();
        let mut statement = connection.prepare_cached(
            "SELECT name, CAST(value AS TEXT) FROM user_values
             WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2",
        )?;
        let mut rows = statement.query(params![user_id, PREFIX])?;
        while let Some(row) = rows.next()? {
            let (name, value) = (row.get_ref(0)?.as_str()?, crate::rows::parsed(row, 1)?);
            if let Some(former) = name.strip_prefix(FORMER) {
                names.present.insert(former.to_owned(), value);
            } else if let Some(titled) = name.strip_prefix(TITLED) {
                names.titled.insert(titled.to_owned());
            }
        }
        Ok(names)
    }

    /// The session that holds now what a source calls by this name.
    pub(crate) fn present<'a>(&'a self, session: &'a SessionName) -> &'a SessionName {
        self.present.get(session.as_str()).unwrap_or(session)
    }

    /// Names that sessions had once, each with the present one, in their order.
    pub(crate) fn former(&self) -> Vec<(SessionName, SessionName)> {
        let named = self.present.iter().filter_map(|(former, present)| {
            Some((former.parse::<SessionName>().ok()?, present.clone()))
        });
        let mut former: Vec<_> = named.collect();
        former.sort();
        former
    }

    /// Whether the session's title was set by a person.
    pub(crate) fn is_titled(&self, session: &SessionName) -> bool {
        self.titled.contains(session.as_str())
    }
}

/// Notes that the title of a session was set by a person.
pub(crate) fn note_titled(
    transaction: &Transaction<'_>,
    user_id: i64,
    session: &SessionName,
) -> rusqlite::Result<()> {
    keep(transaction, user_id, &format!("{TITLED}{session}"), session.as_str())
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
        params![user_id, FORMER, former.as_str(), present.as_str()],
    )?;
    keep(transaction, user_id, &format!("{FORMER}{former}"), present.as_str())?;
    // The present name leads to itself.
    transaction.execute(
        "DELETE FROM user_values WHERE user_id = ?1 AND name = ?2",
        params![user_id, format!("{FORMER}{present}")],
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
        params![user_id, format!("{TITLED}{former}")],
    )?;
    if titled > 0 { note_titled(transaction, user_id, present) } else { Ok(()) }
}

/// Notes that the words of a turn were replaced.
pub(crate) fn note_amended(
    transaction: &Transaction<'_>,
    user_id: i64,
    turn: TurnId,
) -> rusqlite::Result<()> {
    keep(transaction, user_id, &format!("{AMENDED}{turn}"), "")
}

/// Whether the words of a turn were replaced.
pub(crate) fn is_amended(
    connection: &Connection,
    user_id: i64,
    turn: TurnId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM user_values WHERE user_id = ?1 AND name = ?2")?
        .exists(params![user_id, format!("{AMENDED}{turn}")])
}

/// The turns of a user whose words were replaced.
pub(crate) fn amended(connection: &Connection, user_id: i64) -> rusqlite::Result<BTreeSet<TurnId>> {
    let mut statement = connection.prepare_cached(
        "SELECT name FROM user_values WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2",
    )?;
    let mut rows = statement.query(params![user_id, AMENDED])?;
    let mut amended = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let turn = row.get_ref(0)?.as_str()?.strip_prefix(AMENDED).and_then(|n| n.parse().ok());
        amended.extend(turn.map(TurnId));
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
    keep(transaction, user_id, &format!("{FORMER}{former}"), present.as_str())
}

/// Whether a value of a user's is one that this file keeps.
pub(crate) fn is_own_value(name: &str) -> bool {
    name.starts_with(PREFIX) || name.starts_with(AMENDED)
}

/// Deletes what leads to sessions and turns that are no more.
pub(crate) fn delete_of_gone(transaction: &Transaction<'_>, user_id: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM user_values
         WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2 AND NOT EXISTS (
             SELECT 1 FROM sessions s
             WHERE s.user_id = ?1 AND s.name = CAST(user_values.value AS TEXT))",
        params![user_id, PREFIX],
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
