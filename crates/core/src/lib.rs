//! The words of longmem as types, and the traits between its layers.
//!
//! A **user** has **sessions**; a session has **turns**. A turn is cut into **passages** that fit
//! the embedding model's window, and each passage gets an [`Embedding`]. A **recall** answers a
//! query with ranked turns ([`Recalled`]), seen through a [`Scope`].
//!
//! This crate depends on nothing else of the workspace, and does no input or output but for
//! [`private_files`], which says how files are made that hold a person's memory, and [`real_path`]. It is useful to every
//! other crate; it is not the place for anything that only one of them needs.

mod clock;
mod closed_words;
mod embedder;
mod embedding;
mod error_code;
mod fact;
mod fault;
mod file_kind;
mod fnv;
mod name;
pub mod private_files;
mod real_path;
mod recalled;
mod remedy;
mod role;
mod scope;
mod store_key;
mod summary;
mod token_counter;
mod turn;

pub use clock::{Clock, FixedClock};
pub use closed_words::UnknownWord;
pub use embedder::{EmbedError, EmbeddingModel, PassageSpan, Readiness, TextEmbedder};
pub use embedding::{Embedding, InvalidEmbedding};
pub use error_code::ErrorCode;
pub use fact::{Entity, EntityKind, Fact, FactId, FactKind, NewFact, USER_SUBJECT};
pub use fault::{Diagnose, Fault};
pub use file_kind::special_kind;
pub use fnv::{fnv1a, fnv1a_on};
pub use name::{InvalidName, LINE_PATTERN, MAX_NAME_BYTES, SessionName, UserName};
pub use real_path::real_path;
pub use recalled::{
    Adjustment, ChannelHit, Explanation, OWN_BLOCK_TAGS, RECALLED_MEMORY_TAG, Recalled, Strength,
};
pub use remedy::Remedy;
pub use role::Role;
pub use scope::Scope;
pub use store_key::{InvalidStoreKey, StoreKey};
pub use summary::{Summary, SummaryId, SummaryOf};
pub use token_counter::{EstimatedClaudeTokens, EstimatedTokens, TokenCounter};
pub use turn::{NewTurn, SourceKey, Turn, TurnId};

/// What the JSON of these types looks like, for the documents of HTTP and MCP.
pub use schemars;
/// What [`closed_words!`] reads and writes with.
#[doc(hidden)]
pub use serde;

/// The point in time that every layer uses: nanoseconds in UTC, stored as milliseconds.
pub use jiff::Timestamp;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
