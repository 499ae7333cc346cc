//! An embedder whose vectors are made elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use longmem_core::{
    Diagnose, EmbedError, Embedding, EmbeddingModel, ErrorCode, Fault, PassageSpan, TextEmbedder,
};
use thiserror::Error;

/// Gives texts the vectors that were set for them, so that a memory can be filled with any vectors
/// and be asked with any other. A text is one passage.
pub struct GivenVectors {
    model: EmbeddingModel,
    passages: Mutex<HashMap<String, Embedding>>,
    query: Mutex<Option<Embedding>>,
}

/// A text for which no vector was set.
#[derive(Debug, Error)]
#[error("no vector was given for \"{0}\"")]
struct MissingVector(String);

impl Diagnose for MissingVector {
    fn code(&self) -> ErrorCode {
        ErrorCode::Bug
    }

    fn fault(&self) -> Fault {
        Fault::Bug
    }
}

fn missing(text: &str) -> EmbedError {
    Box::new(MissingVector(text.to_owned()))
}

/// Tokens that a passage is said to have: about three for each of the 30 words of a made-up turn.
const PASSAGE_TOKENS: usize = 100;

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GivenVectors {
    /// An embedder without vectors, which says that they are of `model`.
    pub fn new(model: EmbeddingModel) -> Self {
        Self { model, passages: Mutex::default(), query: Mutex::default() }
    }

    /// Sets the vectors of the next passages, and forgets those of earlier ones.
    pub fn set_passages(&self, vectors: impl IntoIterator<Item = (String, Embedding)>) {
        *locked(&self.passages) = vectors.into_iter().collect();
    }

    /// Sets the vector of the next queries, whatever their text; until then a query gets that of the passage
    /// with its text.
    pub fn set_query(&self, vector: Embedding) {
        *locked(&self.query) = Some(vector);
    }
}

impl TextEmbedder for GivenVectors {
    fn model(&self) -> &EmbeddingModel {
        &self.model
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        let vector = locked(&self.query).clone();
        vector.or_else(|| locked(&self.passages).get(text).cloned()).ok_or_else(|| missing(text))
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let vectors = locked(&self.passages);
        let vector = |text: &&str| vectors.get(*text).cloned().ok_or_else(|| missing(text));
        texts.iter().map(vector).collect()
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        Ok(vec![PassageSpan { start: 0, end: text.len(), tokens: PASSAGE_TOKENS }])
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}
