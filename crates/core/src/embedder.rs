//! What turns text into vectors, seen from the layers that use it.

use serde::{Deserialize, Serialize};

use crate::{Diagnose, Embedding};

/// The identity of an embedding model; vectors of two models are never compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EmbeddingModel {
    /// The published name, as `sentence-transformers/all-MiniLM-L6-v2`.
    pub name: String,
    /// The revision of the weights: a commit, or a digest of the file.
    pub revision: String,
    /// Numbers per vector.
    pub dimensions: usize,
    /// How token vectors become one: `mean`.
    pub pooling: String,
    /// Whether vectors have unit length.
    pub normalized: bool,
    /// Tokens that the model sees at once, the special ones included.
    pub window: usize,
}

/// A piece of a turn's text that fits the model's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassageSpan {
    /// The first byte in the turn's text, on a character boundary.
    pub start: usize,
    /// One past the last byte, on a character boundary.
    pub end: usize,
    /// Its length in the model's tokens, the special ones included: at most the window.
    pub tokens: usize,
}

/// Why a text could not be embedded; the concrete error knows its fault and hints.
pub type EmbedError = Box<dyn Diagnose>;

/// Turns text into unit vectors. Implementations may be slow to become ready: the first call of
/// [`embed`](TextEmbedder::embed) or [`passages`](TextEmbedder::passages) may load the model.
pub trait TextEmbedder: Send + Sync {
    /// The model's identity; never loads anything.
    fn model(&self) -> &EmbeddingModel;

    /// Embeds texts, one vector each, in the order given. A text's vector does not depend on the
    /// others in the call.
    ///
    /// # Errors
    /// When the model cannot be loaded or run.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError>;

    /// Cuts a text into passages that the model sees whole: at least one, in order, covering
    /// everything but white space; neighbours may overlap.
    ///
    /// # Errors
    /// When the tokenizer cannot be loaded or run.
    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError>;

    /// How many tokens were cut off by [`embed`](TextEmbedder::embed) since the start, because a
    /// text was longer than the window. 0 as long as only passages are embedded.
    fn truncated_tokens(&self) -> u64;
}
