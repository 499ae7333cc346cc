//! Keeps the vectors of facts.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use longmem_core::{Embedding, EmbeddingModel, FactId, UserName};
use longmem_search::{vector_bytes, vector_from_bytes};
use longmem_store::{Result, StoreError};

use crate::database::Database;
use crate::embedding_models::Identity;
use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;
use crate::users::lock;

/// The vectors of a user's facts; see [`Facts::fact_vectors`](longmem_store::Facts::fact_vectors).
pub(crate) fn read(
    database: &Database,
    user: &UserName,
    model: &EmbeddingModel,
) -> Result<Vec<(FactId, Embedding)>> {
    let (number, identity) = (UserNumber::of(user), Identity::of(model));
    database.read(number.alone(), async |statements| {
        let (name, revision, dimensions, pooling, normalized, window) = identity.columns();
        let rows = statements
            .rows(
                "SELECT v.fact_id, v.vector
                 FROM fact_vectors v JOIN embedding_models m ON m.id = v.model_id
                 WHERE v.user_id = $1
                 AND (m.name, m.revision, m.dimensions, m.pooling, m.normalized, m.\"window\")
                     = ($2, $3, $4, $5, $6, $7)
                 ORDER BY v.fact_id",
                params![number.0, name, revision, dimensions, pooling, normalized, window],
            )
            .await?;
        let vector = |row: &tokio_postgres::Row| {
            let fact = FactId(row.try_get(0)?);
            let vector = vector_from_bytes(row.try_get(1)?, model.dimensions)
                .map_err(|reason| StoreError::DamagedFactVector { fact, reason })?;
            Ok((fact, vector))
        };
        rows.iter().map(vector).collect()
    })
}

/// Stores vectors; see [`Facts::set_fact_vectors`](longmem_store::Facts::set_fact_vectors).
pub(crate) fn set(
    database: &Database,
    user: &UserName,
    model: &EmbeddingModel,
    vectors: &[(FactId, Embedding)],
) -> Result<()> {
    if vectors.is_empty() {
        return Ok(());
    }
    let (number, identity) = (UserNumber::of(user), Identity::of(model));
    // One statement writes a row once: of several vectors of one fact the last one counts.
    let last: BTreeMap<i64, Vec<u8>> =
        vectors.iter().map(|(fact, vector)| (fact.0, vector_bytes(vector))).collect();
    let (facts, vectors): (Vec<i64>, Vec<Vec<u8>>) = last.into_iter().unzip();
    database.write(number.alone(), async |statements| {
        let (model, locked) =
            try_join(lock_model(statements, &identity), lock(statements, user)).await?;
        let (Some(model), Some(_)) = (model, locked) else { return Ok(()) };
        // Also finds out whether the facts are still there.
        let set = statements.run(
            "INSERT INTO fact_vectors (user_id, fact_id, model_id, vector)
             SELECT $1, f.id, $2, new.vector
             FROM unnest($3, $4) AS new (fact_id, vector) JOIN facts f ON f.id = new.fact_id
             WHERE f.user_id = $1
             ON CONFLICT (user_id, fact_id, model_id) DO UPDATE SET vector = excluded.vector",
            params![number.0, model, facts, vectors],
        );
        set.await.map(drop)
    })
}

/// The number of a model, which stays until the transaction ends. Models are locked before users.
async fn lock_model(
    statements: &Statements<'_>,
    model: &Identity,
) -> std::result::Result<Option<i64>, Failure> {
    let (name, revision, dimensions, pooling, normalized, window) = model.columns();
    let row = statements
        .first(
            "SELECT id FROM embedding_models
             WHERE (name, revision, dimensions, pooling, normalized, \"window\")
                 = ($1, $2, $3, $4, $5, $6) FOR SHARE",
            params![name, revision, dimensions, pooling, normalized, window],
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Deletes the vectors of a fact, whose words have changed.
pub(crate) async fn delete(
    statements: &Statements<'_>,
    user: UserNumber,
    fact: FactId,
) -> std::result::Result<(), Failure> {
    let sql = "DELETE FROM fact_vectors WHERE user_id = $1 AND fact_id = $2";
    statements.run(sql, params![user.0, fact.0]).await.map(drop)
}
