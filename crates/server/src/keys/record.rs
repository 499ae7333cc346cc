//! What the store keeps of a key: a small value of the whole store, which backups have and exports have not.

use longmem_core::{Timestamp, UserName};
use longmem_memory::{Memory, MemoryError};
use longmem_wire::{Permission, ServerKey};
use serde::{Deserialize, Serialize};

use super::KeysError;
use super::secret::Digest;

/// Begins the names of the values that tell what a key allows; its id follows.
const KEYS: &str = "server-key/";

/// Begins the names of the values that tell when a key was last used. They stand apart, so that noting a
/// use never brings back a key that is revoked at the same time.
const USES: &str = "server-key-use/";

/// Seconds for which a use is not noted again.
const NOTED_EVERY: i64 = 3600;

/// What is kept of a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) user: UserName,
    pub(super) scopes: Vec<Permission>,
    pub(super) created: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) digest: Digest,
}

impl Record {
    /// Reads what is kept under an id; none if there is nothing.
    pub(super) fn read(memory: &Memory, id: &str) -> Result<Option<Self>, KeysError> {
        let damaged = |error: serde_json::Error| KeysError::Damaged {
            id: id.to_owned(),
            reason: error.to_string(),
        };
        let kept = memory.kept_value(None, &format!("{KEYS}{id}"))?;
        kept.map(|bytes| serde_json::from_slice(&bytes).map_err(damaged)).transpose()
    }

    /// Keeps it.
    pub(super) fn keep(&self, memory: &Memory) -> Result<(), MemoryError> {
        let bytes = serde_json::to_vec(self).expect("a record is words and times");
        memory.keep_value(None, &format!("{KEYS}{}", self.digest.id()), Some(&bytes))
    }

    /// Whether it has not expired.
    pub(super) fn is_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }

    /// What anybody may see of it.
    pub(super) fn shown(&self, last_used: Option<Timestamp>) -> ServerKey {
        let Self { name, user, scopes, created, expires, digest } = self.clone();
        ServerKey { id: digest.id(), name, user, scopes, created, expires, last_used }
    }
}

/// The ids of all keys.
pub(super) fn ids(memory: &Memory) -> Result<Vec<String>, MemoryError> {
    let names = memory.kept_names(None, KEYS)?;
    Ok(names.iter().filter_map(|name| name.strip_prefix(KEYS)).map(str::to_owned).collect())
}

/// Deletes what is kept of a key.
pub(super) fn delete(memory: &Memory, id: &str) -> Result<(), MemoryError> {
    memory.keep_value(None, &format!("{KEYS}{id}"), None)?;
    memory.keep_value(None, &format!("{USES}{id}"), None)
}

/// When a key was last used, to the hour.
pub(super) fn last_used(memory: &Memory, id: &str) -> Result<Option<Timestamp>, MemoryError> {
    let kept = memory.kept_value(None, &format!("{USES}{id}"))?;
    Ok(kept.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok()))
}

/// Notes that a key is used now, unless that was noted within the hour.
pub(super) fn note_use(memory: &Memory, id: &str) -> Result<(), MemoryError> {
    let now = memory.now();
    let is_noted = |last: Timestamp| now.duration_since(last).as_secs() < NOTED_EVERY;
    if last_used(memory, id)?.is_some_and(is_noted) {
        return Ok(());
    }
    memory.keep_value(None, &format!("{USES}{id}"), Some(now.to_string().as_bytes()))
}
