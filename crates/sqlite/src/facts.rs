//! Keeps what is known of a user: what holds, what held when, and what replaced what.

use std::collections::HashMap;

use longmem_core::{
    Embedding, EmbeddingModel, Entity, Fact, FactId, FactKind, NewFact, TurnId, UserName,
};
use longmem_store::{
    DeletedFacts, Erasure, FactLines, FactPlace, Facts, FactsAt, ImportedFact, KnownEntity,
    Replaced, Result, StoreError,
};
use rusqlite::{Connection, Row, Transaction, params};

use crate::entities::{self, mentions};
use crate::rows::{parsed, timestamp};
use crate::users::{delete_user_without_memory, user_id, user_id_or_new};
use crate::{SqliteStore, fact_lines, fact_vectors};

impl Facts for SqliteStore {
    fn facts(&self, user: &UserName, at: FactsAt) -> Result<Vec<Fact>> {
        self.connections.read(|connection| {
            let Some(user) = user_id(connection, user)? else { return Ok(Vec::new()) };
            read(connection, user, at)
        })
    }

    fn insert_fact(
        &self,
        user: &UserName,
        fact: &NewFact,
        replaces: Option<FactId>,
    ) -> Result<FactId> {
        let stored = self.connections.write(|transaction| {
            if let Some(old) = replaces {
                let has = match user_id(transaction, user)? {
                    Some(user) => exists(transaction, user, old)?,
                    None => false,
                };
                if !has {
                    return Ok(Err(old));
                }
            }
            let user = user_id_or_new(transaction, user)?;
            insert(transaction, user, fact, replaces).map(Ok)
        })?;
        stored.map_err(|fact| StoreError::UnknownFact { user: user.clone(), fact })
    }

    fn import_facts(
        &self,
        user: &UserName,
        facts: &[ImportedFact],
        superseded: &[(FactId, usize)],
    ) -> Result<Vec<Option<FactId>>> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        self.connections.write(|transaction| {
            let user = user_id_or_new(transaction, user)?;
            let mut is_turn =
                transaction.prepare_cached("SELECT 1 FROM turns WHERE user_id = ?1 AND id = ?2")?;
            let mut stored = Vec::with_capacity(facts.len());
            for ImportedFact { fact, .. } in facts {
                let is_there = match fact.source {
                    Some(turn) => is_turn.exists([user, turn.0])?,
                    None => true,
                };
                let insert = || insert(transaction, user, fact, None);
                stored.push(is_there.then(insert).transpose()?);
            }
            let mut supersede = transaction.prepare_cached(
                "UPDATE facts SET superseded_by = ?3 WHERE user_id = ?1 AND id = ?2 AND EXISTS (
                     SELECT 1 FROM facts WHERE user_id = ?1 AND id = ?3)",
            )?;
            for (id, ImportedFact { superseded_by, .. }) in stored.iter().zip(facts) {
                let next = match superseded_by {
                    Some(Replaced::Known(next)) => Some(*next),
                    Some(Replaced::Learned(place)) => stored[*place],
                    None => None,
                };
                if let (Some(id), Some(next)) = (id, next) {
                    supersede.execute([user, id.0, next.0])?;
                }
            }
            for (old, place) in superseded {
                if let Some(next) = stored[*place] {
                    supersede.execute([user, old.0, next.0])?;
                }
            }
            Ok(stored)
        })
    }

    fn edit_fact(
        &self,
        user: &UserName,
        fact: FactId,
        statement: &str,
        entities: &[Entity],
    ) -> Result<Erasure> {
        let edited = self.connections.write(|transaction| {
            let Some(user) = user_id(transaction, user)? else { return Ok(false) };
            let edited = transaction.execute(
                "UPDATE facts SET statement = ?3 WHERE user_id = ?1 AND id = ?2",
                params![user, fact.0, statement],
            )?;
            if edited > 0 {
                fact_vectors::delete(transaction, fact)?;
                transaction.execute("DELETE FROM entity_mentions WHERE fact_id = ?1", [fact.0])?;
                entities::mention(transaction, user, fact, entities)?;
                entities::delete_unmentioned(transaction, user)?;
            }
            Ok(edited > 0)
        })?;
        let erasure = self.connections.erase_deleted();
        if edited { Ok(erasure) } else { Err(StoreError::UnknownFact { user: user.clone(), fact }) }
    }

    fn entities(&self, user: &UserName) -> Result<Vec<KnownEntity>> {
        self.connections.read(|connection| entities::known(connection, user))
    }

    fn fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
    ) -> Result<Vec<(FactId, Embedding)>> {
        fact_vectors::read(&self.connections, user, model)
    }

    fn set_fact_vectors(
        &self,
        user: &UserName,
        model: &EmbeddingModel,
        vectors: &[(FactId, Embedding)],
    ) -> Result<()> {
        fact_vectors::set(&self.connections, user, model, vectors)
    }

    fn delete_fact(&self, user: &UserName, fact: FactId) -> Result<DeletedFacts> {
        let deleted = self.connections.write(|transaction| {
            let Some(user) = user_id(transaction, user)? else { return Ok(0) };
            if !exists(transaction, user, fact)? {
                return Ok(0);
            }
            let gone = fact_lines::read(transaction, user)?.with_past(fact);
            let deleted = fact_lines::delete(transaction, user, &gone)?;
            delete_user_without_memory(transaction, user)?;
            Ok(deleted)
        })?;
        let erasure = self.connections.erase_deleted();
        match deleted {
            0 => Err(StoreError::UnknownFact { user: user.clone(), fact }),
            facts => Ok(DeletedFacts { facts, erasure }),
        }
    }
}

fn exists(connection: &Connection, user: i64, fact: FactId) -> rusqlite::Result<bool> {
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
    if replaces.is_some() {
        let before = fact_lines::read(transaction, user)?;
        // The new fact was read too, at the end of no line.
        let mut after = FactLines::new(
            before.places().iter().copied().filter(|place| place.id != new).collect(),
        );
        after.insert(FactPlace { id: new, since_ms: since, superseded_by: None }, replaces);
        fact_lines::write(transaction, &before, &after)?;
    }
    Ok(new)
}

/// The facts of a user that hold.
pub(crate) fn facts_that_hold(connection: &Connection, user: i64) -> rusqlite::Result<Vec<Fact>> {
    read(connection, user, FactsAt::Now)
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
