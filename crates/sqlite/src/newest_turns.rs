//! Reads turns back from the newest, a page at a time.

use longmem_core::{Scope, Turn, TurnId};
use rusqlite::Connection;

use crate::rows::{row_limit, turn_from_row};
use crate::scope_filter::{Condition, session_ids};
use crate::users::user_id;

/// Reads a page; see [`Turns::newest_turns`](longmem_store::Turns::newest_turns).
pub(crate) fn read(
    connection: &Connection,
    scope: &Scope,
    before: Option<TurnId>,
    limit: usize,
) -> rusqlite::Result<Vec<Turn>> {
    let Some(user_id) = user_id(connection, &scope.user)? else { return Ok(Vec::new()) };
    let Some(sessions) = session_ids(connection, user_id, scope)? else {
        return page(connection, scope, None, before, limit);
    };
    // Each session by its own index: a session that nobody wrote in for long is not looked for among
    // all newer turns.
    let mut turns = Vec::new();
    for session in sessions {
        turns.extend(page(connection, scope, Some(session), before, limit)?);
    }
    turns.sort_unstable_by_key(|turn| std::cmp::Reverse(turn.id));
    turns.truncate(limit);
    Ok(turns)
}

/// Reads a page of all sessions or of one.
fn page(
    connection: &Connection,
    scope: &Scope,
    session: Option<i64>,
    before: Option<TurnId>,
    limit: usize,
) -> rusqlite::Result<Vec<Turn>> {
    let Some(select) = select(connection, scope, session, before, limit)? else {
        return Ok(Vec::new());
    };
    connection
        .prepare_cached(&select.sql)?
        .query_map(&*select.parameters(), turn_from_row)?
        .collect()
}

/// The statement that reads a page; none for a user who is not here.
fn select(
    connection: &Connection,
    scope: &Scope,
    session: Option<i64>,
    before: Option<TurnId>,
    limit: usize,
) -> rusqlite::Result<Option<Condition>> {
    let of_user = Scope { sessions: Vec::new(), ..scope.clone() };
    let Some(mut select) = Condition::of_scope(connection, &of_user)? else { return Ok(None) };
    select.and("t.id < ?", before.map_or(i64::MAX, |turn| turn.0));
    let order = match session {
        None => "t.id",
        Some(session) => {
            select.and("t.session_id = ?", session);
            // With `+`, SQLite does not choose the index of the user's turns over the session's.
            select.sql = select.sql.replacen("t.user_id", "+t.user_id", 1);
            // Within a session, places rise as numbers do.
            "t.position"
        }
    };
    select.sql = format!(
        "SELECT t.id, s.name, s.title, t.role, t.speaker, t.time_ms, t.text, t.note
         FROM turns t JOIN sessions s ON s.id = t.session_id
         WHERE {} ORDER BY {order} DESC LIMIT {}",
        select.sql,
        row_limit(limit)
    );
    Ok(Some(select))
}

#[cfg(test)]
mod tests {
    use longmem_store::Turns;

    use super::*;
    use crate::made_up::{turn, user};
    use crate::{IfMissing, SqliteStore};

    #[test]
    fn a_page_is_read_by_an_index_and_not_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        store.insert_turns(&user("ana"), &[turn("talk", "lisbon", 0)]).unwrap();
        let scope = Scope::of(user("ana"));
        for (session, index) in [(None, "turns_by_user"), (Some(1), "session_id=?")] {
            let plan = store.connections.read(|connection| {
                let select = select(connection, &scope, session, Some(TurnId(9)), 5)?;
                let select = select.expect("the user is here");
                connection
                    .prepare(&format!("EXPLAIN QUERY PLAN {}", select.sql))?
                    .query_map(&*select.parameters(), |row| row.get::<_, String>(3))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            });
            let plan = plan.unwrap().join("\n");
            assert!(plan.contains(index) && !plan.contains("B-TREE"), "{plan}");
        }
    }
}
