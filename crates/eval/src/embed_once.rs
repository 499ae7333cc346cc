//! An embedder that remembers what it has embedded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
/// assert_eq!(once.embed(&["Where?"])?, once.embed(&["Where?"])?);
/// assert_eq!(inner.embedded(), 1);
/// # Ok::<(), longmem_core::EmbedError>(())
/// ```
pub struct EmbedOnce {
    inner: Arc<dyn TextEmbedder>,
    known: Mutex<HashMap<String, Embedding>>,
}

impl EmbedOnce {
    /// Remembers what `inner` embeds.
    pub fn new(inner: Arc<dyn TextEmbedder>) -> Self {
        Self { inner, known: Mutex::default() }
    }
}

impl TextEmbedder for EmbedOnce {
    fn model(&self) -> &EmbeddingModel {
        self.inner.model()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new: Vec<&str> = texts.to_vec();
        {
            let known = known();
            new.retain(|text| !known.contains_key(*text));
        }
        new.sort_unstable();
        new.dedup();
        // Nothing is locked meanwhile: two who ask for the same at once embed it twice.
        let vectors = if new.is_empty() { Vec::new() } else { self.inner.embed(&new)? };
        let mut known = known();
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
