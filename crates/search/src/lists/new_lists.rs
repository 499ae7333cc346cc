//! The bytes that stores append to lists, and what is left of a block after turns were deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use longmem_core::{Embedding, TurnId};
use longmem_text::IndexedWords;

use super::blocks::{BlockId, Blocks};
use super::code_list::{TurnCodes, decode_codes, push_codes};
use super::turn_list::{TurnEntry, decode_turns, push_turn};
use super::word_list::{Posting, decode_postings, push_posting};
use crate::source::PassageId;
use crate::vectors::{code_bytes, code_of};

/// Which of a user's lists a block belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Listed<'a> {
    /// What is known of every turn without its text.
    Turns,
    /// The turns that hold a word.
    Word(&'a str),
    /// The codes of vectors of this width.
    Codes {
        /// Numbers per vector.
        width: usize,
    },
}

/// The block of the lists of turns and of codes that a turn stands in.
pub fn turn_block_of(turn: TurnId) -> BlockId {
    Blocks::OF_TURNS.of(turn)
}

/// The block of the lists of words that a turn stands in.
pub fn word_block_of(turn: TurnId) -> BlockId {
    Blocks::OF_WORDS.of(turn)
}

/// What the turns and vectors of one transaction add to a user's lists.
///
/// # Examples
/// ```
/// use longmem_core::{Role, TurnId};
/// use longmem_search::{BlockId, Listed, NewLists, SessionNumber, TurnEntry};
///
/// let time = "2026-03-07T10:00:00Z".parse()?;
/// let words = longmem_text::indexed_words(time, None, "moved to Lisbon");
/// let mut lists = NewLists::default();
/// lists.add_turn(
///     &TurnEntry {
///         turn: TurnId(1),
///         session: SessionNumber(1),
///         role: Role::User,
///         note: false,
///         time_ms: time.as_millisecond(),
///         words: words.all,
///     },
///     &words,
/// );
/// let blocks = lists.blocks();
/// let lisbon = blocks.iter().find(|(list, ..)| *list == Listed::Word("lisbon")).unwrap();
/// assert_eq!((lisbon.1, lisbon.2), (BlockId(0), &[1, 1][..])); // turn 1, once
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct NewLists {
    turns: BTreeMap<BlockId, Vec<u8>>,
    words: BTreeMap<BlockId, HashMap<String, Vec<u8>>>,
    codes: BTreeMap<(usize, BlockId), Vec<u8>>,
}

impl NewLists {
    /// Adds a turn to the list of turns and to the lists of its words. Turns come in the order of
    /// their numbers.
    pub fn add_turn(&mut self, entry: &TurnEntry, words: &IndexedWords) {
        push_turn(self.turns.entry(turn_block_of(entry.turn)).or_default(), entry);
        let lists = self.words.entry(word_block_of(entry.turn)).or_default();
        for (word, count) in &words.counts {
            let posting = Posting { turn: entry.turn, count: *count };
            // Most words are there already, and need no copy.
            match lists.get_mut(word) {
                Some(list) => push_posting(list, posting),
                None => push_posting(lists.entry(word.clone()).or_default(), posting),
            }
        }
    }

    /// Adds the codes of a turn's vectors, whose passages are numbered from `first_passage` on. Turns
    /// come in the order of their passages.
    ///
    /// # Panics
    /// For vectors of different widths.
    pub fn add_codes<'a>(
        &mut self,
        turn: TurnId,
        first_passage: PassageId,
        vectors: impl IntoIterator<Item = &'a Embedding>,
    ) {
        let mut codes = Vec::new();
        let (mut passages, mut width) = (0, 0);
        for vector in vectors {
            assert!(passages == 0 || width == vector.width(), "the vectors are of one model");
            (passages, width) = (passages + 1, vector.width());
            codes.extend(code_of(vector));
        }
        if passages > 0 {
            let block = self.codes.entry((width, turn_block_of(turn))).or_default();
            push_codes(block, &TurnCodes { turn, first_passage, passages, codes: &codes });
        }
    }

    /// The bytes to append, each block of each list once, in the order of their keys, so that a store
    /// changes neighbouring rows.
    pub fn blocks(&self) -> Vec<(Listed<'_>, BlockId, &[u8])> {
        let turns = self.turns.iter().map(|(block, bytes)| (Listed::Turns, *block, &bytes[..]));
        let codes = self
            .codes
            .iter()
            .map(|((width, block), bytes)| (Listed::Codes { width: *width }, *block, &bytes[..]));
        let words = self.words.iter().flat_map(|(block, lists)| {
            let mut lists: Vec<_> = lists.iter().collect();
            lists.sort_unstable();
            lists.into_iter().map(|(word, bytes)| (Listed::Word(word), *block, &bytes[..]))
        });
        turns.chain(words).chain(codes).collect()
    }

    /// The blocks of the list of turns.
    pub fn of_turns(&self) -> impl Iterator<Item = (BlockId, &[u8])> {
        self.turns.iter().map(|(block, bytes)| (*block, &bytes[..]))
    }

    /// The blocks of a word's list.
    pub fn of_word(&self, word: &str) -> impl Iterator<Item = (BlockId, &[u8])> {
        let blocks = self.words.iter();
        blocks.filter_map(move |(block, lists)| Some((*block, &lists.get(word)?[..])))
    }

    /// Every word that has a list, once for each block, in no order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.values().flat_map(HashMap::keys).map(String::as_str)
    }

    /// Takes out a block's bytes; empty if nothing was added to it.
    pub fn take(&mut self, list: Listed<'_>, block: BlockId) -> Vec<u8> {
        let taken = match list {
            Listed::Turns => self.turns.remove(&block),
            Listed::Word(word) => self.words.get_mut(&block).and_then(|lists| lists.remove(word)),
            Listed::Codes { width } => self.codes.remove(&(width, block)),
        };
        taken.unwrap_or_default()
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.turns.len() + self.codes.len() + self.words.values().map(HashMap::len).sum::<usize>()
    }

    /// Says whether there is no block.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Number of passages in a block of codes, and the greatest of their numbers; a damaged tail does not
/// count.
pub fn codes_in(width: usize, block: BlockId, bytes: &[u8]) -> Option<(usize, PassageId)> {
    decode_codes(block, code_bytes(width), bytes)
        .map(|turn| {
            let last = turn.first_passage.0 + turn.passages as i64 - 1;
            (turn.passages, PassageId(last))
        })
        .reduce(|(count, last), (more, later)| (count + more, last.max(later)))
}

/// A block's bytes with those of turns that stand between its turns: for lists of turns and of words,
/// whose turns come in the order of their numbers. Codes come in the order of passages, and are only
/// appended.
pub fn with_turns(list: Listed<'_>, block: BlockId, bytes: &[u8], added: &[u8]) -> Vec<u8> {
    let mut merged = Vec::with_capacity(bytes.len() + added.len());
    match list {
        Listed::Turns => {
            let mut entries: Vec<_> =
                decode_turns(block, bytes).chain(decode_turns(block, added)).collect();
            entries.sort_by_key(|entry| entry.turn);
            for entry in &entries {
                push_turn(&mut merged, entry);
            }
        }
        Listed::Word(_) => {
            let mut postings: Vec<_> =
                decode_postings(block, bytes).chain(decode_postings(block, added)).collect();
            postings.sort_by_key(|posting| posting.turn);
            for posting in &postings {
                push_posting(&mut merged, *posting);
            }
        }
        Listed::Codes { .. } => merged.extend_from_slice(&[bytes, added].concat()),
    }
    merged
}

/// What is left of a block's bytes without these turns; empty if nothing is.
pub fn without_turns(
    list: Listed<'_>,
    block: BlockId,
    bytes: &[u8],
    gone: &BTreeSet<TurnId>,
) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    match list {
        Listed::Turns => decode_turns(block, bytes)
            .filter(|entry| !gone.contains(&entry.turn))
            .for_each(|entry| push_turn(&mut kept, &entry)),
        Listed::Word(_) => decode_postings(block, bytes)
            .filter(|posting| !gone.contains(&posting.turn))
            .for_each(|posting| push_posting(&mut kept, posting)),
        Listed::Codes { width } => decode_codes(block, code_bytes(width), bytes)
            .filter(|turn| !gone.contains(&turn.turn))
            .for_each(|turn| push_codes(&mut kept, &turn)),
    }
    kept
}

#[cfg(test)]
mod tests {
    use longmem_core::Role;
    use longmem_text::indexed_words;
    use proptest::prelude::*;

    use super::*;
    use crate::source::SessionNumber;

    fn lists_of(turns: &[(i64, &str)]) -> NewLists {
        let mut lists = NewLists::default();
        for (turn, text) in turns {
            let words = indexed_words(longmem_core::Timestamp::UNIX_EPOCH, None, text);
            let entry = TurnEntry {
                turn: TurnId(*turn),
                session: SessionNumber(1),
                role: Role::User,
                note: false,
                time_ms: 0,
                words: words.all,
            };
            lists.add_turn(&entry, &words);
        }
        lists
    }

    proptest! {
        #[test]
        fn a_turn_that_is_taken_out_and_put_back_stands_where_it_was(count in 1..20i64, at in 0..20i64) {
            let texts = ["lisbon oslo", "oslo", "lisbon lisbon tokyo"];
            let turns: Vec<(i64, &str)> =
                (1..=count).map(|turn| (turn, texts[turn as usize % 3])).collect();
            let one = turns[(at % count) as usize];
            let (all, again) = (lists_of(&turns), lists_of(&[one]));
            let gone = BTreeSet::from([TurnId(one.0)]);
            for (list, block, added) in again.blocks() {
                let whole = all.blocks().into_iter().find(|(l, b, _)| (*l, *b) == (list, block));
                let whole = whole.expect("the turn is in both").2;
                let without = without_turns(list, block, whole, &gone);
                prop_assert_eq!(with_turns(list, block, &without, added), whole);
            }
        }
    }
}
