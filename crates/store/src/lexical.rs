//! Finds turns by their words.

use longmem_core::{Scope, TurnId};
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use crate::analysis::{prefixed, query_words};
use crate::scope_filter::ScopeFilter;
use crate::{Store, StoreError};

/// A turn that shares words with a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalHit {
    /// The turn.
    pub turn: TurnId,
    /// BM25 (k1 1.2, b 0.75, as SQLite's FTS5 computes it), with its sign turned: above 0, and
    /// greater is better.
    pub score: f32,
}

/// A query longer than this many distinct words is cut; a pasted page needs no more to be found.
const MAX_QUERY_WORDS: usize = 64;

impl Store {
    /// Finds the `limit` best turns in scope that share at least one word with the text, best
    /// first, equal scores by turn number. Any text is allowed; none of it is query syntax.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn search_words(
        &self,
        scope: &Scope,
        text: &str,
        limit: usize,
    ) -> Result<Vec<LexicalHit>, StoreError> {
        let words = query_words(text);
        if words.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        self.connections.read(|connection| {
            let Some(filter) = ScopeFilter::resolve(connection, scope)? else {
                return Ok(Vec::new());
            };
            let quoted: Vec<String> = words
                .iter()
                .take(MAX_QUERY_WORDS)
                .map(|word| format!("\"{}\"", prefixed(filter.user_id, word)))
                .collect();
            let (condition, bound) = filter.condition();
            let sql = format!(
                "SELECT f.rowid, -bm25(turns_fts) AS score
                 FROM turns_fts f JOIN turns t ON t.id = f.rowid
                 WHERE turns_fts MATCH ? AND {condition}
                 ORDER BY score DESC, f.rowid LIMIT ?"
            );
            let all = [Value::from(quoted.join(" OR "))]
                .into_iter()
                .chain(bound)
                .chain([Value::from(limit as i64)]);
            let mut statement = connection.prepare_cached(&sql)?;
            statement
                .query_map(params_from_iter(all), |row| {
                    Ok(LexicalHit {
                        turn: TurnId(row.get(0)?),
                        score: row.get::<_, f64>(1)? as f32,
                    })
                })?
                .collect()
        })
    }
}
