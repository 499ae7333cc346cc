//! Reads turns and sessions, and is what the store does with turns.

use std::collections::HashMap;

use futures_util::future::{try_join, try_join5};
use longmem_core::{FactId, NewTurn, Role, Scope, SessionName, SourceKey, Turn, TurnId, UserName};
use longmem_search::Epoch;
use longmem_store::{
    ChangeMark, Erasure, ForgetFingerprint, ForgetTarget, Forgotten, Inserted, KeyState, Result,
    SessionSummary, StoreError, StoredTurn, Turns, UserOverview, WouldForget,
};

use crate::embedding_models::models;
use crate::facts::facts_that_hold;
use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::{
    SELECT_TURN, role_number, row_limit, session_name, timestamp, turn_from_row, turns_from_rows,
};
use crate::user_number::UserNumber;
use crate::users::state;
use crate::{PostgresStore, forget, insert, source_keys};

impl Turns for PostgresStore {
    fn insert_turns(&self, user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>> {
        insert::insert_turns(&self.database, user, turns)
    }

    fn import_turns_keeping(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
        values: &[(String, Vec<u8>)],
    ) -> Result<Vec<Option<Inserted>>> {
        insert::import_turns(&self.database, user, turns, again, values)
    }

    fn rename_source_keys(
        &self,
        user: &UserName,
        renamed: &[(SourceKey, SourceKey)],
    ) -> Result<()> {
        source_keys::rename(&self.database, user, renamed)
    }

    fn key_states(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<KeyState>> {
        insert::key_states(&self.database, user, keys)
    }

    fn insert_unless(
        &self,
        user: &UserName,
        turn: &NewTurn,
        learns: bool,
        already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
    ) -> Result<Inserted> {
        insert::insert_unless(&self.database, user, turn, learns, already)
    }

    fn turns(&self, user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>> {
        let number = UserNumber::of(user);
        let wanted: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let turns = self.database.read(number.alone(), async |statements| {
            // Each by the primary key: a server that takes the user for an average one would read all turns.
            let sql = format!(
                "SELECT found.* FROM unnest($2) AS wanted (id) CROSS JOIN LATERAL (
                     {SELECT_TURN} WHERE t.user_id = $1 AND s.user_id = $1 AND t.id = wanted.id OFFSET 0
                 ) found"
            );
            turns_from_rows(&statements.rows(&sql, params![number.0, wanted]).await?)
        })?;
        let turns: HashMap<TurnId, Turn> = turns.into_iter().map(|turn| (turn.id, turn)).collect();
        Ok(ids.iter().filter_map(|id| turns.get(id).cloned()).collect())
    }

    fn turns_with_keys(&self, user: &UserName, keys: &[SourceKey]) -> Result<Vec<Option<TurnId>>> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            let wanted: Vec<&SourceKey> = keys.iter().collect();
            let known = insert::known_keys(statements, number, &wanted).await?;
            Ok(keys.iter().map(|key| known.get(&key.0).copied()).collect())
        })
    }

    fn recent_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        limit: usize,
    ) -> Result<Vec<Turn>> {
        self.database.read(UserNumber::of(user).alone(), async |statements| {
            last_turns(statements, user, session, limit).await
        })
    }

    fn session_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        limit: Option<usize>,
    ) -> Result<Vec<Turn>> {
        let number = UserNumber::of(user);
        let (session, after) = (session.as_str(), after.map_or(0, |turn| turn.0));
        let limit = limit.map_or(i64::MAX, row_limit);
        self.database.read(number.alone(), async |statements| {
            let sql = format!(
                "{SELECT_TURN} WHERE t.user_id = $1 AND s.user_id = $1 AND s.name = $2
                 AND t.id > $3 ORDER BY t.id LIMIT $4"
            );
            turns_from_rows(&statements.rows(&sql, params![number.0, session, after, limit]).await?)
        })
    }

    fn turns_after(
        &self,
        scope: &Scope,
        after: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<StoredTurn>> {
        let bounds = ScopeBounds::of(scope);
        let (after, limit) = (after.map_or(0, |turn| turn.0), row_limit(limit));
        self.database.read(bounds.user.alone(), async |statements| {
            let sql = format!(
                "SELECT t.id, s.name, s.title, t.role, t.speaker, t.time_ms, t.text, t.note,
                        t.source_key
                 FROM turns t JOIN sessions s ON s.user_id = t.user_id AND s.id = t.session_id
                 WHERE s.user_id = $1 AND {IN_SCOPE} AND t.id > $6 ORDER BY t.id LIMIT $7"
            );
            let ScopeBounds { user, sessions, roles, from, until } = &bounds;
            let bound = params![user.0, *sessions, *roles, *from, *until, after, limit];
            let rows = statements.rows(&sql, bound).await?;
            let stored = rows.iter().map(|row| {
                let source_key = SourceKey(row.try_get(8)?);
                Ok(StoredTurn { turn: turn_from_row(row)?, source_key })
            });
            stored.collect()
        })
    }

    fn newest_turns(
        &self,
        scope: &Scope,
        before: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<Turn>> {
        let bounds = ScopeBounds::of(scope);
        let (before, limit) = (before.map_or(i64::MAX, |turn| turn.0), row_limit(limit));
        self.database.read(bounds.user.alone(), async |statements| {
            let sql = format!(
                "{SELECT_TURN} WHERE s.user_id = $1 AND {IN_SCOPE} AND t.id < $6
                 ORDER BY t.id DESC LIMIT $7"
            );
            let ScopeBounds { user, sessions, roles, from, until } = &bounds;
            let bound = params![user.0, *sessions, *roles, *from, *until, before, limit];
            turns_from_rows(&statements.rows(&sql, bound).await?)
        })
    }

    fn overview(&self, user: &UserName) -> Result<UserOverview> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            let (state, speakers, waiting, facts, models) = try_join5(
                state(statements, number),
                speakers(statements, number),
                statements
                    .row("SELECT count(*) FROM index_queue WHERE user_id = $1", params![number.0]),
                facts_that_hold(statements, number),
                models(statements),
            )
            .await?;
            if state.is_none() {
                return Ok(UserOverview::default());
            }
            let waiting: i64 = waiting.try_get(0)?;
            Ok(UserOverview { speakers, waiting: waiting as u64, facts, models })
        })
    }

    fn sessions(&self, user: &UserName) -> Result<Vec<SessionSummary>> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            let rows = statements
                .rows(
                    "SELECT s.name, s.title, count(*), min(t.time_ms), max(t.time_ms) AS last
                     FROM sessions s JOIN turns t ON t.user_id = s.user_id AND t.session_id = s.id
                     WHERE s.user_id = $1 AND t.user_id = $1
                     GROUP BY s.user_id, s.id ORDER BY last DESC, s.id DESC",
                    params![number.0],
                )
                .await?;
            let summary = |row| {
                Ok(SessionSummary {
                    session: session_name(row, 0)?,
                    title: row.try_get(1)?,
                    turns: row.try_get::<_, i64>(2)? as u64,
                    start: timestamp(row, 3)?,
                    end: timestamp(row, 4)?,
                })
            };
            rows.iter().map(summary).collect()
        })
    }

    fn check_names(&self, scope: &Scope) -> Result<()> {
        let number = UserNumber::of(&scope.user);
        self.database.read(number.alone(), async |statements| check_names(statements, scope).await)
    }

    fn epoch(&self, user: &UserName) -> Result<Epoch> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            Ok(state(statements, number).await?.map_or(Epoch(0), |(epoch, _)| epoch))
        })
    }

    fn change_mark(&self, user: &UserName) -> Result<ChangeMark> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            let (state, facts) = try_join(
                state(statements, number),
                statements.row(
                    "SELECT count(*), max(id) FROM facts WHERE user_id = $1",
                    params![number.0],
                ),
            )
            .await?;
            let Some((epoch, last_turn)) = state else { return Ok(ChangeMark::default()) };
            Ok(ChangeMark {
                epoch,
                last_turn,
                facts: facts.try_get::<_, i64>(0)? as u64,
                last_fact: facts.try_get::<_, Option<i64>>(1)?.map(FactId),
            })
        })
    }

    fn preview_forget(&self, target: &ForgetTarget, shown: usize) -> Result<WouldForget> {
        let number = UserNumber::of(target.user());
        self.database.read(number.alone(), async |statements| {
            check_names(statements, &target.scope()).await?;
            forget::preview(statements, target, shown).await
        })
    }

    fn forget(&self, target: &ForgetTarget) -> Result<Forgotten> {
        let number = UserNumber::of(target.user());
        self.database.write(number.alone(), async |statements| {
            let mut locked = forget::lock_named(statements, target).await?;
            forget::delete(statements, &mut locked, target).await
        })
    }

    fn forget_shown(
        &self,
        target: &ForgetTarget,
        shown: ForgetFingerprint,
    ) -> Result<Option<Forgotten>> {
        let number = UserNumber::of(target.user());
        self.database.write(number.alone(), async |statements| {
            let mut locked = forget::lock_named(statements, target).await?;
            if forget::preview(statements, target, 0).await?.fingerprint == shown {
                forget::delete(statements, &mut locked, target).await.map(Some)
            } else {
                Ok(None)
            }
        })
    }
}

/// What deleting leaves on the server's disks, which only the server can overwrite.
pub(crate) const ERASURE: Erasure = Erasure::LeftToServer;

/// Fails for a user or a session that is not in the store.
pub(crate) async fn check_names(
    statements: &Statements<'_>,
    scope: &Scope,
) -> std::result::Result<(), Failure> {
    let number = UserNumber::of(&scope.user);
    let names: Vec<&str> = scope.sessions.iter().map(SessionName::as_str).collect();
    let (state, known) = try_join(
        state(statements, number),
        statements.rows(
            "SELECT name FROM sessions WHERE user_id = $1 AND name = ANY($2)",
            params![number.0, names],
        ),
    )
    .await?;
    if state.is_none() {
        return Err(StoreError::UnknownUser(scope.user.clone()).into());
    }
    let known: Vec<&str> =
        known.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?;
    match scope.sessions.iter().find(|session| !known.contains(&session.as_str())) {
        None => Ok(()),
        Some(session) => {
            Err(StoreError::UnknownSession { user: scope.user.clone(), session: session.clone() }
                .into())
        }
    }
}

/// That a turn `t` is in scope; `$1` to `$5` are the fields of [`ScopeBounds`] in their order.
pub(crate) const IN_SCOPE: &str = "t.user_id = $1
    AND ($2::text[] IS NULL OR t.session_id IN (
        SELECT named.id FROM sessions named WHERE named.user_id = $1 AND named.name = ANY($2)))
    AND ($3::smallint[] IS NULL OR t.role = ANY($3))
    AND t.time_ms >= $4 AND t.time_ms < $5";

/// A scope in the database's terms.
pub(crate) struct ScopeBounds {
    pub(crate) user: UserNumber,
    /// None for all sessions.
    pub(crate) sessions: Option<Vec<String>>,
    /// None for all roles.
    pub(crate) roles: Option<Vec<i16>>,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl ScopeBounds {
    pub(crate) fn of(scope: &Scope) -> Self {
        let sessions: Vec<String> =
            scope.sessions.iter().map(|session| session.as_str().to_owned()).collect();
        let roles: Vec<i16> = scope.roles.iter().map(|role: &Role| role_number(*role)).collect();
        let times = scope.milliseconds();
        Self {
            user: UserNumber::of(&scope.user),
            sessions: Some(sessions).filter(|sessions| !sessions.is_empty()),
            roles: Some(roles).filter(|roles| !roles.is_empty()),
            from: times.start,
            until: times.end,
        }
    }
}

/// The last turns of a session, oldest first.
pub(crate) async fn last_turns(
    statements: &Statements<'_>,
    user: &UserName,
    session: &SessionName,
    limit: usize,
) -> std::result::Result<Vec<Turn>, Failure> {
    let (number, session, limit) = (UserNumber::of(user), session.as_str(), row_limit(limit));
    let sql = format!(
        "{SELECT_TURN} WHERE t.user_id = $1 AND s.user_id = $1 AND s.name = $2
         ORDER BY t.position DESC LIMIT $3"
    );
    let rows = statements.rows(&sql, params![number.0, session, limit]).await?;
    let mut turns = turns_from_rows(&rows)?;
    turns.reverse();
    Ok(turns)
}

/// The names of everybody who speaks in a user's turns, sorted.
async fn speakers(
    statements: &Statements<'_>,
    user: UserNumber,
) -> std::result::Result<Vec<String>, Failure> {
    // Steps from name to name in the index instead of reading every turn.
    let rows = statements
        .rows(
            "WITH RECURSIVE names (name) AS (
                 (SELECT speaker FROM turns WHERE user_id = $1 AND speaker IS NOT NULL
                  ORDER BY speaker LIMIT 1)
                 UNION ALL
                 SELECT (SELECT speaker FROM turns
                         WHERE user_id = $1 AND speaker > names.name
                         ORDER BY speaker LIMIT 1)
                 FROM names WHERE names.name IS NOT NULL
             )
             SELECT name FROM names WHERE name IS NOT NULL",
            params![user.0],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
