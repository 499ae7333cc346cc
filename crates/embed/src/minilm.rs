//! The model itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candle_core::{D, DType, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use longmem_core::{EmbedError, Embedding, EmbeddingModel, PassageSpan, TextEmbedder};

use crate::batches::batches;
use crate::passages;
use crate::tokenizer::{TokenIds, WindowTokenizer};
use crate::{Device, EmbedderError, Manifest, ModelFiles};

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
/// let vectors = model.embed(&["a cat", "a kitten", "the tax office"]).map_err(|e| e.to_string())?;
/// assert!(vectors[0].cosine(&vectors[1]) > vectors[0].cosine(&vectors[2]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MiniLm {
    identity: EmbeddingModel,
    tokenizer: Arc<WindowTokenizer>,
    bert: BertModel,
    truncated_tokens: AtomicU64,
}

impl MiniLm {
    /// Loads the model from checked files.
    ///
    /// # Errors
    /// [`EmbedderError::DeviceNotBuilt`] or [`EmbedderError::DeviceUnavailable`] for the device;
    /// [`EmbedderError::Io`], [`EmbedderError::Config`], [`EmbedderError::Tokenizer`] or
    /// [`EmbedderError::Model`] for a file that cannot be read.
    pub fn load(
        manifest: &Manifest,
        files: &ModelFiles,
        device: Device,
    ) -> Result<Self, EmbedderError> {
        let tokenizer = WindowTokenizer::load(&files.tokenizer, manifest.window)?;
        Self::with_tokenizer(manifest, files, device, Arc::new(tokenizer))
    }

    pub(crate) fn with_tokenizer(
        manifest: &Manifest,
        files: &ModelFiles,
        device: Device,
        tokenizer: Arc<WindowTokenizer>,
    ) -> Result<Self, EmbedderError> {
        let device = device.open()?;
        let config = read_config(&files.config)?;
        // Read, not mapped: mapping is unsafe, and reading takes some 40 ms.
        let weights = fs_err::read(&files.weights)?;
        let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &device)?;
        Ok(Self {
            identity: manifest.embedding_model(),
            tokenizer,
            bert: BertModel::load(weights, &config)?,
            truncated_tokens: AtomicU64::new(0),
        })
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedderError> {
        let tokenized =
            texts.iter().map(|text| self.tokenizer.ids(text)).collect::<Result<Vec<_>, _>>()?;
        let truncated: usize = tokenized.iter().map(|text| text.truncated).sum();
        self.truncated_tokens.fetch_add(truncated as u64, Ordering::Relaxed);

        let lengths: Vec<_> = tokenized.iter().map(|text| text.ids.len()).collect();
        let mut vectors: Vec<Option<Embedding>> = vec![None; texts.len()];
        for batch in batches(&lengths) {
            let members: Vec<&TokenIds> = batch.iter().map(|&at| &tokenized[at]).collect();
            for (position, numbers) in batch.into_iter().zip(self.forward(&members)?) {
                vectors[position] = Some(Embedding::normalized(numbers)?);
            }
        }
        Ok(vectors.into_iter().map(|v| v.expect("every text is in one batch")).collect())
    }

    /// Runs the model on one batch: the mean over each text's token vectors, `[batch, 384]`.
    fn forward(&self, batch: &[&TokenIds]) -> Result<Vec<Vec<f32>>, candle_core::Error> {
        let device = &self.bert.device;
        let longest = batch.iter().map(|text| text.ids.len()).max().unwrap_or_default();
        let shape = (batch.len(), longest);
        let mut ids = Vec::with_capacity(batch.len() * longest);
        let mut mask = Vec::with_capacity(batch.len() * longest);
        for text in batch {
            let padding = longest - text.ids.len();
            ids.extend(text.ids.iter().copied().chain(std::iter::repeat_n(0, padding)));
            mask.extend(std::iter::repeat_n(1f32, text.ids.len()));
            mask.extend(std::iter::repeat_n(0f32, padding));
        }
        let ids = Tensor::from_vec(ids, shape, device)?;
        let mask = Tensor::from_vec(mask, shape, device)?;
        // [batch, longest, 384]
        let hidden = self.bert.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let sums = hidden.broadcast_mul(&mask.unsqueeze(D::Minus1)?)?.sum(1)?;
        sums.broadcast_div(&mask.sum_keepdim(1)?)?.to_vec2()
    }
}

impl TextEmbedder for MiniLm {
    fn model(&self) -> &EmbeddingModel {
        &self.identity
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
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
