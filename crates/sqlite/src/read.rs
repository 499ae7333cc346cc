//! Reads turns and sessions, and is what the store does with turns.

use longmem_core::{FactId, NewTurn, Scope, SessionName, SourceKey, Turn, TurnId, UserName};
use longmem_search::Epoch;
use longmem_store::{
    ChangeMark, ForgetFingerprint, ForgetTarget, Forgotten, Inserted, KeyState, Result,
    SessionSummary, StoreError, StoredTurn, Turns, UserOverview, WouldForget,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::embedding_models::models;
use crate::facts::facts_that_hold;
use crate::queue::waiting_of;
use crate::rows::{SELECT_TURN, array, parsed, row_limit, timestamp, turn_array, turn_from_row};
use crate::scope_filter::Condition;
use crate::users::{user_id, user_state};
use crate::{SqliteStore, forget, insert, newest_turns, source_keys};

impl Turns for SqliteStore {
    fn insert_turns(&self, user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>> {
        insert::insert_turns(&self.connections, user, turns)
    }

    fn import_turns_keeping(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
        values: &[(String, Vec<u8>)],
    ) -> Result<Vec<Option<Inserted>>> {
        insert::import_turns(&self.connections, user, turns, again, values)
    }

    fn rename_source_keys(
        &self,
        user: &UserName,
        renamed: &[(SourceKey, SourceKey)],
    ) -> Result<()> {
        source_keys::rename(&self.connections, user, renamed)
    }

    fn key_states(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<KeyState>> {
        self.connections.read(|connection| insert::key_states(connection, user, keys))
    }

    fn insert_unless(
        &self,
        user: &UserName,
        turn: &NewTurn,
        learns: bool,
        already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
    ) -> Result<Inserted> {
        insert::insert_unless(&self.connections, user, turn, learns, already)
    }

    fn turns(&self, user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>> {
        let mut turns = self.connections.read(|connection| {
            // With `+`, SQLite looks turns up by number, and not first in the index of a user's turns,
            // of which it would read as many pages again.
            let sql = format!("{SELECT_TURN} WHERE +u.name = ?1 AND t.id IN rarray(?2)");
            connection
                .prepare_cached(&sql)?
                .query_map(params![user.as_str(), turn_array(ids)], turn_from_row)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        turns.sort_unstable_by_key(|turn| turn.id);
        if ids.is_sorted_by(|a, b| a < b) {
            return Ok(turns);
        }
        let found = |id: &TurnId| turns.binary_search_by_key(id, |turn| turn.id).ok();
        Ok(ids.iter().filter_map(found).map(|place| turns[place].clone()).collect())
    }

    fn turns_with_keys(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<Option<TurnId>>> {
        self.connections.read(|connection| {
            let Some(user_id) = user_id(connection, user)? else {
                return Ok(vec![None; keys.len()]);
            };
            let known = insert::known_keys(connection, user_id, keys)?;
            Ok(keys.iter().map(|key| known.get(&key.0).copied()).collect())
        })
    }

    fn recent_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        limit: usize,
    ) -> Result<Vec<Turn>> {
        self.connections.read(|connection| last_turns(connection, user, session, limit))
    }

    fn session_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        limit: Option<usize>,
    ) -> Result<Vec<Turn>> {
        self.connections.read(|connection| {
            let after = after.map_or(0, |turn| turn.0);
            let limit = limit.map_or(i64::MAX, row_limit);
            let bound = params![user.as_str(), session.as_str(), after, limit];
            connection.prepare_cached(&session_turns())?.query_map(bound, turn_from_row)?.collect()
        })
    }

    fn turns_after(
        &self,
        scope: &Scope,
        after: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<StoredTurn>> {
        self.connections.read(|connection| {
            let Some(mut condition) = Condition::of_scope(connection, scope)? else {
                return Ok(Vec::new());
            };
            condition.and("t.id > ?", after.map_or(0, |turn| turn.0));
            let sql = format!(
                "SELECT t.id, s.name, s.title, t.role, t.speaker, t.time_ms, t.text, t.note,
                        t.source_key
                 FROM turns t JOIN sessions s ON s.id = t.session_id
                 WHERE {} ORDER BY t.id LIMIT {}",
                condition.sql,
                row_limit(limit)
            );
            connection
                .prepare_cached(&sql)?
                .query_map(&*condition.parameters(), |row| {
                    Ok(StoredTurn { turn: turn_from_row(row)?, source_key: SourceKey(row.get(8)?) })
                })?
                .collect()
        })
    }

    fn newest_turns(
        &self,
        scope: &Scope,
        before: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<Turn>> {
        self.connections.read(|connection| newest_turns::read(connection, scope, before, limit))
    }

    fn overview(&self, user: &UserName) -> Result<UserOverview> {
        self.connections.read(|connection| {
            let Some(user_id) = user_id(connection, user)? else {
                return Ok(UserOverview::default());
            };
            Ok(UserOverview {
                speakers: speakers(connection, user_id)?,
                waiting: waiting_of(connection, user_id)?,
                facts: facts_that_hold(connection, user_id)?,
                models: models(connection)?,
            })
        })
    }

    fn sessions(&self, user: &UserName) -> Result<Vec<SessionSummary>> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT s.name, s.title, count(*), min(t.time_ms), max(t.time_ms) AS last
                     FROM sessions s JOIN turns t ON t.session_id = s.id
                     JOIN users u ON u.id = s.user_id
                     WHERE u.name = ?1 GROUP BY s.id ORDER BY last DESC, s.id DESC",
                )?
                .query_map([user.as_str()], |row| {
                    Ok(SessionSummary {
                        session: parsed(row, 0)?,
                        title: row.get(1)?,
                        turns: row.get(2)?,
                        start: timestamp(row, 3)?,
                        end: timestamp(row, 4)?,
                    })
                })?
                .collect()
        })
    }

    fn check_names(&self, scope: &Scope) -> Result<()> {
        let known = self.connections.read(|connection| {
            let Some(user_id) = user_id(connection, &scope.user)? else { return Ok(None) };
            let names = array(scope.sessions.iter().map(|session| session.as_str().to_owned()));
            let known: Vec<String> = connection
                .prepare_cached(
                    "SELECT name FROM sessions WHERE user_id = ?1 AND name IN rarray(?2)",
                )?
                .query_map(params![user_id, names], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(known))
        })?;
        let Some(known) = known else { return Err(StoreError::UnknownUser(scope.user.clone())) };
        let is_known = |session: &&SessionName| known.iter().any(|name| name == session.as_str());
        match scope.sessions.iter().find(|session| !is_known(session)) {
            None => Ok(()),
            Some(session) => Err(StoreError::UnknownSession {
                user: scope.user.clone(),
                session: session.clone(),
            }),
        }
    }

    fn epoch(&self, user: &UserName) -> Result<Epoch> {
        self.connections.read(|connection| {
            let epoch = connection
                .prepare_cached("SELECT epoch FROM users WHERE name = ?1")?
                .query_row([user.as_str()], |row| row.get(0))
                .optional()?;
            Ok(Epoch(epoch.unwrap_or(0)))
        })
    }

    fn change_mark(&self, user: &UserName) -> Result<ChangeMark> {
        self.connections.read(|connection| {
            let Some((user_id, state)) = user_state(connection, user)? else {
                return Ok(ChangeMark::default());
            };
            let sql = "SELECT count(*), max(id) FROM facts WHERE user_id = ?1";
            connection.prepare_cached(sql)?.query_row([user_id], |row| {
                Ok(ChangeMark {
                    epoch: state.epoch,
                    last_turn: state.last_turn,
                    facts: row.get(0)?,
                    last_fact: row.get::<_, Option<i64>>(1)?.map(FactId),
                })
            })
        })
    }

    fn preview_forget(&self, target: &ForgetTarget, shown: usize) -> Result<WouldForget> {
        self.check_names(&target.scope())?;
        self.connections.read(|connection| forget::preview(connection, target, shown))
    }

    fn forget(&self, target: &ForgetTarget) -> Result<Forgotten> {
        self.check_names(&target.scope())?;
        let forgotten =
            self.connections.write(|transaction| forget::delete(transaction, target))?;
        Ok(Forgotten { erasure: self.connections.erase_deleted(), ..forgotten })
    }

    fn forget_shown(
        &self,
        target: &ForgetTarget,
        shown: ForgetFingerprint,
    ) -> Result<Option<Forgotten>> {
        self.check_names(&target.scope())?;
        let forgotten = self.connections.write(|transaction| {
            if forget::preview(transaction, target, 0)?.fingerprint == shown {
                forget::delete(transaction, target).map(Some)
            } else {
                Ok(None)
            }
        })?;
        let Some(forgotten) = forgotten else { return Ok(None) };
        Ok(Some(Forgotten { erasure: self.connections.erase_deleted(), ..forgotten }))
    }
}

/// The last turns of a session, oldest first.
pub(crate) fn last_turns(
    connection: &Connection,
    user: &UserName,
    session: &SessionName,
    limit: usize,
) -> rusqlite::Result<Vec<Turn>> {
    let mut statement = connection.prepare_cached(&last_of_session())?;
    let rows = statement
        .query_map(params![user.as_str(), session.as_str(), row_limit(limit)], turn_from_row)?;
    let mut turns = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    turns.reverse();
    Ok(turns)
}

/// The last turns of a session: of a user, a session, so many.
fn last_of_session() -> String {
    // The session's user leads to it by an index; without, all turns of the user would be looked at.
    format!(
        "{SELECT_TURN} WHERE u.name = ?1 AND s.name = ?2 AND s.user_id = u.id
         ORDER BY t.position DESC LIMIT ?3"
    )
}

/// The turns of a session: of a user, a session, behind a turn, so many.
fn session_turns() -> String {
    // A number with a plus leads to no index: the one of all turns of the user would be taken.
    format!(
        "{SELECT_TURN} WHERE t.id IN (
             SELECT id FROM turns
             WHERE session_id = (SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
                                 WHERE u.name = ?1 AND s.name = ?2)
                 AND +id > ?3
             ORDER BY +id LIMIT ?4)
         ORDER BY t.id"
    )
}

/// The names of everybody who speaks in a user's turns, sorted.
fn speakers(connection: &Connection, user_id: i64) -> rusqlite::Result<Vec<String>> {
    // Steps from name to name in the index instead of reading every turn.
    connection
        .prepare_cached(
            "WITH RECURSIVE names (name) AS (
                 SELECT min(speaker) FROM turns WHERE user_id = ?1 AND speaker IS NOT NULL
                 UNION ALL
                 SELECT (SELECT min(speaker) FROM turns
                         WHERE user_id = ?1 AND speaker > names.name)
                 FROM names WHERE names.name IS NOT NULL
             )
             SELECT name FROM names WHERE name IS NOT NULL",
        )?
        .query_map([user_id], |row| row.get(0))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IfMissing, SqliteStore};

    #[test]
    fn turns_of_a_session_are_found_without_looking_at_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        for sql in [last_of_session(), session_turns()] {
            let plan = store.connections.read(|connection| {
                connection
                    .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?
                    .raw_query()
                    .mapped(|row| row.get::<_, String>(3))
                    .collect::<rusqlite::Result<Vec<_>>>()
            });
            let plan = plan.unwrap().join("\n");
            assert!(plan.contains("(session_id=?)") && !plan.contains("turns_by_user"), "{plan}");
            assert!(!plan.contains("SCAN"), "{plan}");
        }
    }
}
