//! Copies, checks, and the embedding model's files.

use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

use longmem_core::UserName;

use crate::EmbeddingModel;

/// A copy of the store was written.
///
/// ```json
/// { "file": "copy.db", "file_bytes": 282624 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backup {
    /// The copy, as it was named.
    pub file: String,
    /// Its bytes.
    pub file_bytes: u64,
}

/// Users were copied to another store.
///
/// ```json
/// {
///   "from": "memory.db", "to": "postgres://db.example.org/memory", "users": [], "values": 2,
///   "forgotten_turns": 5, "forgotten_turns_kept": true
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Copied {
    /// Where they were copied from.
    pub from: String,
    /// Where they were copied to.
    pub to: String,
    /// The users, by name.
    pub users: Vec<CopiedUser>,
    /// Number of small values of the whole store that were copied.
    pub values: u64,
    /// Number of forgotten turns that are known by hashes.
    pub forgotten_turns: u64,
    /// Whether the other store knows them too. Where it has forgotten turns of its own it cannot, and an
    /// import may bring back there what was forgotten here.
    pub forgotten_turns_kept: bool,
}

/// A user who is the same in two stores now.
///
/// ```json
/// {
///   "user": "ana", "turns": 418, "facts": 9, "already_there": false, "new_numbers": ["facts"],
///   "vectors_left_out": 0, "questions": 20, "same_answers": 20
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopiedUser {
    /// Whose memory it is.
    pub user: UserName,
    /// Number of turns.
    pub turns: u64,
    /// Number of facts, those that were replaced included.
    pub facts: u64,
    /// Whether the same was there before, so that nothing was copied.
    pub already_there: bool,
    /// What got new numbers, since somebody else has some of theirs in the other store: `turns`, `facts`,
    /// `summaries`.
    pub new_numbers: Vec<String>,
    /// Number of vectors of a model that the other store does not have; their turns wait for new ones.
    pub vectors_left_out: u64,
    /// Number of questions that both stores were asked; none if they were not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<u64>,
    /// Number of those to which both found the same, scores included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_answers: Option<u64>,
}

/// A file with a new key was made.
///
/// ```json
/// { "file": "longmem.key" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyMade {
    /// The file, as it was named.
    pub file: String,
}

/// The store has another key, or none any more.
///
/// ```json
/// { "store": "memory.db", "encrypted": true }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyRotated {
    /// The store's file.
    pub store: String,
    /// Whether it is encrypted now.
    pub encrypted: bool,
}

/// What was looked at, and whether all of it is as it should be.
///
/// ```json
/// { "ok": true, "checks": [] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checks {
    /// Whether every check found what it should.
    pub ok: bool,
    /// The checks in the order in which they were made.
    pub checks: Vec<Check>,
}

impl From<Vec<Check>> for Checks {
    fn from(checks: Vec<Check>) -> Self {
        Self { ok: checks.iter().all(|check| check.ok), checks }
    }
}

/// One thing that was looked at.
///
/// ```json
/// { "name": "vectors", "ok": true, "finding": "every turn is found by its meaning" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was looked at: `store`, `file` (who may read it, and the space that it takes), `waiting`
    /// (turns that were kept aside), `model`, `canary`, `vectors`, `truncation`, `language_model`, or
    /// `tokens` once an answer has shown how its model counts them.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found, in words.
    pub finding: String,
}

/// What was saved of a damaged store into a new one.
///
/// ```json
/// {
///   "file": "saved.db", "users": 2, "sessions": 12, "turns": 418, "facts": 9, "summaries": 3,
///   "kept_values": 4, "forgotten_keys": 5, "turns_with_vectors": 400, "turns_without_vectors": 18,
///   "lost_turns": 2, "unusable_rows": 1, "mended_texts": 3, "made_up_names": 0
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Salvaged {
    /// The new store, as it was named.
    pub file: String,
    /// Users.
    pub users: u64,
    /// Conversations.
    pub sessions: u64,
    /// Messages.
    pub turns: u64,
    /// Facts, those that were replaced included.
    pub facts: u64,
    /// Summaries.
    pub summaries: u64,
    /// Values that were kept beside the turns.
    pub kept_values: u64,
    /// Turns that are known as forgotten.
    pub forgotten_keys: u64,
    /// Turns with all their vectors.
    pub turns_with_vectors: u64,
    /// Turns that wait for vectors.
    pub turns_without_vectors: u64,
    /// Turns of which it is known that they were there, and that are not saved.
    pub lost_turns: u64,
    /// Rows that were found and cannot be used.
    pub unusable_rows: u64,
    /// Texts with signs in them that stand for what could not be read.
    pub mended_texts: u64,
    /// Users and sessions with made-up names, since their own are lost.
    pub made_up_names: u64,
}

/// The embedding model and its files.
///
/// ```json
/// {
///   "model": {
///     "name": "sentence-transformers/all-MiniLM-L6-v2", "revision": "c9745ed1d9f2",
///     "dimensions": 384, "pooling": "mean", "normalized": true, "window": 256
///   },
///   "folder": "models/all-MiniLM-L6-v2", "source": "models", "weights_bytes": 90868376,
///   "verified": true
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// Which model it is.
    pub model: EmbeddingModel,
    /// The folder that holds its files.
    pub folder: String,
    /// Where it was found, in words.
    pub source: String,
    /// Bytes of the weights.
    pub weights_bytes: u64,
    /// Whether every file has the sum that is known of it: they were compared now, or before and the
    /// file did not change since.
    pub verified: bool,
}
