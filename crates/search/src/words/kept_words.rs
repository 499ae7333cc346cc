//! The lists of a user's words that were asked for last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use longmem_core::TurnId;

use super::word_rows::WordRows;

/// Bytes of lists that are kept of one user: eight million turns that hold one of the words.
const MAX_BYTES: usize = 1 << 26;

/// Bytes of a list beside its rows and its word.
const ENTRY_BYTES: usize = size_of::<(String, KeptWord)>();

/// What is kept of one user's words. Rows of turns do not change while a user's epoch is the same, so
/// that a list only grows.
pub(crate) struct KeptWords {
    lists: Mutex<Lists>,
    max_bytes: usize,
}

#[derive(Default)]
struct Lists {
    words: HashMap<String, KeptWord>,
    bytes: usize,
    /// Grows with each search.
    searches: u64,
}

struct KeptWord {
    known: KnownWord,
    /// The last search that asked for it.
    used: u64,
}

/// A list that is known up to a turn.
#[derive(Debug, Clone)]
pub(crate) struct KnownWord {
    pub(crate) list: Arc<WordRows>,
    pub(crate) through: TurnId,
}

impl Default for KeptWords {
    fn default() -> Self {
        Self { lists: Mutex::default(), max_bytes: MAX_BYTES }
    }
}

impl KeptWords {
    /// What is kept of each of these words; none of a list that knows of turns after `last_turn`, the
    /// newest one that the search knows.
    pub(crate) fn known(
        &self,
        words: &[String],
        last_turn: Option<TurnId>,
    ) -> Vec<Option<KnownWord>> {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.searches += 1;
        let used = lists.searches;
        let known = words.iter().map(|word| {
            let kept = lists.words.get_mut(word)?;
            kept.used = used;
            Some(kept.known.clone()).filter(|known| Some(known.through) <= last_turn)
        });
        known.collect()
    }

    /// Keeps a list, unless a newer one is kept.
    pub(crate) fn keep(&self, word: &str, known: KnownWord) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lists.words.get(word);
        if kept.is_some_and(|kept| kept.known.through >= known.through) {
            return;
        }
        let used = lists.searches;
        lists.bytes += bytes(word, &known);
        let before = lists.words.insert(word.to_owned(), KeptWord { known, used });
        lists.bytes -= before.map_or(0, |before| bytes(word, &before.known));
        if lists.bytes > self.max_bytes {
            lists.drop_oldest(self.max_bytes / 4 * 3);
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}

impl Lists {
    /// Drops the lists that were asked for longest ago, until the others take no more than this.
    fn drop_oldest(&mut self, max_bytes: usize) {
        let mut uses: Vec<u64> = self.words.values().map(|kept| kept.used).collect();
        uses.sort_unstable();
        uses.dedup();
        for used in uses {
            if self.bytes <= max_bytes {
                return;
            }
            let Self { words, bytes: all, .. } = self;
            words.retain(|word, kept| {
                let stays = kept.used > used;
                if !stays {
                    *all -= bytes(word, &kept.known);
                }
                stays
            });
        }
    }
}

fn bytes(word: &str, known: &KnownWord) -> usize {
    ENTRY_BYTES + word.len() + known.list.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(rows: usize, through: i64) -> KnownWord {
        let mut list = WordRows::default();
        (0..rows).for_each(|row| list.push(Some(row), 1));
        KnownWord { list: Arc::new(list), through: TurnId(through) }
    }

    fn through(kept: &KeptWords, word: &str, last_turn: i64) -> Option<i64> {
        let known = kept.known(&[word.to_owned()], Some(TurnId(last_turn)));
        known[0].as_ref().map(|known| known.through.0)
    }

    #[test]
    fn an_older_search_neither_sees_later_turns_nor_takes_them_away() {
        let kept = KeptWords::default();
        kept.keep("lisbon", known(3, 9));
        assert_eq!(through(&kept, "lisbon", 9), Some(9));
        assert_eq!(through(&kept, "lisbon", 8), None);
        kept.keep("lisbon", known(2, 8));
        assert_eq!(through(&kept, "lisbon", 9), Some(9));
        assert_eq!(through(&kept, "berlin", 9), None);
    }

    #[test]
    fn the_words_that_were_asked_for_longest_ago_are_dropped_beyond_the_limit() {
        let max_bytes = 4 * bytes("word 0", &known(1_000, 1)) + 1;
        let kept = KeptWords { max_bytes, ..KeptWords::default() };
        for number in 0..50 {
            let word = format!("word {number}");
            assert_eq!(through(&kept, &word, 1), None);
            kept.keep(&word, known(1_000, 1));
            assert_eq!(through(&kept, "word 0", 1), Some(1), "it is asked for each time");
            assert!(kept.bytes() <= max_bytes, "{} of {max_bytes}", kept.bytes());
        }
        let stays = (0..50).filter(|number| through(&kept, &format!("word {number}"), 1).is_some());
        assert!((2..=4).contains(&stays.count()));
    }
}
