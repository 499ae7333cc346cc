//! Other ways to score a query. Each finds the ten nearest rows, best first, with their cosines.

use longmem_core::Embedding;
use rayon::prelude::*;
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// A row number with its cosine.
pub(crate) type Hit = (i64, f32);

/// Vectors in SQLite, once as JSON text and once as little-endian bytes.
pub(crate) struct VectorTables {
    connection: Connection,
    _folder: TempDir,
}

impl VectorTables {
    /// Stores vectors under the row numbers from 0.
    pub(crate) fn new(vectors: &[Embedding]) -> rusqlite::Result<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut connection = Connection::open(folder.path().join("vectors.db"))?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(
            "CREATE TABLE texts (id INTEGER PRIMARY KEY, vector TEXT NOT NULL);
             CREATE TABLE blobs (id INTEGER PRIMARY KEY, vector BLOB NOT NULL);",
        )?;
        for (id, vector) in vectors.iter().enumerate() {
            let text = serde_json::to_string(vector.as_slice()).expect("numbers have a JSON form");
            let blob: Vec<u8> = vector.as_slice().iter().flat_map(|n| n.to_le_bytes()).collect();
            let id = id as i64;
            transaction.execute("INSERT INTO texts VALUES (?1, ?2)", params![id, text])?;
            transaction.execute("INSERT INTO blobs VALUES (?1, ?2)", params![id, blob])?;
        }
        transaction.commit()?;
        Ok(Self { connection, _folder: folder })
    }

    /// The tutorials' way: reads and parses every vector for every query, and divides by its length.
    pub(crate) fn nearest_by_json_text(&self, query: &Embedding) -> rusqlite::Result<Vec<Hit>> {
        let mut statement = self.connection.prepare("SELECT id, vector FROM texts")?;
        let rows = statement.query_map([], |row| {
            let vector: Vec<f32> =
                serde_json::from_str(row.get_ref(1)?.as_str()?).expect("stored as JSON above");
            Ok((row.get(0)?, plain_cosine(&vector, query.as_slice())))
        })?;
        Ok(ten_best(rows.collect::<rusqlite::Result<_>>()?))
    }

    /// The same with bytes instead of text, on all cores.
    pub(crate) fn nearest_by_blobs(&self, query: &Embedding) -> rusqlite::Result<Vec<Hit>> {
        let mut statement = self.connection.prepare("SELECT id, vector FROM blobs")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let blobs: Vec<(i64, Vec<u8>)> = rows.collect::<rusqlite::Result<_>>()?;
        let scored = blobs.par_iter().map(|(id, blob)| {
            let (words, _) = blob.as_chunks();
            let vector: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
            (*id, plain_cosine(&vector, query.as_slice()))
        });
        Ok(ten_best(scored.collect()))
    }
}

/// Compares vectors in memory, one after another, and sorts all of them.
pub(crate) fn nearest_by_plain_loop(vectors: &[Embedding], query: &Embedding) -> Vec<Hit> {
    let scored = vectors.iter().enumerate().map(|(id, vector)| (id as i64, vector.cosine(query)));
    ten_best(scored.collect())
}

fn plain_cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
}

fn ten_best(mut scored: Vec<Hit>) -> Vec<Hit> {
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scored.truncate(10);
    scored
}
