//! Keeps in memory what searches of the users who asked last need, and brings it up to date.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::{Embedding, EmbeddingModel, TurnId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::code::{Code, Codes};
use crate::code_blocks;
use crate::error::BadVector;
use crate::indexing::model_id;
use crate::layout::Layout;
use crate::snapshot::{Matrix, PassageNumbers, Snapshot, TurnPassages};
use crate::turn_blocks::read_entries;
use crate::vector_codec::decode;
use crate::vocabulary::Vocabulary;

/// Bytes of vectors and codes kept in memory for all users together; beyond it the users who asked
/// longest ago are dropped.
const MAX_CACHED_BYTES: usize = 1 << 30;

/// Whole vectors of one user who has many are kept only up to so many bytes: 170,000 vectors.
const MAX_WHOLE_BYTES: usize = 1 << 28;

/// Of them, each search reads some, so that none waits for all.
const PASSAGES_A_SEARCH: usize = 2048;

/// What is in memory, by user.
#[derive(Default)]
pub(crate) struct UserCache {
    users: Mutex<HashMap<i64, CachedUser>>,
}

/// A user's turns and vectors at one moment.
pub(crate) struct UserView {
    pub(crate) layout: Arc<Layout>,
    /// None if no model was asked for or it never wrote vectors.
    pub(crate) vectors: Option<Vectors>,
}

/// A user's vectors under one model.
pub(crate) enum Vectors {
    /// As they are, to be compared with all.
    Whole(Arc<Snapshot<Matrix>>),
    /// Their codes, to find out which to compare with.
    Coded {
        codes: Arc<Snapshot<Codes>>,
        /// The oldest or all of them as well, more with each search.
        whole: Arc<Snapshot<Matrix>>,
    },
}

/// One user's part. Each field is immutable once made, so that a search goes on with what it took.
#[derive(Clone, Default)]
struct CachedUser {
    /// What the file said when the rest was read.
    state: State,
    layout: Arc<Layout>,
    vocabulary: Option<Arc<Vocabulary>>,
    /// By model.
    vectors: BTreeMap<i64, CachedVectors>,
    /// Grows with each use, over all users.
    used: u64,
}

#[derive(Clone, Default)]
struct CachedVectors {
    whole: CachedSnapshot<Matrix>,
    codes: CachedSnapshot<Codes>,
}

/// The vectors up to a passage.
struct CachedSnapshot<N> {
    last_passage: i64,
    snapshot: Arc<Snapshot<N>>,
}

/// Later states are greater.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    deletions: i64,
    last_turn: i64,
}

impl UserCache {
    /// The user's turns as the file has them now, and its vectors under a model: whole ones if the
    /// function wants them for so many passages.
    pub(crate) fn view(
        &self,
        connection: &Connection,
        user_id: i64,
        model: Option<&EmbeddingModel>,
        whole: impl Fn(usize) -> bool,
    ) -> rusqlite::Result<UserView> {
        let mut user = self.current(connection, user_id)?;
        let layout = Arc::clone(&user.layout);
        let Some(model_id) = model.map(|model| model_id(connection, model)).transpose()?.flatten()
        else {
            return Ok(UserView { layout, vectors: None });
        };
        let file = VectorsInFile { connection, user_id, model_id };
        let last_passage = file.last_passage()?;
        let cached = user.vectors.entry(model_id).or_default();
        let passages = cached.passages(last_passage).map_or_else(|| file.count(), Ok)?;
        let mut grown = false;
        let vectors = if whole(passages) {
            grown |= cached.whole.grow(last_passage, &layout, |after, add| {
                file.whole(after, usize::MAX, add)?;
                Ok(last_passage)
            })?;
            Vectors::Whole(Arc::clone(&cached.whole.snapshot))
        } else {
            // A command asks once, and need not read any whole vectors but those it compares.
            let again = cached.codes.last_passage > 0;
            grown |= cached.codes.grow(last_passage, &layout, |after, add| {
                file.codes(after, add)?;
                Ok(last_passage)
            })?;
            if again && passages * Matrix::BYTES <= MAX_WHOLE_BYTES {
                grown |= cached.whole.grow(last_passage, &layout, |after, add| {
                    Ok(file.whole(after, PASSAGES_A_SEARCH, add)?.unwrap_or(last_passage))
                })?;
            }
            Vectors::Coded {
                codes: Arc::clone(&cached.codes.snapshot),
                whole: Arc::clone(&cached.whole.snapshot),
            }
        };
        if grown {
            self.keep(user_id, user);
        }
        Ok(UserView { layout, vectors: Some(vectors) })
    }

    /// Every word that the user's turns hold.
    pub(crate) fn vocabulary(
        &self,
        connection: &Connection,
        user_id: i64,
    ) -> rusqlite::Result<Arc<Vocabulary>> {
        let mut user = self.current(connection, user_id)?;
        if let Some(vocabulary) = user.vocabulary {
            return Ok(vocabulary);
        }
        let words = connection
            .prepare_cached("SELECT word FROM words WHERE user_id = ?1 ORDER BY word")?
            .query_map([user_id], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        let vocabulary = Arc::new(Vocabulary::new(words));
        user.vocabulary = Some(Arc::clone(&vocabulary));
        self.keep(user_id, user);
        Ok(vocabulary)
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
        let new = read_entries(connection, user_id, user.state.last_turn)?;
        Arc::make_mut(&mut user.layout).grow(&new);
        user.vocabulary = None;
        user.state = state;
        self.keep(user_id, user.clone());
        Ok(user)
    }

    fn keep(&self, user_id: i64, mut user: CachedUser) {
        let mut users = self.locked();
        if users.get(&user_id).is_some_and(|newer| newer.state > user.state) {
            return;
        }
        user.used = users.values().map(|other| other.used).max().unwrap_or(0) + 1;
        users.insert(user_id, user);
        while users.len() > 1
            && users.values().map(CachedUser::bytes).sum::<usize>() > MAX_CACHED_BYTES
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
    fn bytes(&self) -> usize {
        let of_model = |vectors: &CachedVectors| {
            vectors.whole.snapshot.bytes() + vectors.codes.snapshot.bytes()
        };
        self.vectors.values().map(of_model).sum()
    }
}

impl CachedVectors {
    /// How many passages there are up to one; none if that was not read.
    fn passages(&self, last_passage: i64) -> Option<usize> {
        let Self { whole, codes } = self;
        [
            (whole.last_passage, whole.snapshot.passages()),
            (codes.last_passage, codes.snapshot.passages()),
        ]
        .into_iter()
        .find_map(|(last, passages)| (last >= last_passage).then_some(passages))
    }
}

impl<N> Clone for CachedSnapshot<N> {
    fn clone(&self) -> Self {
        Self { last_passage: self.last_passage, snapshot: Arc::clone(&self.snapshot) }
    }
}

impl<N> Default for CachedSnapshot<N> {
    fn default() -> Self {
        Self { last_passage: 0, snapshot: Arc::default() }
    }
}

impl<N: PassageNumbers> CachedSnapshot<N> {
    /// Reads what is missing up to a passage, or a part of it: `read` returns up to which it came.
    /// Returns whether something was missing.
    fn grow(
        &mut self,
        last_passage: i64,
        layout: &Layout,
        read: impl FnOnce(i64, &mut dyn FnMut(TurnPassages<'_, N::Passage>)) -> rusqlite::Result<i64>,
    ) -> rusqlite::Result<bool> {
        if last_passage <= self.last_passage {
            return Ok(false);
        }
        let snapshot = Arc::make_mut(&mut self.snapshot);
        let mut finder = layout.row_finder();
        self.last_passage = read(self.last_passage, &mut |turn| {
            // A turn that a later read saw deleted is not in the layout.
            if let Some(row) = finder.row(turn.turn) {
                snapshot.add(row, &turn);
            }
        })?;
        Ok(true)
    }
}

fn state_in_file(connection: &Connection, user_id: i64) -> rusqlite::Result<State> {
    connection
        .prepare_cached("SELECT deletions, last_turn FROM users WHERE id = ?1")?
        .query_row([user_id], |row| Ok(State { deletions: row.get(0)?, last_turn: row.get(1)? }))
        .optional()
        .map(Option::unwrap_or_default)
}

/// One user's vectors under one model on disk.
struct VectorsInFile<'a> {
    connection: &'a Connection,
    user_id: i64,
    model_id: i64,
}

impl VectorsInFile<'_> {
    fn last_passage(&self) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(
                "SELECT coalesce(max(id), 0) FROM passages WHERE user_id = ?1 AND model_id = ?2",
            )?
            .query_row(params![self.user_id, self.model_id], |row| row.get(0))
    }

    fn count(&self) -> rusqlite::Result<usize> {
        code_blocks::count(self.connection, self.user_id, self.model_id)
    }

    fn codes(
        &self,
        after: i64,
        add: &mut dyn FnMut(TurnPassages<'_, Code>),
    ) -> rusqlite::Result<()> {
        code_blocks::read(self.connection, self.user_id, self.model_id, after, add)
    }

    /// Reads the turns whose passages are newer than `after`, until they have `enough` passages;
    /// returns the last one read if there may be more. The passages of one turn were written in
    /// one transaction, so their numbers follow one another.
    fn whole(
        &self,
        after: i64,
        enough: usize,
        add: &mut dyn FnMut(TurnPassages<'_, Embedding>),
    ) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT p.id, v.vector, p.turn_id FROM passages p JOIN vectors v ON v.passage_id = p.id
             WHERE p.user_id = ?1 AND p.model_id = ?2 AND p.id > ?3 ORDER BY p.id",
        )?;
        let mut rows = statement.query(params![self.user_id, self.model_id, after])?;
        let mut last: Option<(TurnId, i64)> = None;
        let mut passages = Vec::new();
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let passage = row.get(0)?;
            let turn = TurnId(row.get(2)?);
            match last {
                Some((last, _)) if last == turn => {}
                _ => {
                    if let Some((turn, first_passage)) = last.replace((turn, passage)) {
                        add(TurnPassages { turn, first_passage, passages: &passages });
                        read += passages.len();
                        if read >= enough {
                            return Ok(Some(first_passage + passages.len() as i64 - 1));
                        }
                    }
                    passages.clear();
                }
            }
            let vector = decode(row.get_ref(1)?.as_blob()?)
                .map_err(|reason| BadVector { passage, reason }.in_column(1))?;
            passages.push(vector);
        }
        if let Some((turn, first_passage)) = last {
            add(TurnPassages { turn, first_passage, passages: &passages });
        }
        Ok(None)
    }
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
        insert_with_vectors(store, embedder, 1)
    }

    fn insert_with_vectors(store: &Store, embedder: &WordHashEmbedder, count: usize) -> TurnId {
        let turn = turn("talk", "lisbon", 0);
        let turn = store.insert_turns(&user("ana"), &[turn]).unwrap()[0].id;
        let span = embedder.passages("lisbon").unwrap()[0];
        let passages = vec![(span, embedder.vector("lisbon")); count];
        store.write_vectors(embedder.model(), &[EmbeddedTurn { turn, passages }], 0).unwrap();
        turn
    }

    #[test]
    fn vectors_that_are_read_a_few_at_a_time_end_with_a_turn_and_come_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let embedder = WordHashEmbedder::default();
        store.begin_indexing(embedder.model(), false).unwrap();
        let counts = [1, 3, 2, 1, 1, 4, 2];
        let turns = counts.map(|count| insert_with_vectors(&store, &embedder, count));
        store
            .connections
            .read(|connection| {
                let user_id = user_id(connection, &user("ana"))?.unwrap();
                let model_id = model_id(connection, embedder.model())?.unwrap();
                let file = VectorsInFile { connection, user_id, model_id };
                for enough in 1..16 {
                    let (mut after, mut read, mut reads) = (Some(0), Vec::new(), 0);
                    while let Some(last) = after {
                        let before = read.len();
                        after = file.whole(last, enough, &mut |turn| {
                            read.push((turn.turn, turn.passages.len()));
                        })?;
                        let passages: usize = read[before..].iter().map(|(_, count)| count).sum();
                        assert!(passages >= enough || after.is_none(), "{passages} of {enough}");
                        reads += 1;
                    }
                    assert_eq!(read, turns.into_iter().zip(counts).collect::<Vec<_>>());
                    assert!(reads <= 14 / enough + 1, "{reads} reads of {enough}");
                }
                Ok(())
            })
            .unwrap();
    }

    /// Two threads read; the one that began first asks for the snapshot last.
    #[test]
    fn a_read_that_began_earlier_does_not_set_the_snapshot_back() {
        for whole in [true, false] {
            check_reads_that_overlap(whole);
        }
    }

    fn check_reads_that_overlap(whole: bool) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let embedder = WordHashEmbedder::default();
        store.begin_indexing(embedder.model(), false).unwrap();
        let first = insert_with_vector(&store, &embedder);
        let scope = Scope::of(user("ana"));
        let vectors = |connection: &Connection| {
            let user = user_id(connection, &scope.user)?.unwrap();
            let view = store.users.view(connection, user, Some(embedder.model()), |_| whole)?;
            Ok(match view.vectors.unwrap() {
                Vectors::Whole(snapshot) => snapshot.passages(),
                Vectors::Coded { codes, .. } => codes.passages(),
            })
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
