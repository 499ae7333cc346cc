//! Names that stay the same when a file is read again.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use longmem_core::SessionName;
use sha2::{Digest, Sha256};

/// Bytes of an id that go into a source key as they are. A longer id goes in as its fingerprint:
/// the id of a conversation is part of the key of each of its turns, so a huge one would be
/// multiplied by their number.
const MAX_ID_BYTES: usize = 512;

/// Makes a session's name of any text: the text itself where it is a valid name, else its
/// fingerprint.
pub(crate) fn session_name(text: &str) -> SessionName {
    SessionName::new(text).unwrap_or_else(|_| {
        SessionName::new(format!("session-{}", fingerprint(&[text])))
            .expect("hexadecimal digits are a valid name")
    })
}

/// An id as it goes into a source key.
pub(crate) fn short_id(id: &str) -> Cow<'_, str> {
    if id.len() > MAX_ID_BYTES { fingerprint(&[id]).into() } else { id.into() }
}

/// The first 128 bits of the SHA-256 of several texts, as 32 hexadecimal digits. The lengths are
/// hashed too, so that `["ab", "c"]` and `["a", "bc"]` differ.
pub(crate) fn fingerprint(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let mut digits = String::with_capacity(32);
    for byte in &hash.finalize()[..16] {
        write!(digits, "{byte:02x}").expect("writing to a string cannot fail");
    }
    digits
}

/// Numbers equal turns of a file, so that a second "yes" is another turn than the first.
#[derive(Debug, Default)]
pub(crate) struct OccurrenceCounter(HashMap<u64, u32>);

impl OccurrenceCounter {
    /// The counter with what another counted: each half of a fingerprint, and how often it came.
    pub(crate) fn of(counted: impl IntoIterator<Item = (u64, u32)>) -> Self {
        Self(counted.into_iter().collect())
    }

    /// What was counted; `None` if it is more than so many.
    pub(crate) fn counted(&self, limit: usize) -> Option<Vec<(u64, u32)>> {
        (self.0.len() <= limit)
            .then(|| self.0.iter().map(|(half, count)| (*half, *count)).collect())
    }

    /// Counts a fingerprint; returns how often it has come, this time included.
    pub(crate) fn count(&mut self, fingerprint: &str) -> u32 {
        // 64 of the 128 bits halve the memory for a file of millions of turns. If two turns ever
        // shared them, their keys would still differ in the full fingerprint.
        let half = u64::from_str_radix(&fingerprint[..16], 16)
            .expect("a fingerprint is hexadecimal digits");
        let count = self.0.entry(half).or_default();
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_valid_session_name_gets_a_derived_one() {
        assert_eq!(session_name("Trip to Oslo").as_str(), "Trip to Oslo");
        let long = "a".repeat(300);
        let derived = session_name(&long);
        assert_eq!(derived, session_name(&long));
        assert_ne!(derived, session_name(&"a".repeat(301)));
        assert!(session_name("a\nb").as_str().starts_with("session-"));
    }

    #[test]
    fn a_fingerprint_depends_on_where_one_text_ends() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&[]), "e3b0c44298fc1c149afbf4c8996fb924");
    }

    #[test]
    fn only_a_huge_id_is_shortened() {
        let (usual, huge) = ("a".repeat(MAX_ID_BYTES), "a".repeat(MAX_ID_BYTES + 1));
        assert_eq!(short_id(&usual), usual);
        assert_eq!(short_id(&huge), fingerprint(&[&huge]));
    }
}
