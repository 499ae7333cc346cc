//! What tests share: an embedder without a model. Never shipped, so no user can choose it.

mod word_hash_embedder;

pub use word_hash_embedder::WordHashEmbedder;
