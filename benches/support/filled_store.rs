//! Stores that hold turns with vectors.

use fastrand::Rng;
use longmem_core::{Embedding, EmbeddingModel, PassageSpan, UserName};
use longmem_store::{EmbeddedTurn, IfMissing, Store};
use tempfile::TempDir;

use crate::support::turns;

/// Turns that are stored in one transaction.
const BATCH: usize = 1_000;

/// A store in a temporary folder, with one passage and vector for each turn.
pub(crate) struct FilledStore {
    pub(crate) store: Store,
    /// The user of whom searches are timed; all have the same number of turns.
    pub(crate) user: UserName,
    /// Dropped, and with it deleted, after the store is closed.
    _folder: TempDir,
}

impl FilledStore {
    /// Makes a store of so many users, with so many turns each.
    pub(crate) fn new(users: usize, turns_each: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("memory.db");
        let store = Store::open(&path, IfMissing::Create).expect("a new store");
        let model = made_up_model();
        store.begin_indexing(&model, false).expect("a store without vectors takes any model");
        let mut directions = directions(1);
        for user in 0..users {
            fill(&store, &model, &user_name(user), turns_each, &mut directions);
        }
        // Closing writes the log into the file, as every process does that ends.
        drop(store);
        let store = Store::open(&path, IfMissing::Fail).expect("the store that was just made");
        Self { store, user: user_name(users / 2), _folder: folder }
    }
}

/// Numbers in each vector.
const DIMENSIONS: usize = 384;

/// The model that stored vectors are said to be of.
pub(crate) fn made_up_model() -> EmbeddingModel {
    EmbeddingModel {
        name: "made-up directions".to_owned(),
        revision: "1".to_owned(),
        dimensions: DIMENSIONS,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 256,
    }
}

fn user_name(number: usize) -> UserName {
    UserName::new(format!("user {number}")).expect("a short name")
}

fn fill(
    store: &Store,
    model: &EmbeddingModel,
    user: &UserName,
    count: usize,
    directions: &mut impl Iterator<Item = Embedding>,
) {
    let turns: Vec<_> = turns(1).take(count).collect();
    for batch in turns.chunks(BATCH) {
        let inserted = store.insert_turns(user, batch).expect("turns can be stored");
        let embedded: Vec<EmbeddedTurn> = inserted
            .iter()
            .zip(batch)
            .zip(&mut *directions)
            .map(|((inserted, turn), vector)| {
                let span = PassageSpan { start: 0, end: turn.text.len(), tokens: 100 };
                EmbeddedTurn { turn: inserted.id, passages: vec![(span, vector)] }
            })
            .collect();
        store.write_vectors(model, &embedded, 0).expect("vectors can be stored");
    }
}

/// Makes directions without end, scattered around a hundred centres as sentences are around their
/// subjects.
pub(crate) fn directions(seed: u64) -> impl Iterator<Item = Embedding> {
    let mut random = Rng::with_seed(seed);
    let centres: Vec<[f32; DIMENSIONS]> =
        (0..100).map(|_| std::array::from_fn(|_| random.f32() - 0.5)).collect();
    std::iter::repeat_with(move || {
        let centre = centres[random.usize(..centres.len())];
        let numbers = centre.iter().map(|number| number + random.f32() - 0.5).collect();
        Embedding::normalized(numbers).expect("random numbers are not all zero")
    })
}
