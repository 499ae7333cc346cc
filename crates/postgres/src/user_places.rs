//! Where a user is, as one server of a ring knows it, and what is left of users who are elsewhere.

use longmem_core::UserName;
use longmem_store::Result;
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::database::{Database, Users};
use crate::failure::Failure;
use crate::presence::{IS_HERE, Presence};
use crate::statements::{NONE, Statements, params};
use crate::user_number::UserNumber;
use crate::users::delete_rows;

/// Where a user is, as one server knows it. Of all servers of a ring, one at most is where the user is: the
/// one that says [`Here`](Self::Here), or, right after a move that was cut short, the one that says
/// [`ArrivingFrom`](Self::ArrivingFrom) a server which says [`MovedTo`](Self::MovedTo) that one with the
/// same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserPlace {
    /// This server knows nothing of the user.
    Absent,
    /// The user is here.
    Here,
    /// The user is being moved here, or was and it was cut short.
    ArrivingFrom {
        /// The name of the server that the user comes from.
        server: String,
        /// The number of the move: greater than those of all earlier moves of the user.
        number: i64,
    },
    /// The user moved away from here.
    MovedTo {
        /// The name of the server that the user moved to.
        server: String,
        /// The number of the move.
        number: i64,
    },
}

impl UserPlace {
    /// Whether a user who is at a place `from`, on the server of this name, is wholly on the server `to`,
    /// which says this: the move was done but for clearing its mark.
    pub fn completes(&self, to: &str, from: &str, at_from: &Self) -> bool {
        match (self, at_from) {
            (
                Self::ArrivingFrom { server, number },
                Self::MovedTo { server: target, number: done },
            ) => server == from && target == to && number == done,
            _ => false,
        }
    }
}

impl PostgresStore {
    /// Where a user is as far as this server knows, whichever [`Presence`] is expected.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn user_place(&self, user: &UserName) -> Result<UserPlace> {
        let number = UserNumber::of(user);
        self.whatever().read(number.alone(), async |statements| {
            let sql = "SELECT moved_to, arriving_from, moves FROM users WHERE user_id = $1";
            let row = statements.first(sql, params![number.0]).await?;
            row.map_or(Ok(UserPlace::Absent), |row| from_row(&row, 0))
        })
    }

    /// The names of all users who are here, in their order.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn user_names(&self) -> Result<Vec<UserName>> {
        self.database.read(Users::All, async |statements| {
            let sql = format!("SELECT name FROM users WHERE {IS_HERE} ORDER BY name");
            statements.rows(&sql, NONE).await?.iter().map(name).collect()
        })
    }

    /// All users of whom there is a mark here: those who moved away and those who are arriving, in the
    /// order of their names.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn marked_users(&self) -> Result<Vec<(UserName, UserPlace)>> {
        self.database.read(Users::All, async |statements| {
            let sql = "SELECT name, moved_to, arriving_from, moves FROM users
                       WHERE moved_to IS NOT NULL OR arriving_from IS NOT NULL ORDER BY name";
            let rows = statements.rows(sql, NONE).await?;
            rows.iter().map(|row| Ok((name(row)?, from_row(row, 1)?))).collect()
        })
    }

    /// Whether this server knows that turns of a user were forgotten, be the user here or not.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn has_forgotten_turns(&self, user: &UserName) -> Result<bool> {
        let number = UserNumber::of(user);
        self.whatever().read(number.alone(), async |statements| {
            let sql = "SELECT EXISTS (SELECT 1 FROM forgotten_keys WHERE user_id = $1)";
            Ok(statements.row(sql, params![number.0]).await?.try_get(0)?)
        })
    }

    /// Clears the mark of a user who is here since a move was done; returns whether that move's mark was
    /// here. Only for whoever saw on the server that the user comes from that the move was done: see
    /// [`UserPlace::completes`].
    ///
    /// # Errors
    /// When the server cannot be written.
    pub fn finish_arriving(&self, user: &UserName, from: &str, number: i64) -> Result<bool> {
        let user = UserNumber::of(user);
        self.whatever().write(user.alone(), async |statements| {
            let sql = "UPDATE users SET arriving_from = NULL
                       WHERE user_id = $1 AND arriving_from = $2 AND moves = $3";
            Ok(statements.run(sql, params![user.0, from, number]).await? > 0)
        })
    }

    /// Removes what is left here of a user who is elsewhere or was forgotten: the mark that was seen here,
    /// and the copy that was on its way. Returns whether it was still that one; any other is left alone.
    /// Only for whoever knows that it is of no use any more: it was seen before the user was forgotten where
    /// the user was; or the user is [`Here`](UserPlace::Here) on another server, and, if that is the one
    /// that a copy comes from, was written to there after the copy was seen, which waits for the end of a
    /// move that is under way.
    ///
    /// # Errors
    /// When the server cannot be written.
    pub fn clear_traces(&self, user: &UserName, seen: &UserPlace) -> Result<bool> {
        let user = UserNumber::of(user);
        self.whatever().write(user.alone(), async |statements| {
            let sql =
                "SELECT moved_to, arriving_from, moves FROM users WHERE user_id = $1 FOR UPDATE";
            let Some(row) = statements.first(sql, params![user.0]).await? else { return Ok(false) };
            let found = from_row(&row, 0)?;
            if found == UserPlace::Here || found != *seen {
                return Ok(false);
            }
            delete_marked(statements, user).await?;
            Ok(true)
        })
    }

    /// The store for whoever looks at users wherever they are.
    pub(crate) fn whatever(&self) -> Database {
        self.database.with_presence(Presence::Whatever)
    }
}

/// Deletes the row of a user who is not here, with all that there is of the user but the keys of what was
/// forgotten.
pub(crate) async fn delete_marked(
    statements: &Statements<'_>,
    user: UserNumber,
) -> std::result::Result<(), Failure> {
    delete_rows(statements, user).await?;
    statements.run("DELETE FROM users WHERE user_id = $1", params![user.0]).await?;
    Ok(())
}

/// Reads the two marks and the number of the last move, from this column on.
fn from_row(row: &Row, column: usize) -> std::result::Result<UserPlace, Failure> {
    let (moved_to, arriving_from): (Option<String>, Option<String>) =
        (row.try_get(column)?, row.try_get(column + 1)?);
    let number = row.try_get(column + 2)?;
    Ok(match (moved_to, arriving_from) {
        (None, None) => UserPlace::Here,
        (None, Some(server)) => UserPlace::ArrivingFrom { server, number },
        (Some(server), None) => UserPlace::MovedTo { server, number },
        (Some(_), Some(_)) => {
            return Err(Failure::Unexpected("a user both moved away and arrives"));
        }
    })
}

fn name(row: &Row) -> std::result::Result<UserName, Failure> {
    UserName::new(row.try_get::<_, &str>(0)?)
        .map_err(|_| Failure::Unexpected("a stored name of a user is none"))
}
