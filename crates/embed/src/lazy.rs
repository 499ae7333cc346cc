//! The model, found and loaded when it is first needed.

use std::sync::Arc;

use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, Readiness, TextEmbedder};

use crate::once::OnceMade;
use crate::passages::passages;
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
/// let vector = embedder.embed_query("the first call loads it")?;
/// assert_eq!(vector.width(), 384);
/// # Ok::<(), longmem_core::EmbedError>(())
/// ```
pub struct LazyEmbedder {
    identity: EmbeddingModel,
    manifest: Manifest,
    sources: ModelSources,
    compute: Compute,
    on_event: Arc<dyn Fn(FetchEvent<'_>) + Send + Sync>,
    files: OnceMade<ModelFiles>,
    tokenizer: OnceMade<Arc<WindowTokenizer>>,
    model: OnceMade<MiniLm>,
}

impl LazyEmbedder {
    /// Takes where the model comes from, how it is computed ([`Device`](crate::Device) or
    /// [`Compute`]), and what is called while it is looked for.
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
            files: OnceMade::default(),
            tokenizer: OnceMade::default(),
            model: OnceMade::default(),
        }
    }

    /// The model's files, found or downloaded by the first call.
    ///
    /// # Errors
    /// As [`ModelSources::fetch`].
    pub fn files(&self) -> Result<&ModelFiles, EmbedderError> {
        self.files
            .get_or_make(|| self.sources.fetch(&self.manifest, &mut |event| (self.on_event)(event)))
    }

    fn tokenizer(&self) -> Result<&Arc<WindowTokenizer>, EmbedderError> {
        self.tokenizer.get_or_make(|| {
            let path = &self.files()?.tokenizer;
            WindowTokenizer::load(path, self.manifest.window).map(Arc::new)
        })
    }

    fn loaded(&self) -> Result<&MiniLm, EmbedError> {
        let loaded = self.model.get_or_make(|| {
            let tokenizer = || self.tokenizer().cloned();
            MiniLm::load_with(&self.manifest, self.files()?, self.compute, tokenizer)
        });
        loaded.map_err(|error| Box::new(error) as EmbedError)
    }
}

impl TextEmbedder for LazyEmbedder {
    fn model(&self) -> &EmbeddingModel {
        &self.identity
    }

    fn readiness(&self) -> Readiness {
        match self.model.readiness() {
            Readiness::NotLoaded if !self.sources.has_files(&self.manifest) => Readiness::Missing,
            readiness => readiness,
        }
    }

    fn load(&self) -> Result<(), EmbedError> {
        self.loaded().map(drop)
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        self.loaded()?.embed_query(text)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.loaded()?.embed_queries(texts)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.loaded()?.embed_passages(texts)
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.tokenizer()
            .and_then(|tokenizer| passages(tokenizer, text))
            .map_err(|error| Box::new(error) as EmbedError)
    }

    fn truncated_tokens(&self) -> u64 {
        self.model.get().map_or(0, MiniLm::truncated_tokens)
    }
}
