//! Keeps in memory what searches of the users who asked last need, and brings it up to date.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::{Embedding, EmbeddingModel};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::BadVector;
use crate::indexing::model_id;
use crate::layout::{Layout, read_places};
use crate::snapshot::{Place, Snapshot};
use crate::vector_codec::decode;

/// Vectors kept in memory for all users together (1.5 kB each: 3 GB); beyond it the users who
/// asked longest ago are dropped.
const MAX_CACHED_VECTORS: usize = 2_000_000;

/// What is in memory, by user.
#[derive(Default)]
pub(crate) struct UserCache {
    users: Mutex<HashMap<i64, CachedUser>>,
}

/// One user's part. Each field is immutable once made, so that a search goes on with what it took.
#[derive(Clone, Default)]
struct CachedUser {
    /// What the file said when the rest was read.
    state: State,
    layout: Arc<Layout>,
    vocabulary: Option<Arc<Vec<String>>>,
    /// By model: the last passage read, and the vectors up to it.
    snapshots: BTreeMap<i64, (i64, Arc<Snapshot>)>,
    /// Grows with each use, over all users.
    used: u64,
}

/// Later states are greater.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    deletions: i64,
    last_turn: i64,
}

impl UserCache {
    /// The user's turns as the file has them now.
    pub(crate) fn layout(
        &self,
        connection: &Connection,
        user_id: i64,
    ) -> rusqlite::Result<Arc<Layout>> {
        Ok(self.current(connection, user_id)?.layout)
    }

    /// Every word that the user's turns hold, sorted.
    pub(crate) fn vocabulary(
        &self,
        connection: &Connection,
        user_id: i64,
    ) -> rusqlite::Result<Arc<Vec<String>>> {
        let mut user = self.current(connection, user_id)?;
        if let Some(vocabulary) = user.vocabulary {
            return Ok(vocabulary);
        }
        let words = connection
            .prepare_cached("SELECT DISTINCT word FROM postings WHERE user_id = ?1")?
            .query_map([user_id], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        let vocabulary = Arc::new(words);
        user.vocabulary = Some(Arc::clone(&vocabulary));
        self.keep(user_id, user);
        Ok(vocabulary)
    }

    /// The user's vectors of a model as the file has them now; none if it never had any.
    pub(crate) fn snapshot(
        &self,
        connection: &Connection,
        user_id: i64,
        model: &EmbeddingModel,
    ) -> rusqlite::Result<Option<Arc<Snapshot>>> {
        let Some(model_id) = model_id(connection, model)? else { return Ok(None) };
        let mut user = self.current(connection, user_id)?;
        let (read, snapshot) = user.snapshots.get(&model_id).cloned().unwrap_or_default();
        let last = last_passage(connection, user_id, model_id)?;
        if last <= read {
            return Ok(Some(snapshot));
        }
        let grown =
            Arc::new(snapshot.with_turns(read_vectors(connection, user_id, model_id, read)?));
        user.snapshots.insert(model_id, (last, Arc::clone(&grown)));
        self.keep(user_id, user);
        Ok(Some(grown))
    }

    /// The user's part with turns that are new; read afresh after a deletion.
    fn current(&self, connection: &Connection, user_id: i64) -> rusqlite::Result<CachedUser> {
        let state = state_in_file(connection, user_id)?;
        let mut user = self.locked().get(&user_id).cloned().unwrap_or_default();
        // A read that began later may have been here first: then what it left serves both.
        if user.state >= state {
            return Ok(user);
        }
        if user.state.deletions < state.deletions {
            user = CachedUser::default();
        }
        let new = read_places(connection, user_id, user.state.last_turn)?;
        user.layout = Arc::new(user.layout.with_turns(new));
        user.vocabulary = None;
        user.state = state;
        self.keep(user_id, user.clone());
        Ok(user)
    }

    fn keep(&self, user_id: i64, mut user: CachedUser) {
        let mut users = self.locked();
        user.used = users.values().map(|other| other.used).max().unwrap_or(0) + 1;
        users.insert(user_id, user);
        while users.len() > 1
            && users.values().map(CachedUser::vectors).sum::<usize>() > MAX_CACHED_VECTORS
        {
            let oldest = users.iter().min_by_key(|(_, user)| user.used).map(|(id, _)| *id);
            oldest.and_then(|id| users.remove(&id));
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<i64, CachedUser>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedUser {
    fn vectors(&self) -> usize {
        self.snapshots.values().map(|(_, snapshot)| snapshot.vectors()).sum()
    }
}

fn state_in_file(connection: &Connection, user_id: i64) -> rusqlite::Result<State> {
    connection
        .prepare_cached("SELECT deletions, last_turn FROM users WHERE id = ?1")?
        .query_row([user_id], |row| Ok(State { deletions: row.get(0)?, last_turn: row.get(1)? }))
        .optional()
        .map(Option::unwrap_or_default)
}

fn last_passage(connection: &Connection, user_id: i64, model_id: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "SELECT coalesce(max(id), 0) FROM passages WHERE user_id = ?1 AND model_id = ?2",
        )?
        .query_row(params![user_id, model_id], |row| row.get(0))
}

/// Reads the turns whose passages are newer than `after`; the passages of one turn were written in
/// one transaction, so they have neighbouring numbers and come whole.
fn read_vectors(
    connection: &Connection,
    user_id: i64,
    model_id: i64,
    after: i64,
) -> rusqlite::Result<Vec<(Place, Vec<Embedding>)>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.id, v.vector, t.session_id, t.position
         FROM passages p JOIN vectors v ON v.passage_id = p.id JOIN turns t ON t.id = p.turn_id
         WHERE p.user_id = ?1 AND p.model_id = ?2 AND p.id > ?3 ORDER BY p.id",
    )?;
    let mut rows = statement.query(params![user_id, model_id, after])?;
    let mut turns: Vec<(Place, Vec<Embedding>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let passage = row.get(0)?;
        let vector = decode(row.get_ref(1)?.as_blob()?)
            .map_err(|reason| BadVector { passage, reason }.in_column(1))?;
        let place = Place { session_id: row.get(2)?, position: row.get(3)? };
        match turns.last_mut() {
            Some((last, vectors)) if *last == place => vectors.push(vector),
            _ => turns.push((place, vec![vector])),
        }
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longmem_core::{Scope, TextEmbedder, TurnId};
    use longmem_test_support::WordHashEmbedder;

    use super::*;
    use crate::made_up::{turn, user};
    use crate::turns::user_id;
    use crate::{EmbeddedTurn, ForgetTarget, IfMissing, Store};

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
            let user = user_id(connection, &scope.user)?.unwrap();
            let snapshot = store.users.snapshot(connection, user, embedder.model())?;
            Ok(snapshot.unwrap().vectors())
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
