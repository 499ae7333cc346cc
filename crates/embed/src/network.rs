//! The forward pass on the device that was asked for.

use candle_transformers::models::bert::Config;

use crate::architecture::check_files;
use crate::candle::CandleBert;
#[cfg(feature = "cuda")]
use crate::cuda::CudaBert;
use crate::forward::NativeBert;
use crate::weights::WeightsFile;
use crate::{Compute, Device, EmbedderError, Manifest, ModelFiles, Precision};

/// A forward pass: token ids → the mean over the vectors of each text's tokens.
pub(crate) enum Network {
    /// The one of this crate, on the processor.
    Native(Box<NativeBert>),
    /// The one on an NVIDIA GPU.
    #[cfg(feature = "cuda")]
    Cuda(Box<CudaBert>),
    /// The one of candle, on an Apple GPU or as a reference.
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
        compute.device.check_built()?;
        let weights = WeightsFile::open(&files.weights)?;
        check_files(manifest, files, config, &weights)?;
        match compute {
            Compute { device: Device::Cpu, precision } => {
                NativeBert::load(weights, config, precision).map(Box::new).map(Self::Native)
            }
            Compute { device, precision: Precision::Bf16 } => {
                Err(EmbedderError::PrecisionUnavailable { device })
            }
            #[cfg(feature = "cuda")]
            Compute { device: Device::Cuda, .. } => {
                CudaBert::load(&weights, config).map(Box::new).map(Self::Cuda)
            }
            // The Apple GPU: a build without the feature for another one has refused it.
            Compute { device, .. } => {
                let opened = candle_core::Device::new_metal(0).map_err(|error| {
                    EmbedderError::DeviceUnavailable { device, source: error.into() }
                })?;
                CandleBert::load(files, config, &opened).map(Box::new).map(Self::Candle)
            }
        }
    }

    /// Loads the same model as candle computes it on the processor.
    pub(crate) fn load_reference(
        manifest: &Manifest,
        files: &ModelFiles,
        config: &Config,
    ) -> Result<Self, EmbedderError> {
        check_files(manifest, files, config, &WeightsFile::open(&files.weights)?)?;
        let processor = candle_core::Device::Cpu;
        CandleBert::load(files, config, &processor).map(Box::new).map(Self::Candle)
    }

    /// The mean over each text's token vectors. A text has at least one token.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        match self {
            Self::Native(bert) => bert.forward(texts),
            #[cfg(feature = "cuda")]
            Self::Cuda(bert) => bert.forward(texts),
            Self::Candle(bert) => bert.forward(texts),
        }
    }
}
