//! The words of one turn as bytes, for a store that adds turns to its lists many at a time.

use std::collections::BTreeMap;

use longmem_text::IndexedWords;

use super::blocks::{push_number, take_number};

/// A turn's words as bytes: how many in all, and for each word its length in bytes, itself, and how often
/// it occurs.
pub fn words_to_bytes(words: &IndexedWords) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_number(&mut bytes, u64::from(words.all));
    for (word, count) in &words.counts {
        push_number(&mut bytes, word.len() as u64);
        bytes.extend_from_slice(word.as_bytes());
        push_number(&mut bytes, u64::from(*count));
    }
    bytes
}

/// The words that [`words_to_bytes`] wrote; none of bytes that are damaged.
pub fn words_from_bytes(mut bytes: &[u8]) -> Option<IndexedWords> {
    let all = u32::try_from(take_number(&mut bytes)?).ok()?;
    let mut counts = BTreeMap::new();
    while !bytes.is_empty() {
        let length = usize::try_from(take_number(&mut bytes)?).ok()?;
        let (word, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        let count = u32::try_from(take_number(&mut bytes)?).ok()?;
        counts.insert(std::str::from_utf8(word).ok()?.to_owned(), count);
    }
    Some(IndexedWords { counts, all })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            counts in prop::collection::btree_map(".{1,20}", any::<u32>(), 0..20), all in any::<u32>()
        ) {
            let words = IndexedWords { counts, all };
            prop_assert_eq!(words_from_bytes(&words_to_bytes(&words)), Some(words));
        }

        #[test]
        fn damaged_bytes_are_no_words_and_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..60)
        ) {
            words_from_bytes(&bytes);
        }
    }
}
