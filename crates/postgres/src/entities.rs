//! Keeps the names that come up in a user's facts.

use std::collections::HashMap;

use futures_util::future::try_join;
use longmem_core::{Entity, EntityKind, FactId};
use longmem_store::KnownEntity;
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::timestamp;
use crate::user_number::UserNumber;

/// The people, projects and other names of a user's facts, by name.
pub(crate) async fn known(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<Vec<KnownEntity>, Failure> {
    let rows = statements
        .rows(
            "SELECT e.name, e.kind, count(*), min(f.valid_from_ms), max(f.valid_from_ms)
             FROM entities e
             JOIN entity_mentions m ON m.user_id = e.user_id AND m.entity_id = e.id
             JOIN facts f ON f.user_id = m.user_id AND f.id = m.fact_id
             WHERE e.user_id = $1 AND m.user_id = $1 AND f.user_id = $1
             GROUP BY e.user_id, e.id ORDER BY e.key",
            params![user.0],
        )
        .await?;
    let known = |row| {
        Ok(KnownEntity {
            entity: entity(row, 0)?,
            facts: row.try_get::<_, i64>(2)? as u64,
            first: timestamp(row, 3)?,
            last: timestamp(row, 4)?,
        })
    };
    rows.iter().map(known).collect()
}

/// Notes that names come up in facts, which must be there.
pub(crate) async fn mention(
    statements: &Statements<'_>,
    user: UserNumber,
    names: impl IntoIterator<Item = (FactId, &Entity)>,
) -> Result<(), Failure> {
    let mut new = NewEntities::default();
    let mut mentions: (Vec<i64>, Vec<String>) = Default::default();
    for (fact, entity) in names {
        mentions.0.push(fact.0);
        mentions.1.push(new.add(entity));
    }
    if mentions.0.is_empty() {
        return Ok(());
    }
    let NewEntities { keys, names, kinds, .. } = new;
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    // Sorted by their place, so that they are numbered in the order in which they became known.
    let make = statements.run(
        "INSERT INTO entities (user_id, key, name, kind)
         SELECT $1, new.key, new.name, new.kind
         FROM unnest($2, $3, $4) WITH ORDINALITY AS new (key, name, kind, place)
         ORDER BY new.place
         ON CONFLICT (user_id, key) DO UPDATE SET kind = excluded.kind
         WHERE entities.kind = 'other' AND excluded.kind <> 'other'",
        params![user.0, keys, names, kinds],
    );
    let note = statements.run(
        "INSERT INTO entity_mentions (user_id, fact_id, entity_id)
         SELECT $1, new.fact_id, e.id
         FROM unnest($2, $3) AS new (fact_id, key) JOIN entities e ON e.key = new.key
         WHERE e.user_id = $1
         ON CONFLICT DO NOTHING",
        params![user.0, mentions.0, mentions.1],
    );
    try_join(make, note).await.map(drop)
}

/// Names that are written together, each once.
#[derive(Default)]
struct NewEntities {
    places: HashMap<String, usize>,
    keys: Vec<String>,
    names: Vec<String>,
    kinds: Vec<EntityKind>,
}

impl NewEntities {
    /// Adds a name as it is written first, and what it stands for as soon as somebody knows; returns
    /// its key.
    fn add(&mut self, entity: &Entity) -> String {
        let key = entity.key();
        if let Some(place) = self.places.get(&key) {
            let kind = &mut self.kinds[*place];
            if *kind == EntityKind::Other {
                *kind = entity.kind;
            }
        } else {
            self.places.insert(key.clone(), self.keys.len());
            self.keys.push(key.clone());
            self.names.push(entity.name.trim().to_owned());
            self.kinds.push(entity.kind);
        }
        key
    }
}

/// Adds names that another store has; returns their numbers, in the order given.
pub(crate) async fn insert_all(
    statements: &Statements<'_>,
    user: UserNumber,
    entities: &[Entity],
) -> Result<Vec<i64>, Failure> {
    let mut new = NewEntities::default();
    let wanted: Vec<String> = entities.iter().map(|entity| new.add(entity)).collect();
    let NewEntities { keys, names, kinds, .. } = new;
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    // One that came in an earlier batch is found, too.
    let rows = statements
        .rows(
            "INSERT INTO entities (user_id, key, name, kind)
             SELECT $1, new.key, new.name, new.kind
             FROM unnest($2, $3, $4) WITH ORDINALITY AS new (key, name, kind, place)
             ORDER BY new.place
             ON CONFLICT (user_id, key) DO UPDATE SET key = excluded.key
             RETURNING key, id",
            params![user.0, keys, names, kinds],
        )
        .await?;
    let mut numbers: HashMap<String, i64> = HashMap::new();
    for row in &rows {
        numbers.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let number = |key: &String| numbers.get(key).copied();
    let missing = Failure::Unexpected("a name that was just made is not there");
    wanted.iter().map(number).collect::<Option<_>>().ok_or(missing)
}

/// Removes the names that no fact mentions any more.
pub(crate) async fn delete_unmentioned(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<(), Failure> {
    let delete = statements.run(
        "DELETE FROM entities e WHERE e.user_id = $1 AND NOT EXISTS (
             SELECT 1 FROM entity_mentions m WHERE m.user_id = $1 AND m.entity_id = e.id)",
        params![user.0],
    );
    delete.await.map(drop)
}

/// The names that come up in each of a user's facts, in the order in which they became known.
pub(crate) async fn mentions(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<HashMap<FactId, Vec<Entity>>, Failure> {
    let rows = statements
        .rows(
            "SELECT e.name, e.kind, m.fact_id
             FROM entities e
             JOIN entity_mentions m ON m.user_id = e.user_id AND m.entity_id = e.id
             WHERE e.user_id = $1 AND m.user_id = $1 ORDER BY e.id",
            params![user.0],
        )
        .await?;
    let mut mentions: HashMap<FactId, Vec<Entity>> = HashMap::new();
    for row in &rows {
        mentions.entry(FactId(row.try_get(2)?)).or_default().push(entity(row, 0)?);
    }
    Ok(mentions)
}

/// Reads a column with a name, which one with its kind follows.
pub(crate) fn entity(row: &Row, column: usize) -> Result<Entity, Failure> {
    let kind = row.try_get::<_, &str>(column + 1)?.parse();
    let kind = kind.map_err(|_| Failure::Unexpected("a stored kind of a name is unknown"))?;
    Ok(Entity { name: row.try_get(column)?, kind })
}
