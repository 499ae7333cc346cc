//! Keeps the names that come up in a user's facts.

use std::collections::HashMap;

use longmem_core::{Entity, FactId, UserName};
use longmem_store::KnownEntity;
use rusqlite::{Connection, Transaction, params};

use crate::rows::{parsed, timestamp};

/// The people, projects and other names of a user's facts, by name.
pub(crate) fn known(
    connection: &Connection,
    user: &UserName,
) -> rusqlite::Result<Vec<KnownEntity>> {
    connection
        .prepare_cached(
            "SELECT e.name, e.kind, count(*), min(f.valid_from_ms), max(f.valid_from_ms)
             FROM entities e
             JOIN users u ON u.id = e.user_id
             JOIN entity_mentions m ON m.entity_id = e.id
             JOIN facts f ON f.id = m.fact_id
             WHERE u.name = ?1 GROUP BY e.id ORDER BY e.key",
        )?
        .query_map([user.as_str()], |row| {
            Ok(KnownEntity {
                entity: Entity { name: row.get(0)?, kind: parsed(row, 1)? },
                facts: row.get(2)?,
                first: timestamp(row, 3)?,
                last: timestamp(row, 4)?,
            })
        })?
        .collect()
}

/// Notes that these names come up in a fact.
pub(crate) fn mention(
    transaction: &Transaction<'_>,
    user: i64,
    fact: FactId,
    entities: &[Entity],
) -> rusqlite::Result<()> {
    for entity in entities {
        let key = entity.key();
        transaction
            .prepare_cached(
                "INSERT INTO entities (user_id, key, name, kind) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (user_id, key) DO UPDATE SET kind = excluded.kind
                 WHERE entities.kind = 'other'",
            )?
            .execute(params![user, key, entity.name.trim(), entity.kind.as_str()])?;
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO entity_mentions (fact_id, entity_id)
                 SELECT ?1, id FROM entities WHERE user_id = ?2 AND key = ?3",
            )?
            .execute(params![fact.0, user, key])?;
    }
    Ok(())
}

/// Adds a name that another store has; returns its number.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    user: i64,
    entity: &Entity,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO entities (user_id, key, name, kind) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_id, key) DO UPDATE SET key = excluded.key RETURNING id",
        )?
        .query_row(params![user, entity.key(), entity.name, entity.kind.as_str()], |row| row.get(0))
}

/// Removes the names that no fact mentions any more.
pub(crate) fn delete_unmentioned(transaction: &Transaction<'_>, user: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM entities WHERE user_id = ?1
         AND NOT EXISTS (SELECT 1 FROM entity_mentions WHERE entity_id = entities.id)",
        [user],
    )?;
    Ok(())
}

/// The names that come up in each of a user's facts, in the order in which they became known.
pub(crate) fn mentions(
    connection: &Connection,
    user: i64,
) -> rusqlite::Result<HashMap<FactId, Vec<Entity>>> {
    let mut mentions: HashMap<FactId, Vec<Entity>> = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT m.fact_id, e.name, e.kind FROM entities e
         JOIN entity_mentions m ON m.entity_id = e.id WHERE e.user_id = ?1 ORDER BY e.id",
    )?;
    let mut rows = statement.query([user])?;
    while let Some(row) = rows.next()? {
        let entity = Entity { name: row.get(1)?, kind: parsed(row, 2)? };
        mentions.entry(FactId(row.get(0)?)).or_default().push(entity);
    }
    Ok(mentions)
}
