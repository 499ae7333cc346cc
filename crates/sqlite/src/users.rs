//! The rows of users: who it is, the epoch, and when nothing is left of one.

use longmem_core::{TurnId, UserName};
use longmem_search::{Epoch, UserState};
use rusqlite::{Connection, OptionalExtension, Transaction};

/// The number of a user, if there is one of that name.
pub(crate) fn user_id(connection: &Connection, user: &UserName) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM users WHERE name = ?1")?
        .query_row([user.as_str()], |row| row.get(0))
        .optional()
}

/// The number of a user, who is made if there is none of that name.
pub(crate) fn user_id_or_new(
    transaction: &Transaction<'_>,
    user: &UserName,
) -> rusqlite::Result<i64> {
    match user_id(transaction, user)? {
        Some(id) => Ok(id),
        None => {
            transaction.execute(
                "INSERT INTO users (name, epoch) VALUES (?1, random())",
                [user.as_str()],
            )?;
            Ok(transaction.last_insert_rowid())
        }
    }
}

/// A user's number and state, if there is one of that name.
pub(crate) fn user_state(
    connection: &Connection,
    user: &UserName,
) -> rusqlite::Result<Option<(i64, UserState)>> {
    connection
        .prepare_cached("SELECT id, epoch, last_turn FROM users WHERE name = ?1")?
        .query_row([user.as_str()], |row| {
            let last_turn: i64 = row.get(2)?;
            let state = UserState {
                epoch: Epoch(row.get(1)?),
                last_turn: (last_turn > 0).then_some(TurnId(last_turn)),
            };
            Ok((row.get(0)?, state))
        })
        .optional()
}

/// The epoch of a user who is here.
pub(crate) fn epoch(connection: &Connection, user_id: i64) -> rusqlite::Result<Epoch> {
    connection
        .prepare_cached("SELECT epoch FROM users WHERE id = ?1")?
        .query_row([user_id], |row| row.get(0).map(Epoch))
}

/// Begins a new epoch, since something of the user was deleted.
pub(crate) fn begin_epoch(transaction: &Transaction<'_>, user_id: i64) -> rusqlite::Result<()> {
    transaction.execute("UPDATE users SET epoch = random() WHERE id = ?1", [user_id]).map(drop)
}

/// Begins a new epoch for every user.
pub(crate) fn begin_epochs(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("UPDATE users SET epoch = random()", []).map(drop)
}

/// Removes a user of whom nothing is left; returns whether it was so.
pub(crate) fn delete_user_without_memory(
    transaction: &Transaction<'_>,
    user_id: i64,
) -> rusqlite::Result<bool> {
    let users = transaction.execute(
        "DELETE FROM users WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = users.id)
         AND NOT EXISTS (SELECT 1 FROM facts WHERE user_id = users.id)",
        [user_id],
    )?;
    Ok(users > 0)
}
