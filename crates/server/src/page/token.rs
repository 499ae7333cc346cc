//! Secrets of the page: random, compared in constant time, kept in memory only.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use crate::problem::Problem;

/// Random bytes of a secret.
const BYTES: usize = 32;

/// A secret of 32 random bytes, written in 43 characters of base64.
#[derive(Clone)]
pub(super) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub(super) fn random() -> Result<Self, Problem> {
        let mut bytes = [0; BYTES];
        let filled = SystemRandom::new().fill(&mut bytes);
        filled.map_err(|_| Problem::bug("the system gives no random numbers"))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// As it is sent.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether a text is this secret; the time that it takes tells nothing of where the two differ.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}
