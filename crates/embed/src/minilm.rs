//! The model itself.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candle_transformers::models::bert::Config;
use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, TextEmbedder};

use crate::candle::CandleBert;
use crate::tokenizer::WindowTokenizer;
use crate::{Compute, Device, EmbedderError, Manifest, ModelFiles, Precision};
use crate::{forward, passages};

/// all-MiniLM-L6-v2, loaded: BERT, masked mean over its token vectors, unit length.
///
/// # Examples
/// ```no_run
/// use longmem_core::TextEmbedder;
/// use longmem_embed::{Device, Manifest, MiniLm, ModelSources};
///
/// let manifest = Manifest::all_minilm_l6_v2();
/// let files = ModelSources::new("/var/lib/longmem/models").fetch(&manifest, &mut |_| {})?;
/// let model = MiniLm::load(&manifest, &files, Device::Cpu)?;
/// let vectors = model.embed_passages(&["a cat", "a kitten", "the tax office"]).map_err(|e| e.to_string())?;
/// assert!(vectors[0].cosine(&vectors[1]) > vectors[0].cosine(&vectors[2]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MiniLm {
    identity: EmbeddingModel,
    tokenizer: Arc<WindowTokenizer>,
    network: Network,
    truncated_tokens: AtomicU64,
}

/// Whose forward pass it is.
enum Network {
    /// Ours, for the processor.
    Ours(Box<forward::Network>),
    /// candle's, for a GPU or to compare with.
    Candle(Box<CandleBert>),
}

impl MiniLm {
    /// Loads the model from checked files, to be computed on a [`Device`] or as a [`Compute`] says.
    ///
    /// # Errors
    /// [`EmbedderError::DeviceNotBuilt`], [`EmbedderError::DeviceUnavailable`] or
    /// [`EmbedderError::PrecisionUnavailable`] for how it is to be computed;
    /// [`EmbedderError::Io`], [`EmbedderError::Config`], [`EmbedderError::Tokenizer`],
    /// [`EmbedderError::Architecture`], [`EmbedderError::Weights`] or [`EmbedderError::Model`] for a
    /// file that cannot be read.
    pub fn load(
        manifest: &Manifest,
        files: &ModelFiles,
        compute: impl Into<Compute>,
    ) -> Result<Self, EmbedderError> {
        Self::load_beside(manifest, files, compute.into(), || {
            WindowTokenizer::load(&files.tokenizer, manifest.window).map(Arc::new)
        })
    }

    /// Loads the model on the processor as candle computes it: slower, and what the faster ways are
    /// compared with.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_reference(manifest: &Manifest, files: &ModelFiles) -> Result<Self, EmbedderError> {
        let tokenizer = Arc::new(WindowTokenizer::load(&files.tokenizer, manifest.window)?);
        let config = read_config(&files.config)?;
        let network = Network::candle(files, &config, Device::Cpu)?;
        Ok(Self::new(manifest, tokenizer, network))
    }

    /// Loads the weights while another thread makes the tokenizer, which takes as long.
    pub(crate) fn load_beside(
        manifest: &Manifest,
        files: &ModelFiles,
        compute: Compute,
        tokenizer: impl FnOnce() -> Result<Arc<WindowTokenizer>, EmbedderError> + Send,
    ) -> Result<Self, EmbedderError> {
        // Threads of its own, not rayon's: one of those might take up other work while it waits
        // here, and that work might wait for this model.
        std::thread::scope(|scope| {
            let tokenizer = scope.spawn(tokenizer);
            let network = Network::load(manifest, files, compute);
            let tokenizer = tokenizer.join().unwrap_or_else(|panic| resume_unwind(panic));
            Ok(Self::new(manifest, tokenizer?, network?))
        })
    }

    fn new(manifest: &Manifest, tokenizer: Arc<WindowTokenizer>, network: Network) -> Self {
        let identity = manifest.embedding_model();
        Self { identity, tokenizer, network, truncated_tokens: AtomicU64::new(0) }
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedderError> {
        let tokenized =
            texts.iter().map(|text| self.tokenizer.ids(text)).collect::<Result<Vec<_>, _>>()?;
        let truncated: usize = tokenized.iter().map(|text| text.truncated).sum();
        self.truncated_tokens.fetch_add(truncated as u64, Ordering::Relaxed);
        let ids: Vec<&[u32]> = tokenized.iter().map(|text| &*text.ids).collect();
        let means = match &self.network {
            Network::Ours(network) => network.forward(&ids)?,
            Network::Candle(bert) => bert.forward(&ids)?,
        };
        means.into_iter().map(|mean| Ok(Embedding::normalized(mean)?)).collect()
    }
}

impl Network {
    fn load(
        manifest: &Manifest,
        files: &ModelFiles,
        compute: Compute,
    ) -> Result<Self, EmbedderError> {
        let config = read_config(&files.config)?;
        match compute {
            Compute { device: Device::Cpu, precision } => {
                forward::Network::load(&files.weights, &config, manifest.window, precision)
                    .map(Box::new)
                    .map(Self::Ours)
            }
            Compute { device, precision: Precision::F32 } => Self::candle(files, &config, device),
            Compute { device, .. } => Err(EmbedderError::PrecisionUnavailable { device }),
        }
    }

    fn candle(files: &ModelFiles, config: &Config, device: Device) -> Result<Self, EmbedderError> {
        CandleBert::load(files, config, device).map(Box::new).map(Self::Candle)
    }
}

impl TextEmbedder for MiniLm {
    fn model(&self) -> &EmbeddingModel {
        &self.identity
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        let mut vectors = self.embed_passages(&[text])?;
        Ok(vectors.pop().expect("one text has one vector"))
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.vectors(texts).map_err(|error| Box::new(error) as EmbedError)
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        passages::passages(&self.tokenizer, text).map_err(|error| Box::new(error) as EmbedError)
    }

    fn truncated_tokens(&self) -> u64 {
        self.truncated_tokens.load(Ordering::Relaxed)
    }
}

fn read_config(path: &Path) -> Result<Config, EmbedderError> {
    let json = fs_err::read(path)?;
    serde_json::from_slice(&json)
        .map_err(|source| EmbedderError::Config { path: path.to_owned(), source })
}
