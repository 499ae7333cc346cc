//! Reads everything of a scope, page by page.

use longmem_core::{Scope, SourceKey, Turn, TurnId};
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use crate::scope_filter::ScopeFilter;
use crate::turns::turn_from_row;
use crate::{Store, StoreError};

/// A turn with what only an export needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTurn {
    /// The turn.
    pub turn: Turn,
    /// Its name in its source; importing it again adds nothing.
    pub source_key: SourceKey,
}

impl Store {
    /// Reads up to `limit` turns in scope whose number is above `after`, in the order they were
    /// stored.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn turns_after(
        &self,
        scope: &Scope,
        after: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<StoredTurn>, StoreError> {
        self.connections.read(|connection| {
            let Some(filter) = ScopeFilter::resolve(connection, scope)? else {
                return Ok(Vec::new());
            };
            let (condition, bound) = filter.condition();
            let sql = format!(
                "SELECT t.id, s.name, s.title, t.role, t.speaker, t.time_ms, t.text, t.source_key
                 FROM turns t JOIN sessions s ON s.id = t.session_id
                 WHERE {condition} AND t.id > ? ORDER BY t.id LIMIT ?"
            );
            let bound = bound
                .into_iter()
                .chain([Value::from(after.map_or(0, |turn| turn.0)), Value::from(limit as i64)]);
            connection
                .prepare_cached(&sql)?
                .query_map(params_from_iter(bound), |row| {
                    Ok(StoredTurn { turn: turn_from_row(row)?, source_key: SourceKey(row.get(7)?) })
                })?
                .collect()
        })
    }
}
