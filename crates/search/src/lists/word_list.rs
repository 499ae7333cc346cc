//! The lists of words: which turns hold each.

use longmem_core::TurnId;

use super::blocks::{BlockId, Blocks, push_number, take_number};

/// One turn in a word's list. In a block it is two numbers: offset, count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) turn: TurnId,
    /// Number of times that the turn holds the word.
    pub(crate) count: u32,
}

pub(super) fn push_posting(bytes: &mut Vec<u8>, posting: Posting) {
    push_number(bytes, Blocks::OF_WORDS.offset(posting.turn));
    push_number(bytes, u64::from(posting.count));
}

/// The first and the last turn number of a block of a word's list.
pub(crate) fn turns_of_word_block(block: BlockId) -> (TurnId, TurnId) {
    Blocks::OF_WORDS.turns(block)
}

/// Reads a block's postings; a damaged tail ends the block.
pub(crate) fn decode_postings(
    block: BlockId,
    mut bytes: &[u8],
) -> impl Iterator<Item = Posting> + '_ {
    std::iter::from_fn(move || {
        Some(Posting {
            turn: Blocks::OF_WORDS.turn(block, take_number(&mut bytes)?)?,
            count: take_number(&mut bytes)? as u32,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            entries in prop::collection::vec((0i64..8192, 1u32..), 0..50)
        ) {
            let postings: Vec<Posting> = entries
                .into_iter()
                .map(|(offset, count)| Posting { turn: TurnId(9 * 8192 + offset), count })
                .collect();
            let mut bytes = Vec::new();
            for posting in &postings {
                push_posting(&mut bytes, *posting);
            }
            prop_assert_eq!(decode_postings(BlockId(9), &bytes).collect::<Vec<_>>(), postings);
        }

        #[test]
        fn damaged_blocks_end_and_never_panic(
            block in any::<i64>(), bytes in prop::collection::vec(any::<u8>(), 0..60)
        ) {
            prop_assert!(decode_postings(BlockId(block), &bytes).count() <= bytes.len());
        }
    }
}
