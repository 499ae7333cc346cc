//! Text → unit vectors with all-MiniLM-L6-v2 through candle.
//!
//! Useful for turning the passages of a conversation into [`longmem_core::Embedding`]s that match
//! those of sentence-transformers (cosine ≥ 0.9999). It is not a general model runner: it knows
//! one architecture, and its [`Manifest`] says which files it accepts.
//!
//! - [`ModelSources`] finds the model's files, or downloads them, and checks their sums.
//! - [`MiniLm`] is the loaded model; [`LazyEmbedder`] finds and loads it when first needed. Both
//!   are [`longmem_core::TextEmbedder`]s.
//!
//! The library prints nothing and reads no environment: folders, endpoint, token and the commands
//! that may be `pip` arrive as settings. (Proxies are the exception: the Hub's client and pip read
//! the usual proxy variables themselves.)

mod batches;
mod candle;
mod device;
mod error;
mod forward;
mod hub;
mod lazy;
mod manifest;
mod minilm;
mod passages;
mod pip;
mod precision;
mod sources;
mod stamps;
mod tokenizer;
mod workshop;

pub use device::{Device, UnknownDevice};
pub use error::{Attempt, EmbedderError};
pub use forward::WeightsError;
pub use lazy::LazyEmbedder;
pub use manifest::{Manifest, ManifestFile, ManifestFiles, PypiPackage};
pub use minilm::MiniLm;
pub use passages::{OVERLAP_TOKENS, PASSAGE_TOKENS};
pub use pip::PipCommand;
pub use precision::{Compute, Precision, UnknownPrecision};
pub use sources::{FetchEvent, HUB_ENDPOINT, HUB_PATIENCE, ModelFiles, ModelSources, Source};
