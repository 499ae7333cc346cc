//! Text → unit vectors with all-MiniLM-L6-v2.
//!
//! Useful for turning questions and passages into [`longmem_core::Embedding`]s that match those of
//! sentence-transformers (cosine ≥ 0.9999), on the processor without any other program, or on a
//! GPU. It is not a general model runner: it computes one architecture, and a
//! [`Manifest`] says which files it accepts.
//!
//! - [`LazyEmbedder`] finds and loads the model when it is first needed; [`MiniLm`] is the loaded
//!   model. Both are [`longmem_core::TextEmbedder`]s.
//! - [`ModelSources`] finds the model's files, or downloads them, and checks their checksums.
//! - [`Compute`] says where and how exactly the model is computed.
//!
//! The library prints nothing and reads no environment: folders, address and token arrive as
//! settings. (Proxies are the exception: the Hub's client and pip read the usual proxy variables.)
//!
//! # Examples
//! ```no_run
//! use std::sync::Arc;
//! use longmem_core::TextEmbedder;
//! use longmem_embed::{Device, LazyEmbedder, Manifest, ModelSources};
//!
//! let sources = ModelSources::new("models");
//! let manifest = Manifest::all_minilm_l6_v2();
//! let embedder = LazyEmbedder::new(manifest, sources, Device::Cpu, Arc::new(|_event| {}));
//! let query = embedder.embed_query("Where do I live?")?;
//! let passages = ["I moved to Lisbon in March.", "The cat is called Miso."];
//! for (text, passage) in passages.iter().zip(embedder.embed_passages(&passages)?) {
//!     println!("{:.2} {text}", query.cosine(&passage));
//! }
//! # Ok::<(), longmem_core::EmbedError>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// The embedder.
mod compute;
mod error;
mod lazy;
mod minilm;
mod once;
mod passages;
mod tokenizer;
mod vocabulary;
mod word_pieces;

// The forward pass.
mod architecture;
mod candle;
#[cfg(feature = "cuda")]
mod cuda;
mod forward;
mod network;
mod weights;

// The model's files.
mod model_files;

pub use compute::{Compute, Device, Precision};
pub use error::{Attempt, EmbedderError};
pub use lazy::LazyEmbedder;
pub use minilm::MiniLm;
pub use model_files::{
    FetchEvent, Manifest, ManifestFile, ManifestFiles, ModelFiles, ModelSources, PypiPackage,
    Source,
};
pub use weights::WeightsError;
