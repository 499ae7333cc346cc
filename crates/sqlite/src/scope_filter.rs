//! A scope as an SQL condition.

use longmem_core::Scope;
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql, params};

use crate::rows::array;
use crate::users::user_id;

/// A condition on the table alias `t`, with its parameters, all unnumbered.
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Box<dyn ToSql>>,
}

impl Condition {
    /// The turns in scope; none if the user has no memory here.
    pub(crate) fn of_scope(
        connection: &Connection,
        scope: &Scope,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(user_id) = user_id(connection, &scope.user)? else { return Ok(None) };
        let mut condition = Self { sql: "t.user_id = ?".to_owned(), parameters: Vec::new() };
        condition.parameters.push(Box::new(user_id));
        if let Some(sessions) = session_ids(connection, user_id, scope)? {
            condition.and_one_of("t.session_id", sessions);
        }
        if !scope.roles.is_empty() {
            condition.and_one_of("t.role", scope.roles.iter().map(ToString::to_string));
        }
        let times = scope.milliseconds();
        condition.and("t.time_ms >= ?", times.start);
        condition.and("t.time_ms < ?", times.end);
        Ok(Some(condition))
    }

    /// Adds that a column has one of these values.
    pub(crate) fn and_one_of<T: Into<Value>>(
        &mut self,
        column: &str,
        values: impl IntoIterator<Item = T>,
    ) {
        self.and(&format!("{column} IN rarray(?)"), array(values));
    }

    /// Adds a condition with one parameter.
    pub(crate) fn and(&mut self, condition: &str, parameter: impl ToSql + 'static) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.parameters.push(Box::new(parameter));
    }

    /// The parameters in their order.
    pub(crate) fn parameters(&self) -> Vec<&dyn ToSql> {
        self.parameters.iter().map(AsRef::as_ref).collect()
    }
}

/// The numbers of the scope's sessions, as far as they exist; none if it names none.
pub(crate) fn session_ids(
    connection: &Connection,
    user_id: i64,
    scope: &Scope,
) -> rusqlite::Result<Option<Vec<i64>>> {
    if scope.sessions.is_empty() {
        return Ok(None);
    }
    let names = array(scope.sessions.iter().map(|session| session.as_str().to_owned()));
    let ids = connection
        .prepare_cached("SELECT id FROM sessions WHERE user_id = ?1 AND name IN rarray(?2)")?
        .query_map(params![user_id, names], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(ids))
}
