//! The forward pass of candle, for an Apple GPU or as a reference.

mod batches;

use candle_core::{D, DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};

use self::batches::batches;
use crate::{EmbedderError, ModelFiles};

/// candle's BERT.
pub(crate) struct CandleBert(BertModel);

impl CandleBert {
    pub(crate) fn load(
        files: &ModelFiles,
        config: &Config,
        device: &Device,
    ) -> Result<Self, EmbedderError> {
        let weights = fs_err::read(&files.weights)?;
        VarBuilder::from_buffered_safetensors(weights, DType::F32, device)
            .and_then(|weights| BertModel::load(weights, config))
            .map(Self)
            .map_err(|error| EmbedderError::Model(error.into()))
    }

    /// The mean over each text's token vectors. A text has at least one token.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        let lengths: Vec<_> = texts.iter().map(|text| text.len()).collect();
        let mut means = vec![Vec::new(); texts.len()];
        for batch in batches(&lengths) {
            let members: Vec<&[u32]> = batch.iter().map(|&at| texts[at]).collect();
            let computed =
                self.batch(&members).map_err(|error| EmbedderError::Model(error.into()))?;
            for (position, mean) in batch.into_iter().zip(computed) {
                means[position] = mean;
            }
        }
        Ok(means)
    }

    /// Computes texts together, padded to the longest.
    fn batch(&self, batch: &[&[u32]]) -> Result<Vec<Vec<f32>>, candle_core::Error> {
        let device = &self.0.device;
        let longest = batch.iter().map(|text| text.len()).max().unwrap_or_default();
        let shape = (batch.len(), longest);
        let mut ids = Vec::with_capacity(batch.len() * longest);
        let mut mask = Vec::with_capacity(batch.len() * longest);
        for text in batch {
            let padding = longest - text.len();
            ids.extend(text.iter().copied().chain(std::iter::repeat_n(0, padding)));
            mask.extend(std::iter::repeat_n(1f32, text.len()));
            mask.extend(std::iter::repeat_n(0f32, padding));
        }
        let ids = Tensor::from_vec(ids, shape, device)?;
        let mask = Tensor::from_vec(mask, shape, device)?;
        // [batch, longest, width]
        let hidden = self.0.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let sums = hidden.broadcast_mul(&mask.unsqueeze(D::Minus1)?)?.sum(1)?;
        sums.broadcast_div(&mask.sum_keepdim(1)?)?.to_vec2()
    }
}
