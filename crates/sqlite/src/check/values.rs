//! Checks that every value can be read: texts are UTF-8, names are names, times are times.

use jiff::Timestamp;
use longmem_core::{SessionName, UserName};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::Parts;

/// The tables whose values people read, with what a row is called.
const TABLES: [(&str, &str); 9] = [
    ("users", "user"),
    ("sessions", "session"),
    ("turns", "turn"),
    ("facts", "fact"),
    ("entities", "name"),
    ("summaries", "summary"),
    ("embedding_models", "model"),
    ("words", "word"),
    ("user_values", "kept value"),
];

/// Reads every row of every table once.
pub(super) fn check(connection: &Connection, parts: &mut Parts<'_>) -> rusqlite::Result<()> {
    for (table, row_is) in TABLES {
        parts.check(&format!("the table {table}"), |problem| {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
            let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query([])?;
            let mut unreadable = 0;
            while let Some(row) = rows.next()? {
                let mut is_readable = true;
                for (column, name) in names.iter().enumerate() {
                    is_readable &= reads(table, name, row.get_ref(column)?);
                }
                unreadable += u64::from(!is_readable);
            }
            if unreadable > 0 {
                problem(format!("{unreadable} rows cannot be read, each a {row_is}"));
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Whether a value is one that may stand in its column. SQLite's own check sees values of a wrong type.
fn reads(table: &str, column: &str, value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Text(bytes) => match (std::str::from_utf8(bytes), table, column) {
            (Err(_), ..) => false,
            (Ok(name), "users", "name") => UserName::new(name).is_ok(),
            (Ok(name), "sessions", "name") => SessionName::new(name).is_ok(),
            _ => true,
        },
        ValueRef::Integer(time) if column.ends_with("_ms") => {
            Timestamp::from_millisecond(time).is_ok()
        }
        _ => true,
    }
}
