//! An embedder that embeds each text once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, TextEmbedder};

/// Keeps every vector that it made, so that a question that is asked again with other parameters,
/// or a turn that stands in several memories, is embedded once.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use longmem_core::TextEmbedder;
/// use longmem_eval::EmbedOnce;
/// use longmem_test_support::WordHashEmbedder;
///
/// let inner = Arc::new(WordHashEmbedder::default());
/// let once = EmbedOnce::new(inner.clone());
/// assert_eq!(once.embed_query("Where?")?, once.embed_query("Where?")?);
/// assert_eq!(inner.embedded(), 1);
/// # Ok::<(), longmem_core::EmbedError>(())
/// ```
pub struct EmbedOnce {
    inner: Arc<dyn TextEmbedder>,
    queries: Mutex<Vectors>,
    passages: Mutex<Vectors>,
}

/// The vector of each text.
type Vectors = HashMap<String, Embedding>;

fn locked(vectors: &Mutex<Vectors>) -> MutexGuard<'_, Vectors> {
    vectors.lock().unwrap_or_else(PoisonError::into_inner)
}

impl EmbedOnce {
    /// Keeps what `inner` embeds.
    pub fn new(inner: Arc<dyn TextEmbedder>) -> Self {
        Self { inner, queries: Mutex::default(), passages: Mutex::default() }
    }
}

// No lock is held while embedding: two threads that ask for the same text at the same moment both
// embed it.
impl TextEmbedder for EmbedOnce {
    fn model(&self) -> &EmbeddingModel {
        self.inner.model()
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        if let Some(vector) = locked(&self.queries).get(text) {
            return Ok(vector.clone());
        }
        let vector = self.inner.embed_query(text)?;
        locked(&self.queries).insert(text.to_owned(), vector.clone());
        Ok(vector)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let mut new: Vec<&str> = texts.to_vec();
        {
            let vectors = locked(&self.passages);
            new.retain(|text| !vectors.contains_key(*text));
        }
        new.sort_unstable();
        new.dedup();
        let made = if new.is_empty() { Vec::new() } else { self.inner.embed_passages(&new)? };
        let mut vectors = locked(&self.passages);
        vectors.extend(new.into_iter().map(str::to_owned).zip(made));
        Ok(texts.iter().map(|text| vectors[*text].clone()).collect())
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.inner.passages(text)
    }

    fn truncated_tokens(&self) -> u64 {
        self.inner.truncated_tokens()
    }
}
