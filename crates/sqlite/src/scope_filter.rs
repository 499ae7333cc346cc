//! A scope as the store's own numbers, for SQL and for rows in memory.

use longmem_core::{Role, Scope, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use crate::turn_blocks::TurnEntry;
use crate::turns::user_id;

/// A [`Scope`] whose names were looked up.
#[derive(Debug, Clone)]
pub(crate) struct ScopeFilter {
    pub(crate) user_id: i64,
    /// None admits every session; an empty list admits none.
    session_ids: Option<Vec<i64>>,
    roles: Vec<Role>,
    since_ms: i64,
    until_ms: i64,
}

impl ScopeFilter {
    /// Looks the scope's names up; none if the user has no memory here.
    pub(crate) fn resolve(
        connection: &Connection,
        scope: &Scope,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(user_id) = user_id(connection, &scope.user)? else { return Ok(None) };
        let session_ids = if scope.sessions.is_empty() {
            None
        } else {
            let mut statement = connection
                .prepare_cached("SELECT id FROM sessions WHERE user_id = ?1 AND name = ?2")?;
            let mut ids = Vec::new();
            for session in &scope.sessions {
                let found: Option<i64> = statement
                    .query_row(params![user_id, session.as_str()], |row| row.get(0))
                    .optional()?;
                ids.extend(found);
            }
            Some(ids)
        };
        Ok(Some(Self {
            user_id,
            session_ids,
            roles: scope.roles.clone(),
            since_ms: scope.since.map_or(i64::MIN, first_millisecond),
            until_ms: scope.until.map_or(i64::MAX, first_millisecond),
        }))
    }

    /// Says whether every turn of the user is seen.
    pub(crate) fn admits_all(&self) -> bool {
        self.session_ids.is_none()
            && self.roles.is_empty()
            && (self.since_ms, self.until_ms) == (i64::MIN, i64::MAX)
    }

    /// Says whether a turn is seen.
    pub(crate) fn admits(&self, turn: &TurnEntry) -> bool {
        (self.since_ms..self.until_ms).contains(&turn.time_ms)
            && self.session_ids.as_ref().is_none_or(|ids| ids.contains(&turn.session_id))
            && (self.roles.is_empty() || self.roles.contains(&turn.role))
    }

    /// The same as an SQL condition on the table alias `t`, with its parameters, all unnumbered.
    pub(crate) fn condition(&self) -> (String, Vec<Value>) {
        let mut sql = "t.user_id = ? AND t.time_ms >= ? AND t.time_ms < ?".to_owned();
        let mut bound = vec![self.user_id.into(), self.since_ms.into(), self.until_ms.into()];
        if let Some(ids) = &self.session_ids {
            sql.push_str(&one_of("t.session_id"));
            bound.push(json_list(ids).into());
        }
        if !self.roles.is_empty() {
            sql.push_str(&one_of("t.role"));
            bound.push(json_list(self.roles.iter().map(|role| format!("\"{role}\""))).into());
        }
        (sql, bound)
    }
}

/// The first whole millisecond at or after a time: turns have whole ones, bounds need not.
fn first_millisecond(time: Timestamp) -> i64 {
    let before = time.as_millisecond();
    before + i64::from(time.as_nanosecond() > i128::from(before) * 1_000_000)
}

/// A condition that one parameter, a [`json_list`], binds however many values it has.
pub(crate) fn one_of(column: &str) -> String {
    format!(" AND {column} IN (SELECT value FROM json_each(?))")
}

/// Values that are JSON already as a JSON array.
pub(crate) fn json_list<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    format!("[{}]", values.join(","))
}
