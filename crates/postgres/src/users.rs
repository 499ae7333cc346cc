//! The rows of users: who it is, the epoch, what is locked first of all.

use futures_util::future::{try_join_all, try_join3};
use longmem_core::{TurnId, UserName};
use longmem_search::Epoch;

use crate::failure::Failure;
use crate::presence::{self, IS_HERE};
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;

/// A user's row, locked until the transaction ends: nobody else writes of this user meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct LockedUser {
    pub(crate) number: UserNumber,
    pub(crate) epoch: Epoch,
    /// The newest turn, 0 for none.
    pub(crate) last_turn: i64,
    pub(crate) next_turn: i64,
    pub(crate) next_passage: i64,
    /// Turns up to this one stand in lists.
    pub(crate) folded_turn: i64,
    /// Number of later ones.
    pub(crate) tail_turns: i32,
}

/// Locks a user's row; none if there is no such user. Fails for a user who is on another server, even if
/// the move there was waited for.
pub(crate) async fn lock(
    statements: &Statements<'_>,
    user: &UserName,
) -> Result<Option<LockedUser>, Failure> {
    match lock_any(statements, user).await? {
        Some((locked, true)) => Ok(Some(locked)),
        Some((_, false)) => Err(Failure::NotHere),
        None => Ok(None),
    }
}

/// Locks a user's row, and says whether the user is here.
pub(crate) async fn lock_any(
    statements: &Statements<'_>,
    user: &UserName,
) -> Result<Option<(LockedUser, bool)>, Failure> {
    let number = UserNumber::of(user);
    let sql = format!(
        "SELECT name, epoch, last_turn, next_turn, next_passage, folded_turn, tail_turns, {IS_HERE}
         FROM users WHERE user_id = $1 FOR UPDATE"
    );
    let Some(row) = statements.first(&sql, params![number.0]).await? else { return Ok(None) };
    if row.try_get::<_, &str>(0)? != user.as_str() {
        return Err(Failure::Unexpected("two users' names have the same number"));
    }
    let locked = LockedUser {
        number,
        epoch: Epoch(row.try_get(1)?),
        last_turn: row.try_get(2)?,
        next_turn: row.try_get(3)?,
        next_passage: row.try_get(4)?,
        folded_turn: row.try_get(5)?,
        tail_turns: row.try_get(6)?,
    };
    Ok(Some((locked, row.try_get(7)?)))
}

/// Makes a user unless there is one, and locks the row.
pub(crate) async fn lock_or_make(
    statements: &Statements<'_>,
    user: &UserName,
) -> Result<LockedUser, Failure> {
    match lock(statements, user).await? {
        Some(locked) => Ok(locked),
        None => make(statements, user).await,
    }
}

/// Makes a user who was not there a moment ago, and locks the row, whoever made it.
pub(crate) async fn make(
    statements: &Statements<'_>,
    user: &UserName,
) -> Result<LockedUser, Failure> {
    let (number, name, epoch) = (UserNumber::of(user), user.as_str(), fastrand::i64(..));
    let make = statements.run(
        "INSERT INTO users (user_id, name, epoch) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![number.0, name, epoch],
    );
    let ((), _, locked) =
        try_join3(presence::check_making(statements), make, lock(statements, user)).await?;
    locked.ok_or(Failure::Unexpected("a user that was just made is not there"))
}

/// Begins a new epoch, since something of the user was deleted or changed.
pub(crate) async fn begin_epoch(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<(), Failure> {
    let epoch = fastrand::i64(..);
    let sql = "UPDATE users SET epoch = $2 WHERE user_id = $1";
    statements.run(sql, params![user.0, epoch]).await?;
    Ok(())
}

/// Removes a user of whom nothing is left; returns whether it was so.
pub(crate) async fn delete_user_without_memory(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<bool, Failure> {
    let users = statements
        .run(
            "DELETE FROM users WHERE user_id = $1
             AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = $1)
             AND NOT EXISTS (SELECT 1 FROM facts WHERE user_id = $1)",
            params![user.0],
        )
        .await?;
    Ok(users > 0)
}

/// The tables of users' rows but `users` and `forgotten_keys`: those that others refer to behind them.
const TABLES_OF_MEMORY: [&str; 17] = [
    "user_leases",
    "user_values",
    "summaries",
    "learned_sessions",
    "entity_mentions",
    "entities",
    "fact_vectors",
    "facts",
    "index_queue",
    "user_models",
    "code_runs",
    "vectors",
    "postings",
    "turn_blocks",
    "turn_words",
    "turns",
    "sessions",
];

/// Deletes all rows of a user but the one in `users`, and but what the user's forgotten turns are known by.
pub(crate) async fn delete_rows(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<(), Failure> {
    let deleted = TABLES_OF_MEMORY.map(async |table| {
        let sql = format!("DELETE FROM {table} WHERE user_id = $1");
        statements.run(&sql, params![user.0]).await
    });
    try_join_all(deleted).await.map(drop)
}

/// The epoch and the newest turn of a user, without a lock; none if there is no such user.
pub(crate) async fn state(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<Option<(Epoch, Option<TurnId>)>, Failure> {
    let sql = "SELECT epoch, last_turn FROM users WHERE user_id = $1";
    let Some(row) = statements.first(sql, params![user.0]).await? else { return Ok(None) };
    let last_turn: i64 = row.try_get(1)?;
    Ok(Some((Epoch(row.try_get(0)?), (last_turn > 0).then_some(TurnId(last_turn)))))
}
