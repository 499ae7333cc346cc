//! Hands out a user's records. Rows come in a stream, and no more of them than were asked for.

use std::collections::HashMap;

use futures_util::future::{try_join, try_join5};
use longmem_core::{
    Embedding, EmbeddingModel, Entity, FactId, PassageSpan, SourceKey, SummaryId, TurnId, UserName,
};
use longmem_search::{DamagedVector, vector_from_bytes};
use longmem_store::own_values::{self, SessionNames};
use longmem_store::{
    Extent, MovedFact, MovedPassages, MovedSession, MovedSummary, MovedTurn, MovedUser,
    NUMBERS_IN_CHUNK, RecordBatches, RecordSink, StoreError, UserRecords,
};
use tokio_postgres::Row;

use crate::embedding_models::{Identity, models};
use crate::entities::entity;
use crate::failure::Failure;
use crate::presence::IS_HERE;
use crate::session_names::{self, amended_of};
use crate::statements::{Statements, params};
use crate::summaries::summary_of;
use crate::turn_rows::{role, session_name, timestamp};
use crate::user_number::UserNumber;

/// Hands out a user's records, all of one state.
pub(super) async fn read(
    statements: &Statements<'_>,
    user: &UserName,
    extent: Extent,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let number = UserNumber::of(user);
    let head = head(statements, user, number).await?;
    let models = head.models.clone();
    sink(UserRecords::Head(head))?;
    let names = session_names::names_of(statements, number).await?;
    sessions(statements, number, &names, sink).await?;
    sink(UserRecords::FormerNames(names.former()))?;
    turns(statements, number, sink).await?;
    let mut model_ids = Vec::new();
    if extent == Extent::Everything {
        for (place, model) in models.iter().enumerate() {
            let Some(id) = Identity::of(model).id(statements).await? else { continue };
            model_ids.push((id, place));
            passages(statements, number, (id, place, model), sink).await?;
        }
    }
    facts(statements, number, &models, &model_ids, sink).await?;
    summaries(statements, number, sink).await?;
    if extent == Extent::Everything {
        values(statements, number, sink).await?;
    }
    Ok(())
}

async fn head(
    statements: &Statements<'_>,
    user: &UserName,
    number: UserNumber,
) -> Result<MovedUser, Failure> {
    let numbers = async |table: &str| -> Result<Vec<i64>, Failure> {
        let sql = format!("SELECT id FROM {table} WHERE user_id = $1 ORDER BY id");
        let rows = statements.rows(&sql, params![number.0]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    };
    let chunks = async |table: &str| -> Result<Vec<i64>, Failure> {
        let sql = format!(
            "SELECT DISTINCT id / {NUMBERS_IN_CHUNK} FROM {table} WHERE user_id = $1 ORDER BY 1"
        );
        let rows = statements.rows(&sql, params![number.0]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    };
    let name = user.as_str();
    // Of a user who is on another server nothing is handed out, whoever asks.
    let state = format!(
        "SELECT last_turn, greatest(next_passage - 1, 0) FROM users
         WHERE user_id = $1 AND name = $2 AND {IS_HERE}"
    );
    let state = statements.first(&state, params![number.0, name]);
    let (state, models, (turn_chunks, passage_chunks), (sessions, facts), summaries) = try_join5(
        state,
        models(statements),
        try_join(chunks("turns"), chunks("vectors")),
        try_join(numbers("sessions"), numbers("facts")),
        numbers("summaries"),
    )
    .await?;
    let state = state.ok_or_else(|| StoreError::UnknownUser(user.clone()))?;
    Ok(MovedUser {
        models,
        last_turn: state.try_get(0)?,
        last_passage: state.try_get(1)?,
        turn_chunks,
        passage_chunks,
        sessions,
        facts,
        summaries,
    })
}

async fn sessions(
    statements: &Statements<'_>,
    user: UserNumber,
    names: &SessionNames,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Sessions, sink);
    let sql = "SELECT s.id, s.name, s.title, l.through_turn
               FROM sessions s LEFT JOIN learned_sessions l
                   ON l.user_id = $1 AND l.session_id = s.id
               WHERE s.user_id = $1 ORDER BY s.id";
    let mut rows = statements.one_by_one(sql, params![user.0]).await?;
    while let Some(row) = rows.next().await? {
        let name = session_name(&row, 1)?;
        let session = MovedSession {
            number: row.try_get(0)?,
            titled: names.is_titled(&name),
            name,
            title: row.try_get(2)?,
            learned_through: row.try_get(3)?,
        };
        batches.push(session, 0)?;
    }
    Ok(batches.finish()?)
}

async fn turns(
    statements: &Statements<'_>,
    user: UserNumber,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let amended = amended_of(statements, user).await?;
    let mut batches = RecordBatches::new(UserRecords::Turns, sink);
    let sql = "SELECT t.id, t.session_id, t.position, t.role, t.speaker, t.text, t.time_ms, t.note,
                      t.source_key, q.turn_id IS NOT NULL
               FROM turns t LEFT JOIN index_queue q ON q.user_id = $1 AND q.turn_id = t.id
               WHERE t.user_id = $1 ORDER BY t.id";
    let mut rows = statements.one_by_one(sql, params![user.0]).await?;
    while let Some(row) = rows.next().await? {
        let id = TurnId(row.try_get(0)?);
        let turn = MovedTurn {
            id,
            session: row.try_get(1)?,
            position: row.try_get(2)?,
            role: role(&row, 3)?,
            speaker: row.try_get(4)?,
            text: row.try_get(5)?,
            time: timestamp(&row, 6)?,
            note: row.try_get(7)?,
            source_key: SourceKey(row.try_get(8)?),
            amended: amended.contains(&id),
            waits: row.try_get(9)?,
        };
        let bytes = turn.text.len();
        batches.push(turn, bytes)?;
    }
    Ok(batches.finish()?)
}

/// The passages of one model, with their vectors.
async fn passages(
    statements: &Statements<'_>,
    user: UserNumber,
    (model_id, place, model): (i64, usize, &EmbeddingModel),
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Passages, sink);
    let sql = "SELECT id, turn_id, start_byte, end_byte, tokens, vector FROM vectors
               WHERE user_id = $1 AND model_id = $2 ORDER BY id";
    let mut rows = statements.one_by_one(sql, params![user.0, model_id]).await?;
    let mut of_turn: Option<MovedPassages> = None;
    while let Some(row) = rows.next().await? {
        let (passage, turn) = (row.try_get(0)?, TurnId(row.try_get(1)?));
        let vector = vector_from_bytes(row.try_get(5)?, model.dimensions)
            .map_err(|reason| StoreError::from(DamagedVector { passage, reason }))?;
        let with_span = (span(&row)?, vector);
        match &mut of_turn {
            Some(open) if open.turn == turn => open.passages.push(with_span),
            _ => {
                let passages = vec![with_span];
                let next = MovedPassages { model: place, turn, first: passage, passages };
                if let Some(whole) = of_turn.replace(next) {
                    let bytes = bytes_of(&whole);
                    batches.push(whole, bytes)?;
                }
            }
        }
    }
    if let Some(whole) = of_turn {
        let bytes = bytes_of(&whole);
        batches.push(whole, bytes)?;
    }
    Ok(batches.finish()?)
}

fn bytes_of(passages: &MovedPassages) -> usize {
    passages.passages.iter().map(|(_, vector)| vector.width() * size_of::<f32>()).sum()
}

fn span(row: &Row) -> Result<PassageSpan, Failure> {
    let number = |column| row.try_get::<_, i64>(column).map(|number| number as usize);
    Ok(PassageSpan { start: number(2)?, end: number(3)?, tokens: number(4)? })
}

/// Facts with their names, and with vectors of these models.
async fn facts(
    statements: &Statements<'_>,
    user: UserNumber,
    models: &[EmbeddingModel],
    model_ids: &[(i64, usize)],
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let (entities, mut mentions) = entities(statements, user).await?;
    let mut names = RecordBatches::new(UserRecords::Entities, &mut *sink);
    for entity in entities {
        names.push(entity, 0)?;
    }
    names.finish()?;
    let mut batches = RecordBatches::new(UserRecords::Facts, sink);
    let wanted: Vec<i64> = model_ids.iter().map(|(id, _)| *id).collect();
    // A fact comes with all its vectors in one row: two models at most have any.
    let sql = "SELECT f.id, f.subject, f.statement, f.kind, f.source_turn_id, f.valid_from_ms,
                      f.superseded_by,
                      ARRAY(SELECT v.model_id FROM fact_vectors v WHERE v.user_id = $1
                            AND v.fact_id = f.id AND v.model_id = ANY($2) ORDER BY v.model_id),
                      ARRAY(SELECT v.vector FROM fact_vectors v WHERE v.user_id = $1
                            AND v.fact_id = f.id AND v.model_id = ANY($2) ORDER BY v.model_id)
               FROM facts f WHERE f.user_id = $1 ORDER BY f.id";
    let mut rows = statements.one_by_one(sql, params![user.0, wanted]).await?;
    while let Some(row) = rows.next().await? {
        let id = FactId(row.try_get(0)?);
        let (of_models, stored): (Vec<i64>, Vec<Vec<u8>>) = (row.try_get(7)?, row.try_get(8)?);
        let mut vectors: Vec<(usize, Embedding)> = Vec::new();
        for (model_id, bytes) in of_models.iter().zip(&stored) {
            let place = model_ids.iter().find(|(known, _)| known == model_id).map(|(_, at)| *at);
            let Some((place, model)) = place.and_then(|at| Some((at, models.get(at)?))) else {
                continue;
            };
            let vector = vector_from_bytes(bytes, model.dimensions)
                .map_err(|reason| StoreError::DamagedFactVector { fact: id, reason })?;
            vectors.push((place, vector));
        }
        vectors.sort_by_key(|(place, _)| *place);
        let kind = row.try_get::<_, &str>(3)?.parse();
        let fact = MovedFact {
            id,
            subject: row.try_get(1)?,
            statement: row.try_get(2)?,
            kind: kind.map_err(|_| Failure::Unexpected("a stored kind of a fact is unknown"))?,
            source: row.try_get::<_, Option<i64>>(4)?.map(TurnId),
            since: timestamp(&row, 5)?,
            superseded_by: row.try_get::<_, Option<i64>>(6)?.map(FactId),
            entities: mentions.remove(&id).unwrap_or_default(),
            vectors,
        };
        let bytes = stored.iter().map(Vec::len).sum();
        batches.push(fact, bytes)?;
    }
    Ok(batches.finish()?)
}

/// The names that a user's facts mention, and for each fact the places of those that it mentions.
type Entities = (Vec<Entity>, HashMap<FactId, Vec<usize>>);

async fn entities(statements: &Statements<'_>, user: UserNumber) -> Result<Entities, Failure> {
    let names = statements.rows(
        "SELECT name, kind, id FROM entities WHERE user_id = $1 ORDER BY id",
        params![user.0],
    );
    let mentioned = statements.rows(
        "SELECT fact_id, entity_id FROM entity_mentions WHERE user_id = $1
         ORDER BY fact_id, entity_id",
        params![user.0],
    );
    let (names, mentioned) = try_join(names, mentioned).await?;
    let mut places: HashMap<i64, usize> = HashMap::new();
    let mut entities = Vec::with_capacity(names.len());
    for row in &names {
        places.insert(row.try_get(2)?, entities.len());
        entities.push(entity(row, 0)?);
    }
    let mut mentions: HashMap<FactId, Vec<usize>> = HashMap::new();
    for row in &mentioned {
        let place = places.get(&row.try_get(1)?).copied();
        mentions.entry(FactId(row.try_get(0)?)).or_default().extend(place);
    }
    Ok((entities, mentions))
}

async fn summaries(
    statements: &Statements<'_>,
    user: UserNumber,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Summaries, sink);
    let sql = "SELECT m.id, m.kind, s.name, m.through_turn, m.text, m.created_ms, m.folded_into
               FROM summaries m LEFT JOIN sessions s ON s.user_id = $1 AND s.id = m.session_id
               WHERE m.user_id = $1 ORDER BY m.id";
    let mut rows = statements.one_by_one(sql, params![user.0]).await?;
    while let Some(row) = rows.next().await? {
        let summary = MovedSummary {
            id: SummaryId(row.try_get(0)?),
            of: summary_of(&row)?,
            text: row.try_get(4)?,
            created: timestamp(&row, 5)?,
            folded_into: row.try_get::<_, Option<i64>>(6)?.map(SummaryId),
        };
        let bytes = summary.text.len();
        batches.push(summary, bytes)?;
    }
    Ok(batches.finish()?)
}

/// Small values, but for those that come as sessions, former names and amended turns.
async fn values(
    statements: &Statements<'_>,
    user: UserNumber,
    sink: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let mut batches = RecordBatches::new(UserRecords::Values, sink);
    let sql = "SELECT name, value FROM user_values WHERE user_id = $1 ORDER BY name";
    let mut rows = statements.one_by_one(sql, params![user.0]).await?;
    while let Some(row) = rows.next().await? {
        let (name, value): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        if !own_values::is_own(&name) {
            let bytes = value.len();
            batches.push((name, value), bytes)?;
        }
    }
    Ok(batches.finish()?)
}
