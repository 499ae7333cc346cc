//! Which model's vectors serve, and which are being made.

use longmem_core::EmbeddingModel;
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::statements::{NONE, Statements, params};

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

/// The models that have vectors, the one that serves first.
pub(crate) async fn models(statements: &Statements<'_>) -> Result<Vec<EmbeddingModel>, Failure> {
    let sql = format!("{SELECT_MODEL} ORDER BY state DESC");
    let rows = statements.rows(&sql, NONE).await?;
    rows.iter().map(|row| Ok(from_row(row)?.1)).collect()
}
