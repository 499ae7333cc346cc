//! The forward pass on the device that was asked for.

use candle_transformers::models::bert::Config;

use crate::architecture::check_files;
use crate::candle::CandleBert;
use crate::forward::NativeBert;
use crate::weights::WeightsFile;
use crate::{Compute, Device, EmbedderError, Manifest, ModelFiles, Precision};

/// A forward pass: token ids → the mean over the vectors of each text's tokens.
pub(crate) enum Network {
    /// The one of this crate, on the processor.
    Native(Box<NativeBert>),
    /// The one of candle, on a GPU or as a reference.
    Candle(Box<CandleBert>),
}

impl Network {
    /// Checks the model's files against each other, then loads the weights.
    pub(crate) fn load(
        manifest: &Manifest,
        files: &ModelFiles,
        config: &Config,
        compute: Compute,
    ) -> Result<Self, EmbedderError> {
        match compute {
            Compute { device: Device::Cpu, precision } => {
                let weights = WeightsFile::open(&files.weights)?;
                check_files(manifest, files, config, &weights)?;
                NativeBert::load(weights, config, precision).map(Box::new).map(Self::Native)
            }
            Compute { device, precision: Precision::F32 } => {
                Self::load_candle(manifest, files, config, device)
            }
            Compute { device, .. } => Err(EmbedderError::PrecisionUnavailable { device }),
        }
    }

    /// Does the same with candle's forward pass.
    pub(crate) fn load_candle(
        manifest: &Manifest,
        files: &ModelFiles,
        config: &Config,
        device: Device,
    ) -> Result<Self, EmbedderError> {
        check_files(manifest, files, config, &WeightsFile::open(&files.weights)?)?;
        CandleBert::load(files, config, device).map(Box::new).map(Self::Candle)
    }

    /// The mean over each text's token vectors. A text has at least one token.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        match self {
            Self::Native(bert) => bert.forward(texts),
            Self::Candle(bert) => bert.forward(texts),
        }
    }
}
