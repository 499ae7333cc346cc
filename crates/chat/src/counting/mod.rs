//! How many tokens a prompt has for the model that reads it.

mod calibrated;
mod calibration;
#[cfg(feature = "tiktoken")]
mod tiktoken;

pub use calibrated::CalibratedTokens;
pub use calibration::{Calibration, ModelCalibration, calibrations};
#[cfg(feature = "tiktoken")]
pub use tiktoken::TiktokenTokens;

/// Who counts the tokens of prompts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenCounting {
    /// An estimate from words and signs, corrected by what the model's answers say that prompts cost:
    /// see [`Calibration`]. It asks nobody.
    #[default]
    Estimate,
    /// The model's server, which is asked for each prompt once or twice before it is sent.
    Server,
    /// The tokenizer of OpenAI's models, on this machine.
    #[cfg(feature = "tiktoken")]
    Tiktoken,
}
