//! Which model's vectors serve, and which are being made.
//!
//! Whoever writes vectors holds a shared lock on the newest model's row until the transaction ends, and
//! takes it before the user's; whoever changes models locks their table against that, then all users in
//! the order of their numbers.

use futures_util::future::{try_join, try_join4};
use longmem_core::EmbeddingModel;
use longmem_store::ModelState;
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::presence::ARRIVING;
use crate::statements::{NONE, Statements, params};
use crate::turn_rows::role_number;

/// What makes a model the same, in the database's terms; that of no model if it is the default.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    name: String,
    revision: String,
    dimensions: i64,
    pooling: String,
    normalized: bool,
    window: i64,
}

impl Identity {
    pub(crate) fn of(model: &EmbeddingModel) -> Self {
        Self {
            name: model.name.clone(),
            revision: model.revision.clone(),
            dimensions: model.dimensions as i64,
            pooling: model.pooling.clone(),
            normalized: model.normalized,
            window: model.window as i64,
        }
    }

    /// The columns `(name, revision, dimensions, pooling, normalized, "window")`.
    pub(crate) fn columns(&self) -> (&str, &str, i64, &str, bool, i64) {
        let Self { name, revision, dimensions, pooling, normalized, window } = self;
        (name, revision, *dimensions, pooling, *normalized, *window)
    }

    /// How many numbers a vector of the model has.
    pub(crate) fn width(&self) -> usize {
        self.dimensions as usize
    }

    /// The model's number in this store; none if it never wrote vectors here.
    pub(crate) async fn id(&self, statements: &Statements<'_>) -> Result<Option<i64>, Failure> {
        let (name, revision, dimensions, pooling, normalized, window) = self.columns();
        let row = statements
            .first(
                "SELECT id FROM embedding_models
                 WHERE (name, revision, dimensions, pooling, normalized, \"window\")
                     = ($1, $2, $3, $4, $5, $6)",
                params![name, revision, dimensions, pooling, normalized, window],
            )
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

/// Reads the columns of [`SELECT_MODEL`].
fn from_row(row: &Row) -> Result<(i64, EmbeddingModel), Failure> {
    let model = EmbeddingModel {
        name: row.try_get(1)?,
        revision: row.try_get(2)?,
        dimensions: row.try_get::<_, i64>(3)? as usize,
        pooling: row.try_get(4)?,
        normalized: row.try_get(5)?,
        window: row.try_get::<_, i64>(6)? as usize,
    };
    Ok((row.try_get(0)?, model))
}

const SELECT_MODEL: &str =
    "SELECT id, name, revision, dimensions, pooling, normalized, \"window\" FROM embedding_models";

/// The model in a state, with its number.
pub(crate) async fn model_in(
    statements: &Statements<'_>,
    state: ModelState,
) -> Result<Option<(i64, EmbeddingModel)>, Failure> {
    let sql = format!("{SELECT_MODEL} WHERE state = $1");
    let state = state.as_str();
    statements.first(&sql, params![state]).await?.as_ref().map(from_row).transpose()
}

/// The number of a model if its vectors are the ones that are written now, which stays so until the
/// transaction ends.
pub(crate) async fn newest_is(
    statements: &Statements<'_>,
    model: &Identity,
) -> Result<Option<i64>, Failure> {
    // A row that changed while its lock was waited for is judged as it is now, so all are locked.
    let sql = "SELECT id, (name, revision, dimensions, pooling, normalized, \"window\")
                        = ($1, $2, $3, $4, $5, $6)
               FROM embedding_models ORDER BY state FOR SHARE";
    let (name, revision, dimensions, pooling, normalized, window) = model.columns();
    let row = statements
        .first(sql, params![name, revision, dimensions, pooling, normalized, window])
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(row.try_get::<_, bool>(1)?.then_some(row.try_get(0)?))
}

/// The number of the model whose vectors are written now, which stays so until the transaction ends.
pub(crate) async fn lock_newest(statements: &Statements<'_>) -> Result<Option<i64>, Failure> {
    let sql = "SELECT id FROM embedding_models ORDER BY state FOR SHARE";
    let row = statements.first(sql, NONE).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Locks the models against everybody who would write vectors or change models.
pub(crate) async fn lock_models(statements: &Statements<'_>) -> Result<(), Failure> {
    statements.batch("LOCK TABLE embedding_models IN EXCLUSIVE MODE").await
}

/// Locks the rows of all users, so that nobody adds or forgets turns; returns their numbers.
async fn lock_users(statements: &Statements<'_>) -> Result<Vec<i64>, Failure> {
    let sql = "SELECT user_id FROM users ORDER BY user_id FOR UPDATE";
    let rows = statements.rows(sql, NONE).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Adds a model.
pub(crate) async fn insert(
    statements: &Statements<'_>,
    model: &EmbeddingModel,
    state: ModelState,
) -> Result<(), Failure> {
    let identity = Identity::of(model);
    let (name, revision, dimensions, pooling, normalized, window) = identity.columns();
    let state = state.as_str();
    statements
        .run(
            "INSERT INTO embedding_models
                 (name, revision, dimensions, pooling, normalized, \"window\", state)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![name, revision, dimensions, pooling, normalized, window, state],
        )
        .await?;
    Ok(())
}

/// Begins to make the vectors of another model, or goes on with them. The models are locked.
pub(crate) async fn begin_replacing(
    statements: &Statements<'_>,
    model: &EmbeddingModel,
) -> Result<(), Failure> {
    let building = model_in(statements, ModelState::Building).await?;
    if building.as_ref().is_some_and(|(_, building)| building == model) {
        return Ok(());
    }
    let users = lock_users(statements).await?;
    if let Some((id, _)) = building {
        drop_model(statements, &users, id).await?;
    }
    insert(statements, model, ModelState::Building).await?;
    queue_all(statements, &users).await
}

/// Drops a replacement that was begun; only turns without vectors of the serving model wait again. The
/// models are locked.
pub(crate) async fn give_up_replacing(statements: &Statements<'_>) -> Result<(), Failure> {
    let Some((id, _)) = model_in(statements, ModelState::Building).await? else { return Ok(()) };
    let users = lock_users(statements).await?;
    drop_model(statements, &users, id).await?;
    let tool = role_number(longmem_core::Role::Tool);
    statements.run("DELETE FROM index_queue", NONE).await?;
    statements
        .run(
            "INSERT INTO index_queue (user_id, turn_id)
             SELECT t.user_id, t.id FROM turns t
             WHERE t.user_id = ANY($1) AND t.role <> $2 AND NOT EXISTS (
                 SELECT 1 FROM vectors v WHERE v.user_id = t.user_id AND v.turn_id = t.id)",
            params![users, tool],
        )
        .await?;
    Ok(())
}

/// Lets the model that is being built serve, and deletes the old one with its vectors. Returns false if
/// there is none, or turns still wait for its vectors. The models are locked.
pub(crate) async fn finish_replacing(statements: &Statements<'_>) -> Result<bool, Failure> {
    let Some((building, _)) = model_in(statements, ModelState::Building).await? else {
        return Ok(false);
    };
    let users = lock_users(statements).await?;
    // Whoever is still arriving waits for vectors of the new model once the user is here.
    let waits =
        format!("SELECT EXISTS (SELECT 1 FROM index_queue WHERE user_id NOT IN ({ARRIVING}))");
    let waits = statements.row(&waits, NONE).await?;
    if waits.try_get(0)? {
        return Ok(false);
    }
    if let Some((id, _)) = model_in(statements, ModelState::Serving).await? {
        drop_model(statements, &users, id).await?;
    }
    let sql = "UPDATE embedding_models SET state = 'serving' WHERE id = $1";
    statements.run(sql, params![building]).await?;
    Ok(true)
}

/// Drops all vectors and queues every turn.
pub(crate) async fn requeue_all(statements: &Statements<'_>) -> Result<(), Failure> {
    lock_models(statements).await?;
    let users = lock_users(statements).await?;
    let vectors = statements.run("DELETE FROM vectors", NONE);
    let codes = statements.run("DELETE FROM code_runs", NONE);
    let counts = statements.run("DELETE FROM user_models", NONE);
    let facts = statements.run("DELETE FROM fact_vectors", NONE);
    try_join4(vectors, codes, counts, facts).await?;
    try_join(queue_all(statements, &users), begin_epochs(statements, &users)).await?;
    Ok(())
}

/// Removes a model with everything that was made with it; what others keep of it in memory is not true
/// any more.
async fn drop_model(statements: &Statements<'_>, users: &Vec<i64>, id: i64) -> Result<(), Failure> {
    for table in ["vectors", "code_runs", "user_models", "fact_vectors"] {
        let sql = format!("DELETE FROM {table} WHERE model_id = $1");
        statements.run(&sql, params![id]).await?;
    }
    statements.run("DELETE FROM embedding_models WHERE id = $1", params![id]).await?;
    begin_epochs(statements, users).await
}

/// Queues every turn of these users; what tools print gets no vectors.
async fn queue_all(statements: &Statements<'_>, users: &Vec<i64>) -> Result<(), Failure> {
    let tool = role_number(longmem_core::Role::Tool);
    statements
        .run(
            "INSERT INTO index_queue (user_id, turn_id)
             SELECT user_id, id FROM turns WHERE user_id = ANY($1) AND role <> $2
             ON CONFLICT DO NOTHING",
            params![*users, tool],
        )
        .await?;
    Ok(())
}

/// Begins a new epoch of each user.
async fn begin_epochs(statements: &Statements<'_>, users: &Vec<i64>) -> Result<(), Failure> {
    let epochs: Vec<i64> = users.iter().map(|_| fastrand::i64(..)).collect();
    statements
        .run(
            "UPDATE users u SET epoch = new.epoch FROM unnest($1, $2) AS new (user_id, epoch)
             WHERE u.user_id = new.user_id",
            params![*users, epochs],
        )
        .await?;
    Ok(())
}

/// The models that have vectors, the one that serves first.
pub(crate) async fn models(statements: &Statements<'_>) -> Result<Vec<EmbeddingModel>, Failure> {
    let sql = format!("{SELECT_MODEL} ORDER BY state DESC");
    let rows = statements.rows(&sql, NONE).await?;
    rows.iter().map(|row| Ok(from_row(row)?.1)).collect()
}
