//! Deletes so that nothing is left: rows, words, vectors and the bytes on disk.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use longmem_core::{Scope, SessionName, Turn, TurnId, UserName};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter};

use crate::blocks::Blocks;
use crate::entities;
use crate::facts::{bridge_over, delete_user_without_memory};
use crate::scope_filter::{ScopeFilter, json_list, one_of};
use crate::turns::{SELECT_TURN, timestamp, turn_from_row, user_id};
use crate::{Store, StoreError, code_blocks, postings, turn_blocks};
use longmem_text::indexed_words;

/// A number that changes whenever something of a user was deleted; compared for equality only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(pub u64);

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgetTarget {
    /// Single turns of the scope's user, as far as they are in scope.
    Turns(Scope, Vec<TurnId>),
    /// All turns in scope.
    Scope(Scope),
    /// Everything of a user.
    User(UserName),
}

impl ForgetTarget {
    fn scope(&self) -> Cow<'_, Scope> {
        match self {
            Self::Turns(scope, _) | Self::Scope(scope) => Cow::Borrowed(scope),
            Self::User(user) => Cow::Owned(Scope::of(user.clone())),
        }
    }

    fn is_whole_user(&self) -> bool {
        match self {
            Self::Turns(..) => false,
            Self::Scope(scope) => scope.is_whole_user(),
            Self::User(_) => true,
        }
    }
}

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Turns, with their words and vectors.
    pub turns: u64,
    /// Sessions that had no other turns.
    pub sessions: u64,
    /// What was made of the turns.
    pub derived: Derived,
    /// Whether the user had nothing else and is gone too.
    pub user: bool,
    /// False if another process is reading an older state: the deleted bytes leave the disk when
    /// it has finished and something else is forgotten, or the last process closes the store.
    pub erased_from_disk: bool,
}

/// What would be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WouldForget {
    /// How many turns.
    pub turns: u64,
    /// The first of them, oldest first.
    pub first: Vec<Turn>,
    /// What was made of them.
    pub derived: Derived,
}

/// What goes with the turns that are forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Derived {
    /// Facts that were learned from them; with the whole user, those added by hand too.
    pub facts: u64,
    /// Summaries that cover one of them.
    pub summaries: u64,
}

impl Store {
    /// A number that changes whenever something of a user's was deleted, so that whoever holds turns
    /// can tell whether all of them are still there.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn epoch(&self, user: &UserName) -> Result<Epoch, StoreError> {
        self.connections.read(|connection| {
            let deletions = connection
                .prepare_cached("SELECT deletions FROM users WHERE name = ?1")?
                .query_row([user.as_str()], |row| row.get(0))
                .optional()?;
            Ok(Epoch(deletions.unwrap_or(0)))
        })
    }

    /// Shows what [`Store::forget`] would delete, with the first `shown` turns, oldest first.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`] or [`StoreError::UnknownSession`] for a name that is not here.
    pub fn preview_forget(
        &self,
        target: &ForgetTarget,
        shown: usize,
    ) -> Result<WouldForget, StoreError> {
        self.check_names(&target.scope())?;
        self.connections.read(|connection| {
            let Some(user) = user_id(connection, &target.scope().user)? else {
                return Ok(WouldForget::default());
            };
            let Some((condition, bound)) = condition(connection, target)? else {
                return Ok(WouldForget::default());
            };
            let turns = connection.query_row(
                &format!("SELECT count(*) FROM turns t WHERE {condition}"),
                params_from_iter(bound.clone()),
                |row| row.get(0),
            )?;
            let sql = format!("{SELECT_TURN} WHERE {condition} ORDER BY t.time_ms, t.id LIMIT ?");
            let limited = bound.iter().cloned().chain([Value::from(shown as i64)]);
            let first = connection
                .prepare(&sql)?
                .query_map(params_from_iter(limited), turn_from_row)?
                .collect::<rusqlite::Result<_>>()?;
            let doomed = ids_where(connection, &condition, bound)?;
            let count = |sql: &str| {
                connection
                    .query_row(sql, params![user, doomed, target.is_whole_user()], |row| row.get(0))
            };
            let derived = Derived {
                facts: count(&format!("SELECT count(*) FROM facts d WHERE {DOOMED_FACTS}"))?,
                summaries: count(&format!(
                    "SELECT count(*) FROM summaries d WHERE {DOOMED_SUMMARIES}"
                ))?,
            };
            Ok(WouldForget { turns, first, derived })
        })
    }

    /// Deletes turns with their words, vectors, facts and summaries in one transaction, sessions
    /// and the user with them if nothing else is left of these, and empties the write-ahead log.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`] or [`StoreError::UnknownSession`] for a name that is not here;
    /// then nothing was deleted.
    pub fn forget(&self, target: &ForgetTarget) -> Result<Forgotten, StoreError> {
        self.check_names(&target.scope())?;
        let mut forgotten = self.connections.write(|transaction| delete(transaction, target))?;
        forgotten.erased_from_disk = self.connections.empty_log()?;
        Ok(forgotten)
    }

    /// Fails for a user or a session that is not in the store.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`] or [`StoreError::UnknownSession`].
    pub fn check_names(&self, scope: &Scope) -> Result<(), StoreError> {
        let known = self.connections.read(|connection| {
            let Some(user) = user_id(connection, &scope.user)? else { return Ok(None) };
            let mut statement = connection
                .prepare_cached("SELECT name FROM sessions WHERE user_id = ?1 AND name = ?2")?;
            let unknown = scope.sessions.iter().find_map(|session: &SessionName| {
                match statement.exists((user, session.as_str())) {
                    Ok(true) => None,
                    Ok(false) => Some(Ok(session.clone())),
                    Err(error) => Some(Err(error)),
                }
            });
            Ok(Some(unknown.transpose()?))
        })?;
        match known {
            None => Err(StoreError::UnknownUser(scope.user.clone())),
            Some(Some(session)) => {
                Err(StoreError::UnknownSession { user: scope.user.clone(), session })
            }
            Some(None) => Ok(()),
        }
    }
}

/// The turns to delete as a condition on the alias `t`; none if the user is not here.
fn condition(
    connection: &Connection,
    target: &ForgetTarget,
) -> rusqlite::Result<Option<(String, Vec<Value>)>> {
    let Some(filter) = ScopeFilter::resolve(connection, &target.scope())? else { return Ok(None) };
    let (mut sql, mut bound) = filter.condition();
    if let ForgetTarget::Turns(_, ids) = target {
        sql.push_str(&one_of("t.id"));
        bound.push(json_list(ids).into());
    }
    Ok(Some((sql, bound)))
}

fn delete(transaction: &Transaction<'_>, target: &ForgetTarget) -> rusqlite::Result<Forgotten> {
    let Some(user) = user_id(transaction, &target.scope().user)? else {
        return Ok(Forgotten::default());
    };
    let Some((condition, bound)) = condition(transaction, target)? else {
        return Ok(Forgotten::default());
    };
    let derived = delete_derived(transaction, user, target, &condition, &bound)?;
    remove_from_lists(transaction, user, &condition, &bound)?;
    let turns = transaction.execute(
        &format!("DELETE FROM turns WHERE id IN (SELECT t.id FROM turns t WHERE {condition})"),
        params_from_iter(bound),
    )?;
    let sessions = transaction.execute(
        "DELETE FROM sessions WHERE user_id = ?1
         AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id)",
        [user],
    )?;
    transaction.execute("UPDATE users SET deletions = deletions + 1 WHERE id = ?1", [user])?;
    let user = delete_user_without_memory(transaction, user)?;
    Ok(Forgotten {
        turns: turns as u64,
        sessions: sessions as u64,
        derived,
        user,
        erased_from_disk: false,
    })
}

/// The facts to delete, on the alias `d`: ?1 is the user, ?2 the turns as JSON, ?3 whether the whole
/// user goes.
const DOOMED_FACTS: &str = "d.user_id = ?1
    AND (?3 OR d.source_turn_id IN (SELECT value FROM json_each(?2)))";

/// The summaries to delete, with the same parameters. All begin with the first turn of a session;
/// one of summaries tells what its parts tell.
const DOOMED_SUMMARIES: &str = "d.user_id = ?1 AND (?3 OR EXISTS (
    SELECT 1 FROM summaries p JOIN turns t ON t.session_id = p.session_id AND t.id <= p.through_turn
    WHERE (p.id = d.id OR p.folded_into = d.id) AND t.id IN (SELECT value FROM json_each(?2))))";

/// The numbers of the turns that a condition chooses, as JSON.
fn ids_where(
    connection: &Connection,
    condition: &str,
    bound: Vec<Value>,
) -> rusqlite::Result<String> {
    connection.query_row(
        &format!("SELECT json_group_array(t.id) FROM turns t WHERE {condition}"),
        params_from_iter(bound),
        |row| row.get(0),
    )
}

/// Deletes the facts and summaries that were made of the turns.
fn delete_derived(
    transaction: &Transaction<'_>,
    user: i64,
    target: &ForgetTarget,
    condition: &str,
    bound: &[Value],
) -> rusqlite::Result<Derived> {
    let doomed = ids_where(transaction, condition, bound.to_vec())?;
    let parameters = params![user, doomed, target.is_whole_user()];
    bridge_over(transaction, DOOMED_FACTS, parameters)?;
    let facts =
        transaction.execute(&format!("DELETE FROM facts AS d WHERE {DOOMED_FACTS}"), parameters)?;
    entities::delete_unmentioned(transaction, user)?;
    let before = count_summaries(transaction, user)?;
    transaction
        .execute(&format!("DELETE FROM summaries AS d WHERE {DOOMED_SUMMARIES}"), parameters)?;
    let summaries = before - count_summaries(transaction, user)?;
    Ok(Derived { facts: facts as u64, summaries })
}

/// A trigger deletes some of them, which SQLite does not count.
fn count_summaries(connection: &Connection, user: i64) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM summaries WHERE user_id = ?1";
    connection.query_row(sql, [user], |row| row.get(0))
}

/// Takes the turns off all lists.
fn remove_from_lists(
    transaction: &Transaction<'_>,
    user_id: i64,
    condition: &str,
    bound: &[Value],
) -> rusqlite::Result<()> {
    let sql = format!("SELECT t.id, t.time_ms, t.speaker, t.text FROM turns t WHERE {condition}");
    let mut turns = HashSet::new();
    let mut words_in_blocks: BTreeSet<(i64, String)> = BTreeSet::new();
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    while let Some(row) = rows.next()? {
        let turn: i64 = row.get(0)?;
        turns.insert(turn);
        let speaker: Option<String> = row.get(2)?;
        let words =
            indexed_words(timestamp(row, 1)?, speaker.as_deref(), row.get_ref(3)?.as_str()?);
        let block = Blocks::OF_WORDS.of(turn);
        words_in_blocks.extend(words.counts.into_keys().map(|word| (block, word)));
    }
    postings::remove(transaction, user_id, &words_in_blocks, &turns)?;
    turn_blocks::remove(transaction, user_id, &turns)?;
    code_blocks::remove(transaction, user_id, &turns)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::IfMissing;
    use crate::made_up::{turn, user};

    #[test]
    fn a_reader_of_an_older_state_delays_the_erasure_and_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let scope = Scope::of(user("ana"));
        let turns = ["xylophonequartz", "lisbon", "oslo"].map(|text| turn("talk", text, 0));
        let inserted = store.insert_turns(&scope.user, &turns).unwrap();
        let forget = |position: usize| {
            let target = ForgetTarget::Turns(scope.clone(), vec![inserted[position].id]);
            store.forget(&target).unwrap().erased_from_disk
        };
        let is_on_disk = || {
            fs_err::read_dir(folder.path()).unwrap().any(|file| {
                let bytes = fs_err::read(file.unwrap().path()).unwrap();
                bytes.windows(13).any(|window| window == b"lophonequartz")
            })
        };
        store
            .connections
            .read(|reader| {
                reader.query_row("SELECT count(*) FROM turns", [], |_| Ok(()))?;
                // It waits for readers as for writers, which takes too long for a test.
                store.connections.maintain(|writer| writer.busy_timeout(Duration::ZERO)).unwrap();
                assert!(!forget(0));
                Ok(())
            })
            .unwrap();
        assert!(is_on_disk());
        assert!(forget(1));
        assert!(!is_on_disk());
        assert_eq!(store.search_words(&scope, "lisbon oslo", 9).unwrap().len(), 1);
    }
}
