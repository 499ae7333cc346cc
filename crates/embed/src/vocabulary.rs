//! The numbers of tokens by their texts, made quickly.

use std::borrow::Cow;
use std::fmt;

use longmem_core::{fnv1a, fnv1a_on};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Texts with the number of each: in one piece of memory for all texts, and a table of hashes.
#[derive(Default)]
pub(crate) struct Vocabulary {
    /// All texts, one after another.
    texts: String,
    entries: Vec<Entry>,
    /// At the hash of a text, or at the next free place behind it, the place of its entry plus 1; 0 is
    /// free. The length is a power of two, and at least half of it is free.
    slots: Vec<u32>,
    /// Bytes of the longest text.
    longest: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where the text ends in all texts; it begins where the one before ends.
    end: usize,
    id: u32,
}

impl Vocabulary {
    /// Number of texts.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds a text. One that is there gets another number.
    fn insert(&mut self, text: &str, id: u32) {
        if self.slots.len() < 2 * (self.entries.len() + 1) {
            self.grow();
        }
        let hash = fnv1a(text.as_bytes());
        match self.find(hash, "", text) {
            Ok(entry) => self.entries[entry].id = id,
            Err(slot) => {
                self.texts.push_str(text);
                self.entries.push(Entry { end: self.texts.len(), id });
                self.slots[slot] = self.entries.len() as u32;
                self.longest = self.longest.max(text.len());
            }
        }
    }

    /// Makes room for twice as many texts.
    fn grow(&mut self) {
        self.slots = vec![0; (2 * self.slots.len()).max(64)];
        for entry in 0..self.entries.len() {
            let text = self.text(entry);
            if let Err(slot) = self.find(fnv1a(text.as_bytes()), "", text) {
                self.slots[slot] = entry as u32 + 1;
            }
        }
    }

    fn text(&self, entry: usize) -> &str {
        let start = entry.checked_sub(1).map_or(0, |before| self.entries[before].end);
        &self.texts[start..self.entries[entry].end]
    }

    /// The entry of the text that is made of two parts and has this hash, or the free slot where it
    /// would be.
    fn find(&self, hash: u64, first: &str, second: &str) -> Result<usize, usize> {
        // The higher half of the hash is the better mixed one.
        let mut slot = (hash ^ hash >> 32) as usize;
        loop {
            slot &= self.slots.len() - 1;
            let Some(entry) = (self.slots[slot] as usize).checked_sub(1) else { return Err(slot) };
            if self.text(entry).strip_prefix(first) == Some(second) {
                return Ok(entry);
            }
            slot += 1;
        }
    }

    /// The number of a text.
    pub(crate) fn id(&self, text: &str) -> Option<u32> {
        let is_empty = self.slots.is_empty();
        let found = if is_empty { None } else { self.find(fnv1a(text.as_bytes()), "", text).ok() };
        found.map(|entry| self.entries[entry].id)
    }

    /// The number of the longest known text that is a prefix and then a beginning of a word, and the
    /// length of that beginning.
    pub(crate) fn longest(&self, prefix: &str, word: &str) -> Option<(u32, usize)> {
        let mut hash = fnv1a(prefix.as_bytes());
        let mut longest = None;
        for (start, character) in word.char_indices() {
            let end = start + character.len_utf8();
            if prefix.len() + end > self.longest {
                break;
            }
            hash = fnv1a_on(hash, &word.as_bytes()[start..end]);
            if let Ok(entry) = self.find(hash, prefix, &word[..end]) {
                longest = Some((self.entries[entry].id, end));
            }
        }
        longest
    }

    /// All texts with their numbers.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&str, u32)> {
        (0..self.entries.len()).map(|entry| (self.text(entry), self.entries[entry].id))
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.entries.len())
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(VocabularyVisitor)
    }
}

struct VocabularyVisitor;

impl<'de> Visitor<'de> for VocabularyVisitor {
    type Value = Vocabulary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tokens with their numbers")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Vocabulary, M::Error> {
        let mut vocabulary = Vocabulary::default();
        while let Some((TokenText(text), id)) = map.next_entry()? {
            vocabulary.insert(&text, id);
        }
        Ok(vocabulary)
    }
}

/// The text of a token, borrowed where the file has it without escapes.
#[derive(Deserialize)]
struct TokenText<'a>(#[serde(borrow)] Cow<'a, str>);
