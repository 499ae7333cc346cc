//! What turns text into vectors, seen from the layers that use it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Diagnose, Embedding, InvalidEmbedding};

/// The identity of an embedding model; vectors of two models are never compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EmbeddingModel {
    /// The published name, as `sentence-transformers/all-MiniLM-L6-v2`.
    pub name: String,
    /// The revision of the weights: a commit, or a digest of the file.
    pub revision: String,
    /// Numbers in each vector.
    pub dimensions: usize,
    /// How the vectors of tokens become one: `mean`.
    pub pooling: String,
    /// Whether vectors have unit length.
    pub normalized: bool,
    /// Tokens that the model sees at once, the special ones included.
    pub window: usize,
}

impl EmbeddingModel {
    /// Checks that a vector has the width of this model's.
    ///
    /// # Errors
    /// [`InvalidEmbedding::Width`] if it has not.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::{Embedding, EmbeddingModel};
    ///
    /// let model = EmbeddingModel {
    ///     name: "sentence-transformers/all-MiniLM-L6-v2".to_owned(),
    ///     revision: "c9745ed1".to_owned(),
    ///     dimensions: 384,
    ///     pooling: "mean".to_owned(),
    ///     normalized: true,
    ///     window: 256,
    /// };
    /// let other = Embedding::normalized(vec![1.0; 768])?;
    /// let error = model.check_width(&other).unwrap_err();
    /// assert_eq!(error.to_string(), "the embedding has 768 numbers, expected 384");
    /// # Ok::<(), longmem_core::InvalidEmbedding>(())
    /// ```
    pub fn check_width(&self, embedding: &Embedding) -> Result<(), InvalidEmbedding> {
        let (expected, actual) = (self.dimensions, embedding.width());
        if actual == expected { Ok(()) } else { Err(InvalidEmbedding::Width { expected, actual }) }
    }
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

/// Why a text could not be embedded; the concrete error knows its fault and remedies.
pub type EmbedError = Box<dyn Diagnose>;

/// How soon an embedder can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// At once.
    Ready,
    /// After the model is loaded, which nobody has begun.
    NotLoaded,
    /// After the model is fetched, which nobody has begun: it is not on this machine. The next call that
    /// needs it fetches it, where it may.
    Missing,
    /// After the model is loaded, which somebody is doing.
    Loading,
    /// Perhaps never: the model could not be found or loaded when that was last tried. The next call
    /// that needs it tries again.
    Failed,
}

/// Turns text into vectors of unit length, each as wide as [`model`](TextEmbedder::model) says.
///
/// A query and a passage are embedded by two methods, because some models put different words
/// before them; for others both give the same vector.
///
/// Implementations may be slow to become ready: the first call of any method but
/// [`model`](TextEmbedder::model), [`readiness`](TextEmbedder::readiness) and
/// [`truncated_tokens`](TextEmbedder::truncated_tokens) may load the model.
pub trait TextEmbedder: Send + Sync {
    /// The model's identity; never loads anything.
    fn model(&self) -> &EmbeddingModel;

    /// Says how soon the other methods can answer; never loads anything, and never waits.
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    /// Loads the model if it is not loaded yet, so that later calls answer at once.
    ///
    /// # Errors
    /// When the model cannot be loaded.
    fn load(&self) -> Result<(), EmbedError> {
        Ok(())
    }

    /// Embeds a question or message that passages are searched with.
    ///
    /// # Errors
    /// When the model cannot be loaded or run.
    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError>;

    /// Embeds several questions, one vector each, in the order given, as [`embed_query`] embeds one.
    ///
    /// [`embed_query`]: TextEmbedder::embed_query
    ///
    /// # Errors
    /// When the model cannot be loaded or run.
    fn embed_queries(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        texts.iter().map(|text| self.embed_query(text)).collect()
    }

    /// Embeds passages to be searched, one vector each, in the order given. A text's vector does
    /// not depend on the others in the call.
    ///
    /// # Errors
    /// When the model cannot be loaded or run.
    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError>;

    /// Cuts a text into passages that the model sees whole: at least one, in order, covering
    /// everything but white space; neighbours may overlap.
    ///
    /// # Errors
    /// When the tokenizer cannot be loaded or run.
    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError>;

    /// How many tokens were cut off since the start, because a text to embed was longer than the
    /// window. 0 as long as only passages are embedded.
    fn truncated_tokens(&self) -> u64;
}
