//! Keeps the snapshots of the users who asked last, and brings them up to date.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use longmem_core::{Embedding, EmbeddingModel, Scope, TurnId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::BadVector;
use crate::indexing::model_id;
use crate::scope_filter::ScopeFilter;
use crate::snapshot::{DenseHit, Snapshot, TurnRow};
use crate::turns::parsed;
use crate::vector_codec::decode;
use crate::{Store, StoreError};

/// Vectors kept in memory for all users together (1.5 kB each: 3 GB); beyond it the users who
/// asked longest ago are dropped.
const MAX_CACHED_VECTORS: usize = 2_000_000;

/// The snapshots in memory, by user and model.
#[derive(Default)]
pub(crate) struct SnapshotCache {
    entries: Mutex<HashMap<(i64, i64), Entry>>,
}

#[derive(Clone, Default)]
struct Entry {
    state: State,
    snapshot: Arc<Snapshot>,
    /// Grows with each use, over all entries.
    used: u64,
}

/// What a snapshot covers: it is current if the file says no more. Later states are greater.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    deletions: i64,
    last_passage: i64,
}

impl Store {
    /// Finds the `limit` turns in scope whose vectors are nearest to the query, best first, equal
    /// scores by turn number. Turns that have no vector of this model yet are not among them.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or holds a damaged vector.
    pub fn nearest(
        &self,
        scope: &Scope,
        model: &EmbeddingModel,
        query: &Embedding,
        limit: usize,
    ) -> Result<Vec<DenseHit>, StoreError> {
        let found = self.connections.read(|connection| {
            let Some(filter) = ScopeFilter::resolve(connection, scope)? else { return Ok(None) };
            let Some(model_id) = model_id(connection, model)? else { return Ok(None) };
            let snapshot = self.snapshots.current(connection, filter.user_id, model_id)?;
            Ok(Some((snapshot, filter)))
        })?;
        // The read is over: scoring holds no lock and no transaction.
        Ok(found
            .map_or_else(Vec::new, |(snapshot, filter)| snapshot.nearest(query, &filter, limit)))
    }
}

impl SnapshotCache {
    /// The user's snapshot as the file has it now: the one in memory, grown by what is new, or
    /// read afresh after a deletion.
    fn current(
        &self,
        connection: &Connection,
        user_id: i64,
        model_id: i64,
    ) -> rusqlite::Result<Arc<Snapshot>> {
        let key = (user_id, model_id);
        let state = state_in_file(connection, user_id, model_id)?;
        let mut entry = self.locked().get(&key).cloned().unwrap_or_default();
        if entry.state.deletions < state.deletions {
            entry = Entry {
                state: State { deletions: state.deletions, ..State::default() },
                ..Entry::default()
            };
        }
        // A read that began later may have been here first: then its newer snapshot serves both.
        if entry.state < state {
            let new = read_turns(connection, user_id, model_id, entry.state.last_passage)?;
            entry.snapshot = Arc::new(entry.snapshot.with_turns(new));
            entry.state = state;
        }
        self.keep(key, entry.clone());
        Ok(entry.snapshot)
    }

    fn keep(&self, key: (i64, i64), mut entry: Entry) {
        let mut entries = self.locked();
        entry.used = entries.values().map(|e| e.used).max().unwrap_or(0) + 1;
        entries.insert(key, entry);
        while entries.values().map(|e| e.snapshot.vectors()).sum::<usize>() > MAX_CACHED_VECTORS
            && entries.len() > 1
        {
            let oldest = entries.iter().min_by_key(|(_, e)| e.used).map(|(key, _)| *key);
            oldest.and_then(|key| entries.remove(&key));
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<(i64, i64), Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state_in_file(connection: &Connection, user_id: i64, model_id: i64) -> rusqlite::Result<State> {
    connection
        .prepare_cached(
            "SELECT u.deletions,
                    (SELECT max(id) FROM passages WHERE user_id = u.id AND model_id = ?2)
             FROM users u WHERE u.id = ?1",
        )?
        .query_row(params![user_id, model_id], |row| {
            Ok(State {
                deletions: row.get(0)?,
                last_passage: row.get::<_, Option<i64>>(1)?.unwrap_or(0),
            })
        })
        .optional()
        .map(Option::unwrap_or_default)
}

/// Reads the turns whose passages are newer than `after`; the passages of one turn were written in
/// one transaction, so they have neighbouring numbers and come whole.
fn read_turns(
    connection: &Connection,
    user_id: i64,
    model_id: i64,
    after: i64,
) -> rusqlite::Result<Vec<(TurnRow, Vec<Embedding>)>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.id, v.vector, t.id, t.session_id, t.role, t.time_ms
         FROM passages p JOIN vectors v ON v.passage_id = p.id JOIN turns t ON t.id = p.turn_id
         WHERE p.user_id = ?1 AND p.model_id = ?2 AND p.id > ?3 ORDER BY p.id",
    )?;
    let mut rows = statement.query(params![user_id, model_id, after])?;
    let mut turns: Vec<(TurnRow, Vec<Embedding>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let passage = row.get(0)?;
        let vector = decode(row.get_ref(1)?.as_blob()?)
            .map_err(|reason| BadVector { passage, reason }.in_column(1))?;
        let turn = TurnId(row.get(2)?);
        match turns.last_mut() {
            Some((last, vectors)) if last.turn == turn => vectors.push(vector),
            _ => turns.push((turn_row(row, turn)?, vec![vector])),
        }
    }
    Ok(turns)
}

fn turn_row(row: &Row<'_>, turn: TurnId) -> rusqlite::Result<TurnRow> {
    Ok(TurnRow { turn, session_id: row.get(3)?, role: parsed(row, 4)?, time_ms: row.get(5)? })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longmem_core::TextEmbedder;
    use longmem_test_support::WordHashEmbedder;

    use super::*;
    use crate::made_up::{turn, user};
    use crate::turns::user_id;
    use crate::{EmbeddedTurn, ForgetTarget, IfMissing};

    fn insert_with_vector(store: &Store, embedder: &WordHashEmbedder) -> TurnId {
        let turn = turn("talk", "lisbon", 0);
        let turn = store.insert_turns(&user("ana"), &[turn]).unwrap()[0].id;
        let span = embedder.passages("lisbon").unwrap()[0];
        let passages = vec![(span, embedder.vector("lisbon"))];
        store.write_vectors(embedder.model(), &[EmbeddedTurn { turn, passages }], 0).unwrap();
        turn
    }

    /// Two threads read; the one that began first asks for the snapshot last.
    #[test]
    fn a_read_that_began_earlier_does_not_set_the_snapshot_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let embedder = WordHashEmbedder::default();
        store.begin_indexing(embedder.model(), false).unwrap();
        let first = insert_with_vector(&store, &embedder);
        let scope = Scope::of(user("ana"));
        let vectors = |connection: &Connection| {
            let ids = (user_id(connection, &scope.user)?, model_id(connection, embedder.model())?);
            let (user, model) = (ids.0.unwrap(), ids.1.unwrap());
            store.snapshots.current(connection, user, model).map(|snapshot| snapshot.vectors())
        };
        let now = || store.connections.read(vectors).unwrap();

        store
            .connections
            .read(|earlier| {
                assert_eq!(vectors(earlier)?, 1);
                insert_with_vector(&store, &embedder);
                assert_eq!(now(), 2);
                assert_eq!(vectors(earlier)?, 2);
                Ok(())
            })
            .unwrap();
        assert_eq!(now(), 2, "the second turn came twice");

        store
            .connections
            .read(|earlier| {
                assert_eq!(vectors(earlier)?, 2);
                store.connections.maintain(|writer| writer.busy_timeout(Duration::ZERO)).unwrap();
                store.forget(&ForgetTarget::Turns(scope.clone(), vec![first])).unwrap();
                assert_eq!(now(), 1);
                assert_eq!(vectors(earlier)?, 1, "a forgotten turn came back");
                Ok(())
            })
            .unwrap();
        assert_eq!(now(), 1);
    }
}
