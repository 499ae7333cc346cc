//! SQLite databases: their tables, and the rows of a statement as JSON objects.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Map, Value, json};

/// The first bytes of every SQLite file.
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How long a program that writes to its database at this moment is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a file that begins with these bytes is an SQLite database.
pub(crate) fn is_database(beginning: &[u8]) -> bool {
    beginning.starts_with(SQLITE_MAGIC)
}

/// A database of another program, which is only read.
pub(crate) struct Database(Connection);

impl Database {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(Self(connection))
    }

    /// The tables with the names of their columns: `{"tables": {"responses": ["id", "model"]}}`.
    pub(crate) fn tables(&self) -> rusqlite::Result<Value> {
        let mut tables = Map::new();
        let mut statement = self.0.prepare(
            "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
             WHERE m.type = 'table' ORDER BY m.name, c.cid",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
            let columns = tables.entry(table).or_insert_with(|| json!([]));
            if let Value::Array(columns) = columns {
                columns.push(column.into());
            }
        }
        Ok(json!({ "tables": tables }))
    }

    /// Hands over the rows of a statement, one at a time, as objects by the names of the columns.
    pub(crate) fn for_each_row(
        &self,
        query: &str,
        on_row: &mut dyn FnMut(Value) -> ControlFlow<()>,
    ) -> rusqlite::Result<ControlFlow<()>> {
        let mut statement = self.0.prepare(query)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if on_row(object(row, &columns)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn object(row: &Row<'_>, columns: &[String]) -> rusqlite::Result<Value> {
    let mut object = Map::new();
    for (index, column) in columns.iter().enumerate() {
        let value = match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                String::from_utf8_lossy(bytes).into_owned().into()
            }
        };
        object.insert(column.clone(), value);
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_rows_come_as_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE responses (id TEXT, tokens INTEGER, score REAL, raw BLOB);
                 INSERT INTO responses VALUES ('r1', 7, 0.5, x'6869'), ('r2', NULL, 1, NULL);",
            )
            .unwrap();
        assert!(is_database(&std::fs::read(&path).unwrap()));
        let database = Database::open(&path).unwrap();
        let columns = json!(["id", "tokens", "score", "raw"]);
        assert_eq!(database.tables().unwrap(), json!({"tables": {"responses": columns}}));
        let mut rows = Vec::new();
        let _ = database
            .for_each_row("SELECT * FROM responses ORDER BY id", &mut |row| {
                rows.push(row);
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(
            rows,
            [
                json!({"id": "r1", "tokens": 7, "score": 0.5, "raw": "hi"}),
                json!({"id": "r2", "tokens": null, "score": 1.0, "raw": null}),
            ]
        );
    }
}
