//! Checks the file as a whole: its pages, tables, references and numbers.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::migrations;

/// What SQLite itself says of the file, in at most so many lines.
pub(super) fn pages(
    connection: &Connection,
    lines: usize,
    problem: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({lines})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // What it quotes of a damaged file need not be UTF-8.
        let line = String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned();
        if line != "ok" {
            problem(line);
        }
    }
    Ok(())
}

/// Whether the tables and indexes are those of the format.
pub(super) fn schema(
    connection: &Connection,
    problem: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let mut found = definitions(connection)?;
    for (name, definition) in definitions(&migrations::example()?)? {
        match found.remove(&name) {
            None => problem(format!("the table or index {name} is missing")),
            Some(other) if other != definition => {
                problem(format!(
                    "the table or index {name} is defined otherwise than it should be"
                ));
            }
            Some(_) => {}
        }
    }
    for name in found.into_keys() {
        problem(format!("there is a table or index {name}, which belongs to no store"));
    }
    Ok(())
}

/// What tables, indexes and triggers there are, by name. SQLite's own tables for statistics may be
/// there or not.
fn definitions(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Option<String>>> {
    connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Whether every row that a row refers to is there.
pub(super) fn references(
    connection: &Connection,
    problem: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut orphans = 0;
    while rows.next()?.is_some() {
        orphans += 1;
    }
    if orphans > 0 {
        problem(format!("{orphans} rows refer to rows that are not there"));
    }
    Ok(())
}

/// Whether the numbers that are given out next are free.
pub(super) fn numbers(
    connection: &Connection,
    problem: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let wrong: u64 = connection.query_row(
        "SELECT (SELECT count(*) FROM users u WHERE
                     u.last_turn < (SELECT coalesce(max(id), 0) FROM turns WHERE user_id = u.id)
                     OR u.next_turn % 8192 <> 0
                        AND EXISTS (SELECT 1 FROM turns WHERE id = u.next_turn)
                     OR u.next_passage % 8192 <> 0
                        AND EXISTS (SELECT 1 FROM passages WHERE id = u.next_passage)
                     OR u.next_turn NOT BETWEEN 0 AND 1 << 56
                     OR u.next_passage NOT BETWEEN 0 AND 1 << 56)
              + (SELECT count(*) FROM number_chunks
                 WHERE next_chunk NOT BETWEEN 0 AND 1 << 43 OR next_chunk * 8192 <= CASE kind
                     WHEN 'turn' THEN (SELECT coalesce(max(id), -1) FROM turns)
                     ELSE (SELECT coalesce(max(id), -1) FROM passages) END)
              + (SELECT 2 - count(*) FROM number_chunks)
              + (SELECT 1 - count(*) FROM forgotten_salt)",
        [],
        |row| row.get(0),
    )?;
    if wrong > 0 {
        problem(format!("{wrong} of the numbers that new turns and passages get are wrong"));
    }
    Ok(())
}

/// Whether a model serves where there are vectors, and models are as wide as models are.
pub(super) fn models(
    connection: &Connection,
    problem: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let (models, serving, impossible): (u64, u64, u64) = connection.query_row(
        "SELECT count(*), count(*) FILTER (WHERE state = 'serving'),
                count(*) FILTER (WHERE dimensions NOT BETWEEN 1 AND 65536 OR window < 1)
         FROM embedding_models",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if models > 0 && serving != 1 {
        problem(format!("{serving} of {models} embedding models serve, and one should"));
    }
    if impossible > 0 {
        problem(format!("{impossible} embedding models are of an impossible size"));
    }
    Ok(())
}
