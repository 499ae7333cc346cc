//! Memories of any size, filled with a made-up history.

use std::sync::Arc;

use fastrand::Rng;
use longmem_core::{Embedding, EmbeddingModel, NewTurn, TextEmbedder, UserName};
use longmem_memory::{IndexOptions, Memory, MemoryError};

use crate::history::turns;
use crate::{BenchError, GivenVectors, Stopwatch};

/// Number of turns that are stored in one transaction.
const TURNS_PER_BATCH: usize = 1_024;

/// How far each number of a mixture may be from the line between its two vectors.
const SCATTER: f32 = 0.02;

/// The seed of the made-up texts.
const SEED: u64 = 1;

/// A user whose memory is made up, by number from 0.
///
/// # Panics
/// Never: the names are short.
pub fn user(number: usize) -> UserName {
    UserName::new(format!("bench {number}")).expect("a short name is valid")
}

/// Fills an empty memory with made-up turns, one for each vector. Each list of vectors becomes the
/// memory of another [`user`], whose turns are those of [`turns`] in the order of the vectors.
///
/// `open` makes the memory, given an embedder that says its vectors are of `model`. `progress` is
/// called after each batch with its number of turns.
///
/// # Errors
/// [`BenchError::Memory`] if the memory cannot be written; [`BenchError::Stopped`].
pub fn fill<I: Iterator<Item = Embedding>>(
    open: &dyn Fn(Arc<dyn TextEmbedder>) -> Result<Memory, MemoryError>,
    model: &EmbeddingModel,
    lists: impl IntoIterator<Item = I>,
    stopwatch: &Stopwatch,
    progress: &mut dyn FnMut(u64),
) -> Result<(), BenchError> {
    let embedder = Arc::new(GivenVectors::new(model.clone()));
    let memory = open(embedder.clone())?;
    for (number, vectors) in lists.into_iter().enumerate() {
        let mut pairs = turns(SEED).zip(vectors);
        loop {
            stopwatch.check()?;
            let batch = pairs.by_ref().take(TURNS_PER_BATCH);
            let (turns, vectors): (Vec<NewTurn>, Vec<Embedding>) = batch.unzip();
            if turns.is_empty() {
                break;
            }
            memory.remember(&user(number), &turns)?;
            embedder.set_passages(turns.iter().map(|turn| turn.text.clone()).zip(vectors));
            memory.index(IndexOptions::default(), &mut |_| std::ops::ControlFlow::Continue(()))?;
            progress(turns.len() as u64);
        }
    }
    Ok(())
}

/// Makes vectors without end out of real ones: first those themselves, then mixtures of two with a
/// little scatter. They are distributed like the model's vectors.
///
/// # Panics
/// If there are no real vectors.
pub fn mixtures(real: Vec<Embedding>) -> impl Iterator<Item = Embedding> {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use longmem_core::{FixedClock, Scope, Timestamp};
    use longmem_memory::{Channels, RankingParameters, RecallRequest};
    use longmem_sqlite::{IfMissing, SqliteStore};

    use super::*;
    use crate::history::number_at;

    fn memory(file: &Path, embedder: Arc<dyn TextEmbedder>) -> Result<Memory, MemoryError> {
        let store = SqliteStore::open(file, IfMissing::Create)?;
        Ok(Memory::new(Arc::new(store), embedder, Arc::new(FixedClock(Timestamp::UNIX_EPOCH))))
    }

    fn vectors(count: usize) -> Vec<Embedding> {
        let mut random = Rng::with_seed(3);
        let mut vector = || (0..384).map(|_| random.f32() - 0.5).collect();
        (0..count).map(|_| Embedding::normalized(vector()).unwrap()).collect()
    }

    #[test]
    fn each_vector_belongs_to_its_turn_and_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.db");
        let model = EmbeddingModel {
            name: "made up".to_owned(),
            revision: "1".to_owned(),
            dimensions: 384,
            pooling: "mean".to_owned(),
            normalized: true,
            window: 256,
        };
        let vectors = vectors(1_100);
        let lists = [0, 1].map(|user| vectors.iter().skip(user).step_by(2).cloned());
        let mut stored = 0;
        let open = |embedder| memory(&file, embedder);
        let stopwatch = Stopwatch::new(|| false);
        fill(&open, &model, lists, &stopwatch, &mut |turns| stored += turns).unwrap();
        assert_eq!(stored, 1_100);

        let embedder = Arc::new(GivenVectors::new(model));
        let memory = memory(&file, embedder.clone()).unwrap();
        for number in [0, 1, 2, 1_023, 1_099] {
            embedder.set_query(vectors[number].clone());
            let mut request = RecallRequest::new(Scope::of(user(number % 2)), "any text");
            request.channels = Channels::Meaning;
            request.ranking = RankingParameters::PLAIN;
            let best = &memory.recall(&request).unwrap().results[0].turn;
            assert_eq!(number_at(best.time), number / 2);
        }
    }

    #[test]
    fn mixtures_begin_with_the_real_vectors_and_are_the_same_in_every_run() {
        let real = vectors(3);
        let mixed: Vec<Embedding> = mixtures(real.clone()).take(10).collect();
        assert_eq!(mixed[..3], real);
        assert_eq!(mixtures(real).take(10).collect::<Vec<_>>(), mixed);
    }
}
