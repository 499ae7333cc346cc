//! How a store remembers which turns were forgotten, without keeping what they were.

use longmem_core::{SourceKey, UserName};
use sha2::{Digest, Sha256};

/// A forgotten turn's source key in a form that tells nothing by itself: the first 16 bytes of SHA-256
/// over the store's salt, the user's name and the key.
///
/// A store keeps it after the turn is gone, also after its user is, so that an import of the same file
/// does not bring the turn back. It holds no words, no time and no name. Whoever has the store and the
/// file that the turn came from can find out that it was forgotten, and nothing else.
///
/// # Examples
/// ```
/// use longmem_core::{SourceKey, UserName};
/// use longmem_store::ForgottenKey;
///
/// let key = SourceKey("chatgpt:42".into());
/// let of = |salt: &[u8], name: &str| -> Result<_, longmem_core::InvalidName> {
///     Ok(ForgottenKey::new(salt, &UserName::new(name)?, &key))
/// };
/// assert_eq!(of(b"salt", "ana")?, of(b"salt", "ana")?);
/// assert_ne!(of(b"salt", "ana")?, of(b"salt", "bob")?);
/// assert_ne!(of(b"salt", "ana")?, of(b"sea salt", "ana")?);
/// # Ok::<(), longmem_core::InvalidName>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForgottenKey(pub [u8; 16]);

impl ForgottenKey {
    /// Hashes a user's source key. The salt is made by chance once for each store.
    pub fn new(salt: &[u8], user: &UserName, key: &SourceKey) -> Self {
        let mut hash = Sha256::new();
        // Each part stands after its length, so that no two pairs of parts run together.
        for part in [salt, user.as_str().as_bytes(), key.0.as_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hash.finalize()[..16]);
        Self(first)
    }
}
