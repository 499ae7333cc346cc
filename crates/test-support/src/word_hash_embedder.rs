//! An embedder whose similarities mean something, without a model.

use std::sync::atomic::{AtomicUsize, Ordering};

use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, TextEmbedder, fnv1a};

/// Hashes each word into one of 384 slots, so that texts that share words are nearer.
/// Deterministic on every machine. A passage is at most 50 words.
pub struct WordHashEmbedder {
    model: EmbeddingModel,
    embedded: AtomicUsize,
}

/// Numbers in each vector.
const SLOTS: usize = 384;

/// Words of a passage at most.
const WORDS_PER_PASSAGE: usize = 50;

impl Default for WordHashEmbedder {
    fn default() -> Self {
        Self::with_revision("1")
    }
}

impl WordHashEmbedder {
    /// Makes one that counts as another model, whose vectors differ.
    pub fn with_revision(revision: &str) -> Self {
        let model = EmbeddingModel {
            name: "word-hash".to_owned(),
            revision: revision.to_owned(),
            dimensions: SLOTS,
            pooling: "mean".to_owned(),
            normalized: true,
            window: WORDS_PER_PASSAGE,
        };
        Self { model, embedded: AtomicUsize::new(0) }
    }

    /// How many texts it embedded since it was made.
    pub fn embedded(&self) -> usize {
        self.embedded.load(Ordering::Relaxed)
    }

    /// The vector of one text.
    ///
    /// # Panics
    /// Never: a text without words gets a fixed direction.
    pub fn vector(&self, text: &str) -> Embedding {
        let mut slots = vec![0.0; SLOTS];
        slots[slot(&self.model.revision)] += 0.1;
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                slots[slot(word)] += 1.0;
            }
        }
        Embedding::normalized(slots).expect("one slot at least is not zero")
    }
}

/// The slot of a word.
fn slot(word: &str) -> usize {
    (fnv1a(word.as_bytes()) % SLOTS as u64) as usize
}

impl TextEmbedder for WordHashEmbedder {
    fn model(&self) -> &EmbeddingModel {
        &self.model
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.embedded.fetch_add(1, Ordering::Relaxed);
        Ok(self.vector(text))
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.embedded.fetch_add(texts.len(), Ordering::Relaxed);
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        let mut words = Vec::new();
        for (at, character) in text.char_indices() {
            let begins = !character.is_whitespace()
                && text[..at].chars().next_back().is_none_or(char::is_whitespace);
            if begins {
                words.push(at);
            }
        }
        let starts: Vec<usize> = words.iter().copied().step_by(WORDS_PER_PASSAGE).collect();
        if starts.is_empty() {
            return Ok(vec![PassageSpan { start: 0, end: text.len(), tokens: 0 }]);
        }
        Ok(starts
            .iter()
            .enumerate()
            .map(|(position, start)| PassageSpan {
                start: *start,
                end: starts.get(position + 1).copied().unwrap_or(text.len()),
                tokens: WORDS_PER_PASSAGE.min(words.len() - position * WORDS_PER_PASSAGE),
            })
            .collect())
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}
