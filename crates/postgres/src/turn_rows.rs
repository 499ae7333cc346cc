//! Turns columns into turns.

use jiff::Timestamp;
use longmem_core::{Role, SessionName, Turn, TurnId};
use tokio_postgres::Row;

use crate::failure::Failure;

/// The columns that [`turn_from_row`] reads, from `turns t` and its session `s`. What follows names the
/// user's number as `$1` for both.
pub(crate) const SELECT_TURN: &str =
    "SELECT t.id, s.name, s.title, t.role, t.speaker, t.time_ms, t.text, t.note
     FROM turns t JOIN sessions s ON s.user_id = t.user_id AND s.id = t.session_id";

/// Reads a row of [`SELECT_TURN`].
pub(crate) fn turn_from_row(row: &Row) -> Result<Turn, Failure> {
    Ok(Turn {
        id: TurnId(row.try_get(0)?),
        session: session_name(row, 1)?,
        session_title: row.try_get(2)?,
        role: role(row, 3)?,
        speaker: row.try_get(4)?,
        time: timestamp(row, 5)?,
        text: row.try_get(6)?,
        note: row.try_get(7)?,
    })
}

/// Reads rows of [`SELECT_TURN`].
pub(crate) fn turns_from_rows(rows: &[Row]) -> Result<Vec<Turn>, Failure> {
    rows.iter().map(turn_from_row).collect()
}

/// Reads a column of milliseconds.
pub(crate) fn timestamp(row: &Row, column: usize) -> Result<Timestamp, Failure> {
    timestamp_of(row.try_get(column)?)
}

/// A time that was stored as milliseconds.
pub(crate) fn timestamp_of(milliseconds: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| Failure::Unexpected("a stored time is out of range"))
}

/// Reads a column with a session's name.
pub(crate) fn session_name(row: &Row, column: usize) -> Result<SessionName, Failure> {
    SessionName::new(row.try_get::<_, &str>(column)?)
        .map_err(|_| Failure::Unexpected("a stored name of a session is none"))
}

/// Reads a column with a role's number.
pub(crate) fn role(row: &Row, column: usize) -> Result<Role, Failure> {
    let number: i16 = row.try_get(column)?;
    let role = usize::try_from(number).ok().and_then(|number| Role::ALL.get(number));
    role.copied().ok_or(Failure::Unexpected("a stored role is none"))
}

/// A role's number.
pub(crate) fn role_number(role: Role) -> i16 {
    role as i16
}

/// A number of rows as LIMIT takes it.
pub(crate) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
