//! A secret that is never shown.

use std::fmt;

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use thiserror::Error;

/// A key for a provider; neither its `Debug` nor any error shows it.
///
/// # Examples
/// ```
/// use longmem_chat::ApiKey;
/// assert_eq!(format!("{:?}", ApiKey::new("sk-secret\n")?), "ApiKey(hidden)");
/// # Ok::<(), longmem_chat::InvalidApiKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// Why a text cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidApiKey {
    /// Nothing but white space.
    #[error("the API key is empty")]
    Empty,
    /// White space or another character that cannot be sent.
    #[error("the API key may hold visible ASCII characters only; the one at place {place} is not")]
    NotVisible {
        /// The character's place, from 1.
        place: usize,
    },
}

impl Diagnose for InvalidApiKey {
    fn code(&self) -> ErrorCode {
        ErrorCode::KeyRefused
    }

    fn fault(&self) -> Fault {
        Fault::Caller
    }

    fn remedies(&self) -> Vec<Remedy> {
        vec![Remedy::CopyKeyAgain]
    }
}

impl ApiKey {
    /// Checks a key; white space around it is not part of it.
    ///
    /// # Errors
    /// [`InvalidApiKey`] if nothing is left, or a character could not be sent in a header.
    pub fn new(key: &str) -> Result<Self, InvalidApiKey> {
        let key = key.trim();
        if key.is_empty() {
            return Err(InvalidApiKey::Empty);
        }
        match key.chars().position(|character| !character.is_ascii_graphic()) {
            Some(index) => Err(InvalidApiKey::NotVisible { place: index + 1 }),
            None => Ok(Self(key.to_owned())),
        }
    }

    /// The key itself, for the one header that carries it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes the key out of what a server said: some repeat it in their errors.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "(the key)")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_cannot_be_sent_and_never_says_what_it_was() {
        assert_eq!(ApiKey::new(" \n"), Err(InvalidApiKey::Empty));
        let error = ApiKey::new("sk-se cret").unwrap_err();
        assert_eq!(error, InvalidApiKey::NotVisible { place: 6 });
        assert!(!error.to_string().contains("sk-"));
        assert!(ApiKey::new("schlüssel").is_err());
    }

    #[test]
    fn takes_itself_out_of_a_text() {
        let key = ApiKey::new("sk-1").unwrap();
        assert_eq!(key.redact("bad key sk-1!"), "bad key (the key)!");
    }
}
