//! The loaded model.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candle_transformers::models::bert::Config;
use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, TextEmbedder};
use rayon::prelude::*;

use crate::architecture::{check_manifest, check_vocabulary};
use crate::network::Network;
use crate::passages::passages;
use crate::tokenizer::{TokenIds, WindowTokenizer};
use crate::{Compute, EmbedderError, Manifest, ModelFiles};

/// Number of texts from which on they are split into tokens by all threads. It takes as long to enter the
/// thread pool as to split a few.
const TEXTS_FOR_ALL_THREADS: usize = 16;

/// all-MiniLM-L6-v2, loaded: BERT, the mean over the vectors of tokens, unit length.
///
/// # Examples
/// ```no_run
/// use longmem_core::TextEmbedder;
/// use longmem_embed::{Device, Manifest, MiniLm, ModelSources};
///
/// let manifest = Manifest::all_minilm_l6_v2();
/// let files = ModelSources::new("/var/lib/longmem/models").fetch(&manifest, &mut |_event| {})?;
/// let model = MiniLm::load(&manifest, &files, Device::Cpu)?;
/// let passages = model.embed_passages(&["a kitten", "the tax office"]).map_err(|e| e.to_string())?;
/// let query = model.embed_query("a cat").map_err(|e| e.to_string())?;
/// assert!(query.cosine(&passages[0]) > query.cosine(&passages[1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MiniLm {
    identity: EmbeddingModel,
    tokenizer: Arc<WindowTokenizer>,
    network: Network,
    truncated_tokens: AtomicU64,
}

impl MiniLm {
    /// Loads the model from checked files, to be computed on a [`Device`](crate::Device) or as a [`Compute`] says.
    ///
    /// # Errors
    /// - How it is to be computed: [`EmbedderError::DeviceNotBuilt`],
    ///   [`EmbedderError::DeviceUnavailable`], [`EmbedderError::PrecisionUnavailable`].
    /// - Another kind of model than is computed here: [`EmbedderError::Unsupported`].
    /// - Files that contradict the manifest or each other: [`EmbedderError::Contradiction`],
    ///   [`EmbedderError::Weights`].
    /// - A file that cannot be read: [`EmbedderError::Io`], [`EmbedderError::Config`],
    ///   [`EmbedderError::Tokenizer`], [`EmbedderError::Weights`], [`EmbedderError::Model`].
    pub fn load(
        manifest: &Manifest,
        files: &ModelFiles,
        compute: impl Into<Compute>,
    ) -> Result<Self, EmbedderError> {
        Self::load_with(manifest, files, compute.into(), || {
            WindowTokenizer::load(&files.tokenizer, manifest.window).map(Arc::new)
        })
    }

    /// Loads the model on the processor as candle computes it. That is slower; it is the reference
    /// for the forward pass of this crate.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_reference(manifest: &Manifest, files: &ModelFiles) -> Result<Self, EmbedderError> {
        check_manifest(manifest)?;
        let config = read_config(&files.config)?;
        let tokenizer = Arc::new(WindowTokenizer::load(&files.tokenizer, manifest.window)?);
        check_vocabulary(files, &config, &tokenizer)?;
        let network = Network::load_reference(manifest, files, &config)?;
        Ok(Self::new(manifest, tokenizer, network))
    }

    /// Loads the weights here, and the tokenizer in another thread at the same time.
    pub(crate) fn load_with(
        manifest: &Manifest,
        files: &ModelFiles,
        compute: Compute,
        load_tokenizer: impl FnOnce() -> Result<Arc<WindowTokenizer>, EmbedderError> + Send,
    ) -> Result<Self, EmbedderError> {
        check_manifest(manifest)?;
        let config = read_config(&files.config)?;
        // Not a thread of rayon's: while that waits here, it might take up other work, which might
        // wait for this model.
        let (network, tokenizer) = std::thread::scope(|scope| {
            let tokenizer = scope.spawn(load_tokenizer);
            let network = Network::load(manifest, files, &config, compute);
            (network, tokenizer.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let (network, tokenizer) = (network?, tokenizer?);
        check_vocabulary(files, &config, &tokenizer)?;
        Ok(Self::new(manifest, tokenizer, network))
    }

    fn new(manifest: &Manifest, tokenizer: Arc<WindowTokenizer>, network: Network) -> Self {
        let identity = manifest.embedding_model();
        Self { identity, tokenizer, network, truncated_tokens: AtomicU64::new(0) }
    }

    /// The texts as the model sees them. Many are split by all threads: a GPU computes faster than one
    /// thread splits.
    fn tokenized(&self, texts: &[&str]) -> Result<Vec<TokenIds>, EmbedderError> {
        let tokenized = |text: &&str| self.tokenizer.ids(text);
        if texts.len() < TEXTS_FOR_ALL_THREADS {
            return texts.iter().map(tokenized).collect();
        }
        texts.par_iter().map(tokenized).collect()
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedderError> {
        let tokenized = self.tokenized(texts)?;
        let truncated: usize = tokenized.iter().map(|text| text.truncated).sum();
        self.truncated_tokens.fetch_add(truncated as u64, Ordering::Relaxed);
        // What is there several times, as a greeting or a copied message, is computed once.
        let mut distinct: Vec<&[u32]> = Vec::new();
        let mut places: HashMap<&[u32], usize> = HashMap::new();
        let mut place_of_each = Vec::with_capacity(tokenized.len());
        for text in &tokenized {
            let place = *places.entry(&text.ids).or_insert(distinct.len());
            if place == distinct.len() {
                distinct.push(&text.ids);
            }
            place_of_each.push(place);
        }
        let means = self.network.forward(&distinct)?.into_iter();
        let vectors = means.map(Embedding::normalized).collect::<Result<Vec<_>, _>>()?;
        Ok(place_of_each.into_iter().map(|place| vectors[place].clone()).collect())
    }
}

impl TextEmbedder for MiniLm {
    fn model(&self) -> &EmbeddingModel {
        &self.identity
    }

    /// The same as for a passage: this model puts no words before either.
    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        let mut vectors = self.embed_passages(&[text])?;
        Ok(vectors.pop().expect("one text has one vector"))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.embed_passages(texts)
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.vectors(texts).map_err(|error| Box::new(error) as EmbedError)
    }

    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        passages(&self.tokenizer, text).map_err(|error| Box::new(error) as EmbedError)
    }

    fn truncated_tokens(&self) -> u64 {
        self.truncated_tokens.load(Ordering::Relaxed)
    }
}

fn read_config(path: &Path) -> Result<Config, EmbedderError> {
    let json = fs_err::read(path)?;
    serde_json::from_slice(&json)
        .map_err(|error| EmbedderError::Config { path: path.to_owned(), source: error.into() })
}
