//! An embedder that remembers what it has embedded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, TextEmbedder};

/// Embeds each text once, however often it is asked for: for questions that are asked again and
/// again with other parameters, and turns that come again in other stores.
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
    queries: Mutex<Known>,
    passages: Mutex<Known>,
}

type Known = HashMap<String, Embedding>;

fn locked(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl EmbedOnce {
    /// Remembers what `inner` embeds.
    pub fn new(inner: Arc<dyn TextEmbedder>) -> Self {
        Self { inner, queries: Mutex::default(), passages: Mutex::default() }
    }
}

impl TextEmbedder for EmbedOnce {
    fn model(&self) -> &EmbeddingModel {
        self.inner.model()
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        if let Some(vector) = locked(&self.queries).get(text) {
            return Ok(vector.clone());
        }
        // Nothing is locked meanwhile: two who ask for the same at once embed it twice.
        let vector = self.inner.embed_query(text)?;
        locked(&self.queries).insert(text.to_owned(), vector.clone());
        Ok(vector)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let mut new: Vec<&str> = texts.to_vec();
        {
            let known = locked(&self.passages);
            new.retain(|text| !known.contains_key(*text));
        }
        new.sort_unstable();
        new.dedup();
        let vectors = if new.is_empty() { Vec::new() } else { self.inner.embed_passages(&new)? };
        let mut known = locked(&self.passages);
        known.extend(new.into_iter().map(str::to_owned).zip(vectors));
        Ok(texts.iter().map(|text| known[*text].clone()).collect())
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.inner.passages(text)
    }

    fn truncated_tokens(&self) -> u64 {
        self.inner.truncated_tokens()
    }
}
