//! Keeps what is known of a user: what holds, what held when, and what replaced what.

use std::collections::HashMap;

use jiff::Timestamp;
use longmem_core::{Entity, Fact, FactId, FactKind, NewFact, TurnId, UserName};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, params};

use crate::entities::{self, mentions};
use crate::turns::{parsed, timestamp, user_id, user_id_or_new};
use crate::{Store, StoreError};

/// Which facts are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FactsAt {
    /// Those that hold.
    #[default]
    Now,
    /// Those that held at a time: said by then, and replaced later or not at all.
    Time(Timestamp),
    /// All, those that were replaced included.
    Ever,
}

impl Store {
    /// Reads a user's facts by kind, within a kind in the order in which they were said.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn facts(&self, user: &UserName, at: FactsAt) -> Result<Vec<Fact>, StoreError> {
        self.connections.read(|connection| {
            let Some(user) = user_id(connection, user)? else { return Ok(Vec::new()) };
            read(connection, user, at)
        })
    }

    /// Stores a fact; with `replaces`, that one is superseded by it, or supersedes it if it was
    /// said later.
    ///
    /// # Errors
    /// [`StoreError::UnknownFact`] if the user has no fact `replaces`.
    pub fn insert_fact(
        &self,
        user: &UserName,
        fact: &NewFact,
        replaces: Option<FactId>,
    ) -> Result<FactId, StoreError> {
        let stored = self.connections.write(|transaction| {
            let user = user_id_or_new(transaction, user)?;
            match replaces {
                Some(old) if !exists(transaction, user, old)? => Ok(Err(old)),
                _ => insert(transaction, user, fact, replaces).map(Ok),
            }
        })?;
        stored.map_err(|fact| StoreError::UnknownFact { user: user.clone(), fact })
    }

    /// Corrects the words of a fact; its source and time stay.
    ///
    /// # Errors
    /// [`StoreError::UnknownFact`] if the user has no such fact.
    pub fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
        entities: &[Entity],
    ) -> Result<(), StoreError> {
        let edited = self.connections.write(|transaction| {
            let Some(user) = user_id(transaction, user)? else { return Ok(false) };
            let edited = transaction.execute(
                "UPDATE facts SET statement = ?3 WHERE user_id = ?1 AND id = ?2",
                params![user, fact.0, statement],
            )?;
            if edited > 0 {
                transaction.execute("DELETE FROM entity_mentions WHERE fact_id = ?1", [fact.0])?;
                entities::mention(transaction, user, fact, entities)?;
                entities::delete_unmentioned(transaction, user)?;
            }
            Ok(edited > 0)
        })?;
        self.connections.empty_log()?;
        if edited { Ok(()) } else { Err(StoreError::UnknownFact { user: user.clone(), fact }) }
    }

    /// Deletes a fact for good, with the older ones that it had replaced: they would hold again.
    /// Returns how many facts are gone.
    ///
    /// # Errors
    /// [`StoreError::UnknownFact`] if the user has no such fact.
    pub fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<u64, StoreError> {
        let deleted = self.connections.write(|transaction| {
            let Some(user) = user_id(transaction, user)? else { return Ok(0) };
            let deleted = transaction.execute(
                "WITH RECURSIVE gone (id) AS (
                     SELECT id FROM facts WHERE user_id = ?1 AND id = ?2
                     UNION SELECT f.id FROM facts f JOIN gone ON f.superseded_by = gone.id
                 )
                 DELETE FROM facts WHERE id IN (SELECT id FROM gone)",
                params![user, fact.0],
            )?;
            entities::delete_unmentioned(transaction, user)?;
            delete_user_without_memory(transaction, user)?;
            Ok(deleted as u64)
        })?;
        self.connections.empty_log()?;
        match deleted {
            0 => Err(StoreError::UnknownFact { user: user.clone(), fact }),
            _ => Ok(deleted),
        }
    }
}

/// Removes a user of whom nothing is left.
pub(crate) fn delete_user_without_memory(
    transaction: &Transaction<'_>,
    user: i64,
) -> rusqlite::Result<bool> {
    let users = transaction.execute(
        "DELETE FROM users WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = users.id)
         AND NOT EXISTS (SELECT 1 FROM facts WHERE user_id = users.id)",
        [user],
    )?;
    Ok(users > 0)
}

pub(crate) fn exists(connection: &Connection, user: i64, fact: FactId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM facts WHERE user_id = ?1 AND id = ?2")?
        .exists(params![user, fact.0])
}

/// Stores a fact of a user who has the one that it replaces.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    user: i64,
    fact: &NewFact,
    replaces: Option<FactId>,
) -> rusqlite::Result<FactId> {
    let since = fact.since.as_millisecond();
    transaction.execute(
        "INSERT INTO facts (user_id, subject, statement, kind, source_turn_id, valid_from_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            user,
            fact.subject,
            fact.statement,
            fact.kind.as_str(),
            fact.source.map(|turn| turn.0),
            since,
        ],
    )?;
    let new = FactId(transaction.last_insert_rowid());
    entities::mention(transaction, user, new, &fact.entities)?;
    if let Some(old) = replaces {
        supersede(transaction, new, since, old)?;
    }
    Ok(new)
}

/// Puts a new fact into the line of facts that replaced one another, where its time belongs: what
/// is learned late from an old talk never replaces what was said after it.
fn supersede(
    transaction: &Transaction<'_>,
    new: FactId,
    since: i64,
    mut old: FactId,
) -> rusqlite::Result<()> {
    let place = |fact: FactId| -> rusqlite::Result<(i64, Option<i64>)> {
        transaction
            .prepare_cached("SELECT valid_from_ms, superseded_by FROM facts WHERE id = ?1")?
            .query_row([fact.0], |row| Ok((row.get(0)?, row.get(1)?)))
    };
    let later = loop {
        match place(old)? {
            (from, _) if from > since => break Some(old),
            (_, Some(next)) => old = FactId(next),
            (_, None) => break None,
        }
    };
    // The new one stands before the first of the line that was said later.
    let mut before = transaction
        .prepare_cached("SELECT id FROM facts WHERE superseded_by = ?1 AND valid_from_ms > ?2")?;
    let mut first = later;
    while let Some(fact) = first {
        let earlier = before.query_row(params![fact.0, since], |row| row.get(0)).optional()?;
        match earlier {
            Some(earlier) => first = Some(FactId(earlier)),
            None => break,
        }
    }
    match first {
        None => {
            transaction.execute(
                "UPDATE facts SET superseded_by = ?1 WHERE id = ?2",
                params![new.0, old.0],
            )?;
        }
        Some(later) => {
            transaction.execute(
                "UPDATE facts SET superseded_by = ?1
                 WHERE superseded_by = ?2 AND valid_from_ms <= ?3",
                params![new.0, later.0, since],
            )?;
            transaction.execute(
                "UPDATE facts SET superseded_by = ?1 WHERE id = ?2",
                params![later.0, new.0],
            )?;
        }
    }
    Ok(())
}

/// Lets what the doomed facts replaced be replaced by what replaced them. `doomed` is a condition on
/// the alias `d`.
pub(crate) fn bridge_over(
    transaction: &Transaction<'_>,
    doomed: &str,
    parameters: &[&dyn ToSql],
) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE facts SET superseded_by =
             (SELECT d.superseded_by FROM facts d WHERE d.id = facts.superseded_by)
         WHERE superseded_by IN (SELECT d.id FROM facts d WHERE {doomed})"
    );
    // Each round takes one doomed fact out of every line.
    while transaction.prepare_cached(&sql)?.execute(parameters)? > 0 {}
    Ok(())
}

fn read(connection: &Connection, user: i64, at: FactsAt) -> rusqlite::Result<Vec<Fact>> {
    let (condition, time) = match at {
        FactsAt::Now => ("f.superseded_by IS NULL", i64::MAX),
        FactsAt::Ever => ("TRUE", i64::MAX),
        FactsAt::Time(time) => ("(n.id IS NULL OR n.valid_from_ms > ?2)", time.as_millisecond()),
    };
    let sql = format!(
        "SELECT f.id, f.subject, f.statement, f.kind, f.valid_from_ms, n.valid_from_ms,
                f.superseded_by, f.source_turn_id, s.name
         FROM facts f
         LEFT JOIN facts n ON n.id = f.superseded_by
         LEFT JOIN turns t ON t.id = f.source_turn_id
         LEFT JOIN sessions s ON s.id = t.session_id
         WHERE f.user_id = ?1 AND f.valid_from_ms <= ?2 AND {condition}"
    );
    let mut names = mentions(connection, user)?;
    let mut facts = connection
        .prepare_cached(&sql)?
        .query_map(params![user, time], |row| fact_from_row(row, &mut names))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    facts.sort_by_key(|fact| (fact.kind, fact.since, fact.id));
    Ok(facts)
}

fn fact_from_row(
    row: &Row<'_>,
    names: &mut HashMap<FactId, Vec<Entity>>,
) -> rusqlite::Result<Fact> {
    let id = FactId(row.get(0)?);
    let until: Option<i64> = row.get(5)?;
    let session: Option<String> = row.get(8)?;
    Ok(Fact {
        id,
        subject: row.get(1)?,
        statement: row.get(2)?,
        kind: parsed::<FactKind>(row, 3)?,
        entities: names.remove(&id).unwrap_or_default(),
        since: timestamp(row, 4)?,
        until: until.map(|_| timestamp(row, 5)).transpose()?,
        superseded_by: row.get::<_, Option<i64>>(6)?.map(FactId),
        turn: row.get::<_, Option<i64>>(7)?.map(TurnId),
        session: session.map(|_| parsed(row, 8)).transpose()?,
    })
}

/// Says whether a turn is this user's.
pub(crate) fn turn_exists(
    connection: &Connection,
    user: i64,
    turn: TurnId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM turns WHERE user_id = ?1 AND id = ?2")?
        .exists(params![user, turn.0])
}
