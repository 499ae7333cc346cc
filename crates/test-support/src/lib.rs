//! What tests share: an embedder without a model, and a database server. Never shipped, so no user can
//! choose it.

mod postgres;
mod word_hash_embedder;

pub use postgres::{ACCOUNT as POSTGRES_ACCOUNT, PostgresServer, server_account};
pub use word_hash_embedder::WordHashEmbedder;
