//! A store of any size, made for measuring.

use std::path::Path;

use fastrand::Rng;
use longmem_core::{Embedding, EmbeddingModel, NewTurn, PassageSpan, UserName};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{EmbeddedTurn, Turns, Vectors};

use crate::failure::Failure;
use crate::output::Output;
use crate::progress_bar;

use super::made_up_history::turns;
use super::stopwatch::Stopwatch;

/// Turns that are stored in one transaction.
const BATCH: usize = 1_000;

/// How far a mixture may lie off the line between the two vectors it is of, in each number.
const SCATTER: f32 = 0.02;

/// One of the users whose memory is made, by number from 0.
pub(super) fn user(number: usize) -> UserName {
    UserName::new(format!("bench {number}")).expect("a short name is valid")
}

/// Fills a new store with made-up turns, one for each vector; each list of vectors is the memory of
/// another user. Turns are numbered from 1 on, in the order of the vectors.
///
/// # Errors
/// [`Failure::Store`] if the store cannot be written; [`Failure::Interrupted`].
pub(super) fn fill(
    path: &Path,
    model: &EmbeddingModel,
    memories: impl Iterator<Item = impl Iterator<Item = Embedding>>,
    total: usize,
    stopwatch: &Stopwatch,
    output: Output,
) -> Result<SqliteStore, Failure> {
    let bar = progress_bar::counting(output, total as u64, "passages stored");
    let store = SqliteStore::open(path, IfMissing::Create)?;
    store.begin_indexing(model, false)?;
    for (number, vectors) in memories.enumerate() {
        let mut pairs = turns(1).zip(vectors);
        loop {
            stopwatch.check()?;
            let batch: Vec<(NewTurn, Embedding)> = pairs.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            bar.inc(batch.len() as u64);
            store_batch(&store, model, &user(number), batch)?;
        }
    }
    bar.finish_and_clear();
    // Closing writes the log into the file, as every process does that ends.
    drop(store);
    Ok(SqliteStore::open(path, IfMissing::Fail)?)
}

fn store_batch(
    store: &SqliteStore,
    model: &EmbeddingModel,
    user: &UserName,
    batch: Vec<(NewTurn, Embedding)>,
) -> Result<(), Failure> {
    let (turns, vectors): (Vec<NewTurn>, Vec<Embedding>) = batch.into_iter().unzip();
    let inserted = store.insert_turns(user, &turns)?;
    let embedded: Vec<EmbeddedTurn> = inserted
        .iter()
        .zip(&turns)
        .zip(vectors)
        .map(|((inserted, turn), vector)| {
            // A made-up turn has 30 words of about three tokens each.
            let span = PassageSpan { start: 0, end: turn.text.len(), tokens: 100 };
            EmbeddedTurn { user: user.clone(), turn: inserted.id, passages: vec![(span, vector)] }
        })
        .collect();
    store.write_vectors(model, &embedded, 0)?;
    Ok(())
}

/// Makes vectors without end out of real ones: those themselves, and then mixtures of two with a
/// little scatter, which lie where the model's vectors lie.
pub(super) fn mixtures(real: Vec<Embedding>) -> impl Iterator<Item = Embedding> {
    let mut random = Rng::with_seed(1);
    (0..).map(move |number| match real.get(number) {
        Some(vector) => vector.clone(),
        None => {
            let (a, b) = (&real[random.usize(..real.len())], &real[random.usize(..real.len())]);
            mixture(a, b, &mut random)
        }
    })
}

fn mixture(a: &Embedding, b: &Embedding, random: &mut Rng) -> Embedding {
    let share = random.f32();
    let pairs = a.as_slice().iter().zip(b.as_slice());
    let numbers = pairs
        .map(|(a, b)| share * a + (1.0 - share) * b + SCATTER * (2.0 * random.f32() - 1.0))
        .collect();
    Embedding::normalized(numbers).expect("scattered numbers are not all zero")
}
