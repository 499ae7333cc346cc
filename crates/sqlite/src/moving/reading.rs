//! Hands out a user's records.

use std::collections::HashMap;

use longmem_core::{Embedding, EmbeddingModel, PassageSpan};
use longmem_core::{Entity, FactId, SourceKey, SummaryId, TurnId};
use longmem_search::{DamagedVector, vector_from_bytes};
use longmem_store::own_values::{self, SessionNames};
use longmem_store::{
    Extent, MovedFact, MovedPassages, MovedSession, MovedSummary, MovedTurn, MovedUser,
    NUMBERS_IN_CHUNK, RecordBatches, RecordSink, StoreError, UserRecords,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Failure;
use crate::embedding_models::{model_id, models};
use crate::rows::{parsed, timestamp};
use crate::session_names;
use crate::summaries::summary_of;

/// Hands out a user's records, all of one state if the connection is in a transaction.
pub(super) fn read(
    connection: &Connection,
    user_id: i64,
    extent: Extent,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let head = head(connection, user_id)?;
    let models = head.models.clone();
    sink(UserRecords::Head(head))?;
    let names = session_names::names_of(connection, user_id)?;
    sessions(connection, user_id, &names, sink)?;
    sink(UserRecords::FormerNames(names.former()))?;
    turns(connection, user_id, sink)?;
    if extent == Extent::Everything {
        for (place, model) in models.iter().enumerate() {
            passages(connection, user_id, (place, model), sink)?;
        }
    }
    facts(connection, user_id, extent, &models, sink)?;
    summaries(connection, user_id, sink)?;
    if extent == Extent::Everything {
        values(connection, user_id, sink)?;
    }
    Ok(())
}

fn head(connection: &Connection, user_id: i64) -> rusqlite::Result<MovedUser> {
    let numbers = |sql: &str| -> rusqlite::Result<Vec<i64>> {
        connection.prepare_cached(sql)?.query_map([user_id], |row| row.get(0))?.collect()
    };
    let chunks = |table: &str| {
        numbers(&format!(
            "SELECT DISTINCT id / {NUMBERS_IN_CHUNK} FROM {table} WHERE user_id = ?1 ORDER BY 1"
        ))
    };
    let (last_turn, last_passage) = connection.query_row(
        "SELECT last_turn, max(next_passage - 1,
                coalesce((SELECT max(id) FROM passages WHERE user_id = users.id), 0))
         FROM users WHERE id = ?1",
        [user_id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(MovedUser {
        models: models(connection)?,
        last_turn,
        last_passage,
        turn_chunks: chunks("turns")?,
        passage_chunks: chunks("passages")?,
        sessions: numbers("SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id")?,
        facts: numbers("SELECT id FROM facts WHERE user_id = ?1 ORDER BY id")?,
        summaries: numbers("SELECT id FROM summaries WHERE user_id = ?1 ORDER BY id")?,
    })
}

fn sessions(
    connection: &Connection,
    user_id: i64,
    names: &SessionNames,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Sessions, sink);
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.name, s.title, l.through_turn
         FROM sessions s LEFT JOIN learned_sessions l ON l.session_id = s.id
         WHERE s.user_id = ?1 ORDER BY s.id",
    )?;
    let mut rows = statement.query([user_id])?;
    while let Some(row) = rows.next()? {
        let name = parsed(row, 1)?;
        let session = MovedSession {
            number: row.get(0)?,
            titled: names.is_titled(&name),
            name,
            title: row.get(2)?,
            learned_through: row.get(3)?,
        };
        batches.push(session, 0)?;
    }
    Ok(batches.finish()?)
}

fn turns(connection: &Connection, user_id: i64, sink: &mut RecordSink<'_>) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Turns, sink);
    let mut statement = connection.prepare_cached(
        "SELECT t.id, t.session_id, t.position, t.role, t.speaker, t.text, t.time_ms, t.note,
                t.source_key, EXISTS (SELECT 1 FROM index_queue q
                    WHERE q.user_id = t.user_id AND q.turn_id = t.id)
         FROM turns t WHERE t.user_id = ?1 ORDER BY t.id",
    )?;
    let amended = session_names::amended(connection, user_id)?;
    let mut rows = statement.query([user_id])?;
    while let Some(row) = rows.next()? {
        let id = TurnId(row.get(0)?);
        let turn = MovedTurn {
            id,
            session: row.get(1)?,
            position: row.get(2)?,
            role: parsed(row, 3)?,
            speaker: row.get(4)?,
            text: row.get(5)?,
            time: timestamp(row, 6)?,
            note: row.get(7)?,
            source_key: SourceKey(row.get(8)?),
            amended: amended.contains(&id),
            waits: row.get(9)?,
        };
        let bytes = turn.text.len();
        batches.push(turn, bytes)?;
    }
    Ok(batches.finish()?)
}

/// The passages of one model, with their vectors.
fn passages(
    connection: &Connection,
    user_id: i64,
    (place, model): (usize, &EmbeddingModel),
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let Some(model_id) = model_id(connection, model)? else { return Ok(()) };
    let mut batches = RecordBatches::new(UserRecords::Passages, sink);
    let mut statement = connection.prepare_cached(
        "SELECT p.id, p.turn_id, p.start_byte, p.end_byte, p.tokens, v.vector
         FROM passages p JOIN vectors v ON v.passage_id = p.id
         WHERE p.user_id = ?1 AND p.model_id = ?2 ORDER BY p.id",
    )?;
    let mut rows = statement.query([user_id, model_id])?;
    let mut of_turn: Option<MovedPassages> = None;
    while let Some(row) = rows.next()? {
        let (id, turn): (i64, i64) = (row.get(0)?, row.get(1)?);
        let passage = (span(row)?, vector(row, 5, id, model)?);
        match &mut of_turn {
            Some(open) if open.turn.0 == turn => open.passages.push(passage),
            _ => {
                let next = MovedPassages {
                    model: place,
                    turn: TurnId(turn),
                    first: id,
                    passages: vec![passage],
                };
                push_passages(&mut batches, of_turn.replace(next))?;
            }
        }
    }
    push_passages(&mut batches, of_turn)?;
    Ok(batches.finish()?)
}

fn push_passages(
    batches: &mut RecordBatches<'_, '_, MovedPassages>,
    of_turn: Option<MovedPassages>,
) -> Result<(), Failure> {
    let Some(of_turn) = of_turn else { return Ok(()) };
    let numbers: usize = of_turn.passages.iter().map(|(_, vector)| vector.width()).sum();
    Ok(batches.push(of_turn, numbers * size_of::<f32>())?)
}

fn span(row: &Row<'_>) -> rusqlite::Result<PassageSpan> {
    let number = |column| row.get::<_, i64>(column).map(|number| number as usize);
    Ok(PassageSpan { start: number(2)?, end: number(3)?, tokens: number(4)? })
}

fn vector(
    row: &Row<'_>,
    column: usize,
    passage: i64,
    model: &EmbeddingModel,
) -> Result<Embedding, Failure> {
    let bytes: Vec<u8> = row.get(column)?;
    vector_from_bytes(&bytes, model.dimensions)
        .map_err(|reason| Failure::Other(DamagedVector { passage, reason }.into()))
}

fn facts(
    connection: &Connection,
    user_id: i64,
    extent: Extent,
    models: &[EmbeddingModel],
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let (entities, mut mentions) = entities(connection, user_id)?;
    let mut names = RecordBatches::new(UserRecords::Entities, &mut *sink);
    for entity in entities {
        names.push(entity, 0)?;
    }
    names.finish()?;
    let mut batches = RecordBatches::new(UserRecords::Facts, sink);
    let mut statement = connection.prepare_cached(
        "SELECT id, subject, statement, kind, source_turn_id, valid_from_ms, superseded_by
         FROM facts WHERE user_id = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([user_id])?;
    while let Some(row) = rows.next()? {
        let id = FactId(row.get(0)?);
        let mut vectors = Vec::new();
        if extent == Extent::Everything {
            for (place, model) in models.iter().enumerate() {
                let vector = fact_vector(connection, id, model)?;
                vectors.extend(vector.map(|vector| (place, vector)));
            }
        }
        let bytes = vectors.iter().map(|(_, vector)| vector.width() * size_of::<f32>()).sum();
        let fact = MovedFact {
            id,
            subject: row.get(1)?,
            statement: row.get(2)?,
            kind: parsed(row, 3)?,
            source: row.get::<_, Option<i64>>(4)?.map(TurnId),
            since: timestamp(row, 5)?,
            superseded_by: row.get::<_, Option<i64>>(6)?.map(FactId),
            entities: mentions.remove(&id).unwrap_or_default(),
            vectors,
        };
        batches.push(fact, bytes)?;
    }
    Ok(batches.finish()?)
}

/// The names that a user's facts mention, and for each fact the places of those that it mentions.
type Entities = (Vec<Entity>, HashMap<FactId, Vec<usize>>);

fn entities(connection: &Connection, user_id: i64) -> rusqlite::Result<Entities> {
    let mut places: HashMap<i64, usize> = HashMap::new();
    let mut entities = Vec::new();
    let mut statement = connection
        .prepare_cached("SELECT id, name, kind FROM entities WHERE user_id = ?1 ORDER BY id")?;
    let mut rows = statement.query([user_id])?;
    while let Some(row) = rows.next()? {
        places.insert(row.get(0)?, entities.len());
        entities.push(Entity { name: row.get(1)?, kind: parsed(row, 2)? });
    }
    let mut mentions: HashMap<FactId, Vec<usize>> = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT m.fact_id, e.id FROM entities e JOIN entity_mentions m ON m.entity_id = e.id
         WHERE e.user_id = ?1 ORDER BY e.id",
    )?;
    let mut rows = statement.query([user_id])?;
    while let Some(row) = rows.next()? {
        let place = places.get(&row.get(1)?).copied();
        mentions.entry(FactId(row.get(0)?)).or_default().extend(place);
    }
    Ok((entities, mentions))
}

fn fact_vector(
    connection: &Connection,
    fact: FactId,
    model: &EmbeddingModel,
) -> Result<Option<Embedding>, Failure> {
    let Some(model_id) = model_id(connection, model)? else { return Ok(None) };
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT vector FROM fact_vectors WHERE fact_id = ?1 AND model_id = ?2")?
        .query_row([fact.0, model_id], |row| row.get(0))
        .optional()?;
    let decode = |bytes: Vec<u8>| {
        vector_from_bytes(&bytes, model.dimensions)
            .map_err(|reason| Failure::Other(StoreError::DamagedFactVector { fact, reason }))
    };
    bytes.map(decode).transpose()
}

fn summaries(
    connection: &Connection,
    user_id: i64,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Summaries, sink);
    let mut statement = connection.prepare_cached(
        "SELECT m.id, m.of, s.name, m.through_turn, m.text, m.created_ms, m.folded_into
         FROM summaries m LEFT JOIN sessions s ON s.id = m.session_id
         WHERE m.user_id = ?1 ORDER BY m.id",
    )?;
    let mut rows = statement.query(params![user_id])?;
    while let Some(row) = rows.next()? {
        let summary = MovedSummary {
            id: SummaryId(row.get(0)?),
            of: summary_of(row)?,
            text: row.get(4)?,
            created: timestamp(row, 5)?,
            folded_into: row.get::<_, Option<i64>>(6)?.map(SummaryId),
        };
        let bytes = summary.text.len();
        batches.push(summary, bytes)?;
    }
    Ok(batches.finish()?)
}

/// Small values, but for those that come as sessions, former names and amended turns.
fn values(connection: &Connection, user_id: i64, sink: &mut RecordSink<'_>) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Values, sink);
    let mut statement = connection
        .prepare_cached("SELECT name, value FROM user_values WHERE user_id = ?1 ORDER BY name")?;
    let mut rows = statement.query([user_id])?;
    while let Some(row) = rows.next()? {
        let (name, value): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if !own_values::is_own(&name) {
            let bytes = value.len();
            batches.push((name, value), bytes)?;
        }
    }
    Ok(batches.finish()?)
}
