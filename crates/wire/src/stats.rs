//! How much is stored, of whom, and by which model it is found.

use longmem_core::UserName;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::StoreStats;
use serde::{Deserialize, Serialize};

/// What a store holds: all users together, or one of them.
///
/// ```json
/// {
///   "turns": 14, "passages": 15, "vectors": 15, "users": 1, "sessions": 4,
///   "turns_without_vectors": 0, "truncated_tokens": 0,
///   "file": "/home/ana/.local/share/longmem/memory.db", "file_bytes": 282624,
///   "model": null,
///   "per_user": [{ "user": "ana", "sessions": 4, "turns": 14 }],
///   "turns_kept_aside": 0,
///   "redacted": [{ "user": "ana", "kind": "password", "count": 2 }]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// Messages.
    pub turns: u64,
    /// Pieces of turns that fit the embedding model's window, of all users.
    pub passages: u64,
    /// Passages that have their vector, of all users.
    pub vectors: u64,
    /// Users with at least one turn or fact.
    pub users: u64,
    /// Conversations.
    pub sessions: u64,
    /// Turns that are found by words only, because they have no vectors yet.
    pub turns_without_vectors: u64,
    /// Tokens that no vector covers; 0 unless something is wrong.
    pub truncated_tokens: u64,
    /// Where the store is.
    pub file: String,
    /// Its bytes on disk.
    pub file_bytes: u64,
    /// The model whose vectors serve searches; none before the first were written.
    pub model: Option<EmbeddingModel>,
    /// The users by name.
    pub per_user: Vec<UserStats>,
    /// Turns of these users, and of who asks, that were said in talks and wait to be stored.
    #[serde(default)]
    pub turns_kept_aside: u64,
    /// What was redacted before it was stored, by user and kind.
    #[serde(default)]
    pub redacted: Vec<Redacted>,
}

/// How often something was redacted in what a user has stored since the beginning.
///
/// ```json
/// { "user": "ana", "kind": "password", "count": 2 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redacted {
    /// Whose memory it is.
    pub user: UserName,
    /// What the marks call it: "password", "AWS key", or the name of a pattern of one's own.
    pub kind: String,
    /// Number of marks.
    pub count: u64,
}

impl Stats {
    /// Joins the counts of a store with its place, its model, its users and what was redacted of them.
    pub fn new(
        stats: StoreStats,
        place: String,
        model: Option<longmem_core::EmbeddingModel>,
        users: Vec<longmem_memory::UserStats>,
        redacted: Vec<(UserName, longmem_memory::Redactions)>,
    ) -> Self {
        Self {
            turns: stats.turns,
            passages: stats.passages,
            vectors: stats.vectors,
            users: stats.users,
            sessions: stats.sessions,
            turns_without_vectors: stats.turns_without_vectors,
            truncated_tokens: stats.truncated_tokens,
            file: place,
            file_bytes: stats.file_bytes,
            model: model.map(EmbeddingModel::from),
            per_user: Users::from(users).users,
            turns_kept_aside: 0,
            redacted: redacted
                .into_iter()
                .map(|(user, counted)| Redacted { user, kind: counted.label, count: counted.count })
                .collect(),
        }
    }
}

/// The users of a store.
///
/// ```json
/// { "users": [{ "user": "ana", "sessions": 4, "turns": 14 }] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Users {
    /// The users by name.
    pub users: Vec<UserStats>,
}

impl From<Vec<longmem_memory::UserStats>> for Users {
    fn from(users: Vec<longmem_memory::UserStats>) -> Self {
        Self { users: users.into_iter().map(UserStats::from).collect() }
    }
}

/// What a store holds of one user.
///
/// ```json
/// { "user": "ana", "sessions": 4, "turns": 14 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserStats {
    /// Whose memory it is.
    pub user: UserName,
    /// Conversations.
    pub sessions: u64,
    /// Messages.
    pub turns: u64,
}

impl From<longmem_memory::UserStats> for UserStats {
    fn from(user: longmem_memory::UserStats) -> Self {
        Self { user: user.user, sessions: user.sessions, turns: user.turns }
    }
}

/// The identity of an embedding model; vectors of two models are never compared.
///
/// ```json
/// {
///   "name": "sentence-transformers/all-MiniLM-L6-v2", "revision": "c9745ed1d9f2",
///   "dimensions": 384, "pooling": "mean", "normalized": true, "window": 256
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmbeddingModel {
    /// The published name.
    pub name: String,
    /// The revision of the weights: a commit, or a digest of the file.
    pub revision: String,
    /// Numbers of a vector.
    pub dimensions: usize,
    /// How the vectors of tokens become one.
    pub pooling: String,
    /// Whether vectors have unit length.
    pub normalized: bool,
    /// Tokens that the model sees at once.
    pub window: usize,
}

impl From<longmem_core::EmbeddingModel> for EmbeddingModel {
    fn from(model: longmem_core::EmbeddingModel) -> Self {
        Self {
            name: model.name,
            revision: model.revision,
            dimensions: model.dimensions,
            pooling: model.pooling,
            normalized: model.normalized,
            window: model.window,
        }
    }
}
