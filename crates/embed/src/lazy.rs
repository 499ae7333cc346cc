//! The model, found and loaded when it is first needed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, TextEmbedder};

use crate::passages;
use crate::tokenizer::WindowTokenizer;
use crate::{Compute, EmbedderError, FetchEvent, Manifest, MiniLm, ModelFiles, ModelSources};

/// all-MiniLM-L6-v2, found or downloaded and loaded by the first call that needs it.
///
/// [`model`](TextEmbedder::model) answers at once; [`passages`](TextEmbedder::passages) waits for
/// the tokenizer only. A call that fails to find or load the model returns the error, and the next
/// one tries again.
///
/// # Examples
/// ```no_run
/// use std::sync::Arc;
/// use longmem_core::TextEmbedder;
/// use longmem_embed::{Device, LazyEmbedder, Manifest, ModelSources};
///
/// let sources = ModelSources::new("/var/lib/longmem/models");
/// let manifest = Manifest::all_minilm_l6_v2();
/// let embedder = LazyEmbedder::new(manifest, sources, Device::Cpu, Arc::new(|_event| {}));
/// assert_eq!(embedder.model().dimensions, 384);
/// let vector = embedder.embed_query("the first call loads it").map_err(|e| e.to_string())?;
/// assert_eq!(vector.width(), 384);
/// # Ok::<(), String>(())
/// ```
pub struct LazyEmbedder {
    identity: EmbeddingModel,
    manifest: Manifest,
    sources: ModelSources,
    compute: Compute,
    on_event: Arc<dyn Fn(FetchEvent<'_>) + Send + Sync>,
    files: Once<ModelFiles>,
    tokenizer: Once<Arc<WindowTokenizer>>,
    model: Once<MiniLm>,
}

impl LazyEmbedder {
    /// Says where the model will come from, where or how ([`Device`](crate::Device) or [`Compute`])
    /// it will be computed, and who is told about a download.
    pub fn new(
        manifest: Manifest,
        sources: ModelSources,
        compute: impl Into<Compute>,
        on_event: Arc<dyn Fn(FetchEvent<'_>) + Send + Sync>,
    ) -> Self {
        Self {
            identity: manifest.embedding_model(),
            manifest,
            sources,
            compute: compute.into(),
            on_event,
            files: Once::default(),
            tokenizer: Once::default(),
            model: Once::default(),
        }
    }

    /// The model's files, found or downloaded by the first call.
    ///
    /// # Errors
    /// As [`ModelSources::fetch`].
    pub fn files(&self) -> Result<&ModelFiles, EmbedderError> {
        self.files.get(|| self.sources.fetch(&self.manifest, &mut |event| (self.on_event)(event)))
    }

    fn tokenizer(&self) -> Result<&Arc<WindowTokenizer>, EmbedderError> {
        self.tokenizer.get(|| {
            let path = &self.files()?.tokenizer;
            WindowTokenizer::load(path, self.manifest.window).map(Arc::new)
        })
    }

    fn loaded(&self) -> Result<&MiniLm, EmbedderError> {
        self.model.get(|| {
            MiniLm::load_beside(&self.manifest, self.files()?, self.compute, || {
                self.tokenizer().cloned()
            })
        })
    }
}

impl TextEmbedder for LazyEmbedder {
    fn model(&self) -> &EmbeddingModel {
        &self.identity
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.loaded().map_err(|error| Box::new(error) as EmbedError)?.embed_query(text)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.loaded().map_err(|error| Box::new(error) as EmbedError)?.embed_passages(texts)
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.tokenizer()
            .and_then(|tokenizer| passages::passages(tokenizer, text))
            .map_err(|error| Box::new(error) as EmbedError)
    }

    fn truncated_tokens(&self) -> u64 {
        self.model.value.get().map_or(0, MiniLm::truncated_tokens)
    }
}

/// A value made by the first caller for whom making it succeeds.
struct Once<T> {
    value: OnceLock<T>,
    making: Mutex<()>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { value: OnceLock::new(), making: Mutex::new(()) }
    }
}

impl<T> Once<T> {
    fn get(&self, make: impl FnOnce() -> Result<T, EmbedderError>) -> Result<&T, EmbedderError> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        // The lock guards no data, so a caller that panicked left nothing broken.
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        match self.value.get() {
            Some(value) => Ok(value),
            None => {
                let value = make()?;
                Ok(self.value.get_or_init(|| value))
            }
        }
    }
}
