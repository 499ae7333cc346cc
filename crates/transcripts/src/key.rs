//! Names that stay the same when a file is read again.

use std::collections::HashMap;
use std::fmt::Write;

use longmem_core::SessionName;
use sha2::{Digest, Sha256};

/// Makes a session's name of any text: the text itself where it can be one, else its fingerprint.
pub(crate) fn session_name(text: &str) -> SessionName {
    SessionName::new(text).unwrap_or_else(|_| {
        SessionName::new(format!("session-{}", fingerprint(&[text])))
            .expect("hexadecimal digits are a valid name")
    })
}

/// The first 128 bits of the SHA-256 of several texts, as 32 hexadecimal digits; the lengths are
/// part of what is hashed, so that moving a letter from one text to the next changes it.
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

/// Counts equal turns of a file, so that a second "yes" is another turn than the first.
#[derive(Debug, Default)]
pub(crate) struct Occurrences(HashMap<u64, u32>);

impl Occurrences {
    /// Says how often a fingerprint has come, this time included.
    pub(crate) fn next(&mut self, fingerprint: &str) -> u32 {
        // 64 bits keep a file of millions of turns small; were two turns ever to share them, both
        // keys would still differ in the fingerprint itself.
        let short = u64::from_str_radix(&fingerprint[..16], 16)
            .expect("a fingerprint is hexadecimal digits");
        let count = self.0.entry(short).or_default();
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_name_a_session_gets_a_name_of_its_own() {
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
}
