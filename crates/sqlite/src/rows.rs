//! Turns columns into values, and values into parameters.

use std::rc::Rc;

use jiff::Timestamp;
use longmem_core::{Turn, TurnId};
use rusqlite::Row;
use rusqlite::types::{Type, Value};

/// The columns that [`turn_from_row`] reads.
pub(crate) const SELECT_TURN: &str =
    "SELECT t.id, s.name, s.title, t.role, t.speaker, t.time_ms, t.text, t.note FROM turns t
     JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = t.user_id";

/// Reads a row of [`SELECT_TURN`].
pub(crate) fn turn_from_row(row: &Row<'_>) -> rusqlite::Result<Turn> {
    Ok(Turn {
        id: TurnId(row.get(0)?),
        session: parsed(row, 1)?,
        session_title: row.get(2)?,
        role: parsed(row, 3)?,
        speaker: row.get(4)?,
        time: timestamp(row, 5)?,
        text: row.get(6)?,
        note: row.get(7)?,
    })
}

/// Reads a text column whose type checks it; the columns were checked on the way in.
pub(crate) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error: T::Err| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// Reads a column of milliseconds.
pub(crate) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

/// A number of rows as SQLite's LIMIT takes it.
pub(crate) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Values for one parameter of `IN rarray(?)`, however many they are.
pub(crate) fn array<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Rc<Vec<Value>> {
    Rc::new(values.into_iter().map(Into::into).collect())
}

/// Numbers of turns for one parameter of `IN rarray(?)`.
pub(crate) fn turn_array<'a>(turns: impl IntoIterator<Item = &'a TurnId>) -> Rc<Vec<Value>> {
    array(turns.into_iter().map(|turn| turn.0))
}
