//! Which model's vectors serve, and which are being made.

use longmem_core::EmbeddingModel;
use longmem_store::ModelState;
use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, params};

use crate::users::begin_epochs;

/// The columns that make a model's identity.
const IDENTITY: &str = "name, revision, dimensions, pooling, normalized, window";

fn identity(model: &EmbeddingModel) -> impl Params + '_ {
    (
        &model.name,
        &model.revision,
        model.dimensions as i64,
        &model.pooling,
        model.normalized,
        model.window as i64,
    )
}

/// Reads the columns of [`IDENTITY`] after the number.
fn from_row(row: &Row<'_>) -> rusqlite::Result<(i64, EmbeddingModel)> {
    let model = EmbeddingModel {
        name: row.get(1)?,
        revision: row.get(2)?,
        dimensions: row.get::<_, i64>(3)? as usize,
        pooling: row.get(4)?,
        normalized: row.get(5)?,
        window: row.get::<_, i64>(6)? as usize,
    };
    Ok((row.get(0)?, model))
}

/// The number of a model in this store; none if it never wrote vectors here.
pub(crate) fn model_id(
    connection: &Connection,
    model: &EmbeddingModel,
) -> rusqlite::Result<Option<i64>> {
    let sql =
        format!("SELECT id FROM embedding_models WHERE ({IDENTITY}) = (?1, ?2, ?3, ?4, ?5, ?6)");
    connection.prepare_cached(&sql)?.query_row(identity(model), |row| row.get(0)).optional()
}

/// The model in a state, with its number.
pub(crate) fn model_in(
    connection: &Connection,
    state: ModelState,
) -> rusqlite::Result<Option<(i64, EmbeddingModel)>> {
    let sql = format!("SELECT id, {IDENTITY} FROM embedding_models WHERE state = ?1");
    connection.prepare_cached(&sql)?.query_row([state.as_str()], from_row).optional()
}

/// The models that have vectors, the one that serves first.
pub(crate) fn models(connection: &Connection) -> rusqlite::Result<Vec<EmbeddingModel>> {
    let sql = format!("SELECT id, {IDENTITY} FROM embedding_models ORDER BY state DESC");
    connection.prepare_cached(&sql)?.query_map([], |row| Ok(from_row(row)?.1))?.collect()
}

/// The model whose vectors are written now.
pub(crate) fn newest(connection: &Connection) -> rusqlite::Result<Option<(i64, EmbeddingModel)>> {
    match model_in(connection, ModelState::Building)? {
        Some(building) => Ok(Some(building)),
        None => model_in(connection, ModelState::Serving),
    }
}

/// Adds a model.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    model: &EmbeddingModel,
    state: ModelState,
) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO embedding_models ({IDENTITY}, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, '{}')",
        state.as_str()
    );
    transaction.execute(&sql, identity(model)).map(drop)
}

/// Begins to make the vectors of another model, or goes on with them.
pub(crate) fn begin_replacing(
    transaction: &Transaction<'_>,
    model: &EmbeddingModel,
) -> rusqlite::Result<()> {
    match model_in(transaction, ModelState::Building)? {
        Some((_, building)) if building == *model => return Ok(()),
        Some((id, _)) => {
            transaction.execute("DELETE FROM embedding_models WHERE id = ?1", [id])?;
        }
        None => {}
    }
    insert(transaction, model, ModelState::Building)?;
    transaction.execute(QUEUE_ALL, []).map(drop)
}

/// Drops a replacement that was begun; only turns without vectors of the serving model wait again.
pub(crate) fn give_up_replacing(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    if transaction.execute("DELETE FROM embedding_models WHERE state = 'building'", [])? > 0 {
        transaction.execute_batch(
            "DELETE FROM index_queue;
             INSERT INTO index_queue (user_id, turn_id) SELECT user_id, id FROM turns
             WHERE role <> 'tool' AND NOT EXISTS (SELECT 1 FROM passages WHERE turn_id = turns.id);",
        )?;
    }
    Ok(())
}

/// Lets the model that is being built serve, and deletes the old one with its vectors. Returns false
/// if there is none, or turns still wait for its vectors.
pub(crate) fn finish_replacing(transaction: &Transaction<'_>) -> rusqlite::Result<bool> {
    let waits: bool =
        transaction.query_row("SELECT EXISTS (SELECT 1 FROM index_queue)", [], |row| row.get(0))?;
    let Some((building, _)) = model_in(transaction, ModelState::Building)? else {
        return Ok(false);
    };
    if waits {
        return Ok(false);
    }
    transaction.execute("DELETE FROM embedding_models WHERE state = 'serving'", [])?;
    transaction
        .execute("UPDATE embedding_models SET state = 'serving' WHERE id = ?1", [building])?;
    begin_epochs(transaction)?;
    Ok(true)
}

/// Drops all vectors and queues every turn.
pub(crate) fn requeue_all(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "DELETE FROM passages;
         DELETE FROM code_blocks;
         DELETE FROM fact_vectors;
         UPDATE embedding_models SET truncated_tokens = 0;",
    )?;
    transaction.execute(QUEUE_ALL, [])?;
    begin_epochs(transaction)
}

/// What tools print gets no vectors.
const QUEUE_ALL: &str = "INSERT OR IGNORE INTO index_queue (user_id, turn_id)
    SELECT user_id, id FROM turns WHERE role <> 'tool'";

/// Adds to the number of tokens that no vector of a model covers.
pub(crate) fn add_truncated(
    transaction: &Transaction<'_>,
    model_id: i64,
    tokens: u64,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "UPDATE embedding_models SET truncated_tokens = truncated_tokens + ?2 WHERE id = ?1",
            params![model_id, tokens as i64],
        )
        .map(drop)
}
