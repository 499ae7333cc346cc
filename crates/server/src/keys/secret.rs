//! The key itself, and the digest that is kept of it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// How every key begins, so that people and scanners of secrets know what it is.
const PREFIX: &str = "lm_";

/// Random bytes of a key.
const BYTES: usize = 32;

/// A key as a client sends it. It is shown to nobody but who made it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// Whether a text begins as every key does.
pub(crate) fn looks_like_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new key; none if the system gives no random bytes.
    pub(super) fn random() -> Option<Self> {
        let mut bytes = [0; BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Reads what a client sent; none for what has not the form of a key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == BYTES).then(|| Self(text.to_owned()))
    }

    /// The key as it is sent.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(super) fn digest(&self) -> Digest {
        Digest(URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes())))
    }
}

/// The SHA-256 of a key, in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Digest(String);

impl Digest {
    /// The id of the key: the first 48 bits of the digest. With a thousand keys, two have the same with
    /// a chance of one to 500 million.
    pub(super) fn id(&self) -> String {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).unwrap_or_default();
        let number =
            bytes.iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{number:012x}")
    }

    /// Compares in a time that tells nothing of where the two differ.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}
