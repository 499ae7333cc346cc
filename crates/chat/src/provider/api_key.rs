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

/// Bytes from which a key cannot be a part of a word by chance.
const LONG_KEY: usize = 8;

/// What stands in the place of a key.
const HIDDEN: &str = "(the key)";

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
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes the key out of what a server said: some repeat it in their errors. A short key, as local
    /// servers have them, is taken out as a whole word only, since it may be a part of others.
    pub(super) fn redact(&self, text: &str) -> String {
        if self.0.len() >= LONG_KEY {
            return text.replace(&self.0, HIDDEN);
        }
        let is_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for (place, key) in text.match_indices(&self.0) {
            let behind = place + key.len();
            let is_word =
                !text[..place].ends_with(is_of_word) && !text[behind..].starts_with(is_of_word);
            if is_word {
                shown.push_str(&text[from..place]);
                shown.push_str(HIDDEN);
                from = behind;
            }
        }
        shown + &text[from..]
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

    #[test]
    fn a_short_key_is_no_part_of_words() {
        let redacted = |key: &str, text: &str| ApiKey::new(key).unwrap().redact(text);
        assert_eq!(
            redacted("x", "max_tokens of x: 'x' exceeded"),
            "max_tokens of (the key): '(the key)' exceeded"
        );
        assert_eq!(redacted("none", "none"), "(the key)");
        assert_eq!(redacted("sk-secret-1", "key=sk-secret-1234"), "key=(the key)234");
    }
}
