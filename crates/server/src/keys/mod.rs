//! The keys with which programs reach the server: made, listed, revoked, looked up.
//!
//! A key is `lm_` and 32 random bytes in 43 characters. The store keeps its SHA-256 and what it allows,
//! under an id that is made from the digest: so one read finds a key, and a revoked one is refused from
//! the next request on, whichever process revoked it. With 32 random bytes there is nothing to guess, so a
//! plain digest is enough.

mod record;
mod secret;

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy, Timestamp, UserName};
use longmem_memory::{Memory, MemoryError};
use longmem_wire::{Permission, ServerKey, ServerKeyAdded};
use thiserror::Error;

use record::Record;
pub(crate) use secret::{Secret, looks_like_key};

/// Characters of a key's name at most.
const NAME_LENGTH: usize = 100;

/// Why a key could not be made, listed or revoked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The store failed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// No key has this id or this name.
    #[error("no key has the id or the name \"{0}\"")]
    Unknown(String),
    /// Several keys have this name.
    #[error("{} keys are named \"{name}\": {}; revoke one by its id", keys.len(), ids(keys))]
    Ambiguous {
        /// The name.
        name: String,
        /// The keys, oldest first.
        keys: Vec<ServerKey>,
    },
    /// The name is not one short line.
    #[error("the name of a key is one line of 1 to {NAME_LENGTH} characters")]
    InvalidName,
    /// It would be valid never.
    #[error(
        "the key would have expired already, at {0}; expected a time to come, such as a day (2027-03-01) or \
         a time from now (90d)"
    )]
    Expired(Timestamp),
    /// It would allow nothing.
    #[error("a key allows something: {} are the choices", all_permissions())]
    NothingAllowed,
    /// What is kept of a key cannot be read.
    #[error("what is kept of the key \"{id}\" cannot be read: {reason}")]
    Damaged {
        /// Which key.
        id: String,
        /// What was expected and what is there.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

fn ids(keys: &[ServerKey]) -> String {
    keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(", ")
}

fn all_permissions() -> String {
    Permission::ALL.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Diagnose for KeysError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Memory(error) => error.code(),
            Self::Unknown(_) | Self::Ambiguous { .. } => ErrorCode::UnknownKey,
            Self::InvalidName | Self::Expired(_) | Self::NothingAllowed => {
                ErrorCode::WrongCommandLine
            }
            Self::Damaged { .. } => ErrorCode::DamagedStore,
            Self::NoRandomness => ErrorCode::FileFailed,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Memory(error) => error.fault(),
            Self::Damaged { .. } | Self::NoRandomness => Fault::Environment,
            _ => Fault::Caller,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Memory(error) => error.remedies(),
            Self::Unknown(_) | Self::Ambiguous { .. } => vec![Remedy::ListServerKeys],
            Self::Damaged { .. } => vec![Remedy::RevokeServerKey],
            _ => Vec::new(),
        }
    }
}

/// What a new key is to be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewKey {
    /// What it is for: one short line.
    pub name: String,
    /// Whose memory it opens.
    pub user: UserName,
    /// What it allows.
    pub scopes: Vec<Permission>,
    /// When it stops to be valid, if ever.
    pub expires: Option<Timestamp>,
}

impl NewKey {
    /// A key that reads and writes one user's memory, for as long as nobody revokes it.
    pub fn new(name: impl Into<String>, user: UserName) -> Self {
        let scopes = vec![Permission::Read, Permission::Write];
        Self { name: name.into(), user, scopes, expires: None }
    }
}

/// Makes a key. What is returned holds the key itself, which is kept nowhere.
///
/// # Errors
/// [`KeysError`] for a name that is not one short line, an end that has passed, no scope, and when it
/// cannot be stored.
pub fn add(memory: &Memory, new: NewKey) -> Result<ServerKeyAdded, KeysError> {
    let NewKey { name, user, mut scopes, expires } = new;
    let is_one_line = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if !is_one_line || name.chars().count() > NAME_LENGTH {
        return Err(KeysError::InvalidName);
    }
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(KeysError::NothingAllowed);
    }
    let created = memory.now();
    if let Some(end) = expires.filter(|end| *end <= created) {
        return Err(KeysError::Expired(end));
    }
    let secret = Secret::random().ok_or(KeysError::NoRandomness)?;
    let record = Record { name, user, scopes, created, expires, digest: secret.digest() };
    record.keep(memory)?;
    Ok(ServerKeyAdded { key: secret.text().to_owned(), added: record.shown(None) })
}

/// Lists all keys, oldest first.
///
/// # Errors
/// [`KeysError`] when the store cannot be read, or holds what is no key.
pub fn list(memory: &Memory) -> Result<Vec<ServerKey>, KeysError> {
    let mut keys = Vec::new();
    for id in record::ids(memory)? {
        if let Some(record) = Record::read(memory, &id)? {
            keys.push(record.shown(record::last_used(memory, &id)?));
        }
    }
    keys.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    Ok(keys)
}

/// Revokes the key of this id, or else the only one of this name, and returns its id: no request with it is
/// served from now on.
///
/// # Errors
/// [`KeysError::Unknown`] if there is none; [`KeysError::Ambiguous`] if several have the name; also when
/// the store cannot be read or written.
pub fn revoke(memory: &Memory, id_or_name: &str) -> Result<String, KeysError> {
    let id = if record::ids(memory)?.iter().any(|known| known == id_or_name) {
        id_or_name.to_owned()
    } else {
        id_of_name(memory, id_or_name)?
    };
    record::delete(memory, &id)?;
    Ok(id)
}

fn id_of_name(memory: &Memory, name: &str) -> Result<String, KeysError> {
    let mut keys = list(memory)?;
    keys.retain(|key| key.name.trim() == name.trim());
    match keys.as_slice() {
        [] => Err(KeysError::Unknown(name.to_owned())),
        [only] => Ok(only.id.clone()),
        _ => Err(KeysError::Ambiguous { name: name.to_owned(), keys }),
    }
}

/// A key that was presented and is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ValidKey {
    pub(crate) id: String,
    pub(crate) user: UserName,
    pub(crate) scopes: Vec<Permission>,
}

/// The key that a secret belongs to; none if it is not known, was revoked or has expired.
///
/// # Errors
/// [`KeysError`] when the store cannot be read.
pub(crate) fn find(memory: &Memory, secret: &Secret) -> Result<Option<ValidKey>, KeysError> {
    let digest = secret.digest();
    let id = digest.id();
    let found = Record::read(memory, &id)?.filter(|record| record.digest.is_same(&digest));
    let valid = found.filter(|record| record.is_valid(memory.now()));
    Ok(valid.map(|record| ValidKey { id, user: record.user, scopes: record.scopes }))
}

/// Whether a key that was found is still there and has not expired.
///
/// # Errors
/// [`KeysError`] when the store cannot be read.
pub(crate) fn is_valid(memory: &Memory, id: &str) -> Result<bool, KeysError> {
    Ok(Record::read(memory, id)?.is_some_and(|record| record.is_valid(memory.now())))
}

/// Notes that a key is used, at most once an hour.
///
/// # Errors
/// [`MemoryError`] when the store cannot be read or written.
pub(crate) fn note_use(memory: &Memory, id: &str) -> Result<(), MemoryError> {
    record::note_use(memory, id)
}

/// Whether a key is valid now, so that somebody can be let in.
///
/// # Errors
/// Those of [`list`].
pub(crate) fn has_valid(memory: &Memory) -> Result<bool, KeysError> {
    let now = memory.now();
    Ok(list(memory)?.iter().any(|key| key.expires.is_none_or(|end| now < end)))
}

#[cfg(test)]
mod tests;
