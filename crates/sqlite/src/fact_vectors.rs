//! Keeps the vectors of facts.

use longmem_core::{Embedding, EmbeddingModel, FactId, UserName};
use longmem_search::{vector_bytes, vector_from_bytes};
use longmem_store::{Result, StoreError};
use rusqlite::{Connection, Transaction, params};

use crate::connections::Connections;
use crate::embedding_models::model_id;
use crate::users::user_id;

/// The vectors of a user's facts; see [`Facts::fact_vectors`](longmem_store::Facts::fact_vectors).
pub(crate) fn read(
    connections: &Connections,
    user: &UserName,
    model: &EmbeddingModel,
) -> Result<Vec<(FactId, Embedding)>> {
    let stored = connections.read(|connection| {
        let owner = user_id(connection, user)?.zip(model_id(connection, model)?);
        let Some((user_id, model_id)) = owner else { return Ok(Vec::new()) };
        connection
            .prepare_cached(
                "SELECT f.id, v.vector FROM facts f JOIN fact_vectors v ON v.fact_id = f.id
                 WHERE f.user_id = ?1 AND v.model_id = ?2 ORDER BY f.id",
            )?
            .query_map([user_id, model_id], |row| Ok((FactId(row.get(0)?), row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(FactId, Vec<u8>)>>>()
    })?;
    let decoded = stored.into_iter().map(|(fact, bytes)| {
        let vector = vector_from_bytes(&bytes, model.dimensions)
            .map_err(|reason| StoreError::DamagedFactVector { fact, reason })?;
        Ok((fact, vector))
    });
    decoded.collect()
}

/// Stores vectors; see [`Facts::set_fact_vectors`](longmem_store::Facts::set_fact_vectors).
pub(crate) fn set(
    connections: &Connections,
    user: &UserName,
    model: &EmbeddingModel,
    vectors: &[(FactId, Embedding)],
) -> Result<()> {
    connections.write(|transaction| {
        let owner = user_id(transaction, user)?.zip(model_id(transaction, model)?);
        let Some((user_id, model_id)) = owner else { return Ok(()) };
        // Also finds out whether the fact is still there.
        let mut insert = transaction.prepare_cached(
            "INSERT INTO fact_vectors (fact_id, model_id, vector)
             SELECT id, ?3, ?4 FROM facts WHERE user_id = ?1 AND id = ?2
             ON CONFLICT (fact_id, model_id) DO UPDATE SET vector = excluded.vector",
        )?;
        for (fact, vector) in vectors {
            insert.execute(params![user_id, fact.0, model_id, vector_bytes(vector)])?;
        }
        Ok(())
    })
}

/// Deletes the vectors of a fact, whose words have changed.
pub(crate) fn delete(transaction: &Transaction<'_>, fact: FactId) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM fact_vectors WHERE fact_id = ?1", [fact.0]).map(drop)
}

/// Hands on which vectors are damaged, a line each.
pub(crate) fn check(
    connection: &Connection,
    problem: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT v.fact_id, v.vector, m.dimensions
         FROM fact_vectors v JOIN embedding_models m ON m.id = v.model_id ORDER BY v.fact_id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let width = row.get::<_, i64>(2)? as usize;
        if let Err(reason) = vector_from_bytes(row.get_ref(1)?.as_blob()?, width) {
            let fact = FactId(row.get(0)?);
            problem(StoreError::DamagedFactVector { fact, reason }.to_string());
        }
    }
    Ok(())
}
