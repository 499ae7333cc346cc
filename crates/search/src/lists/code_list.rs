//! The list of codes: one bit for each number of each vector, so that a process that has just begun
//! reads a thirty-second of the bytes.

use longmem_core::TurnId;

use super::blocks::{BlockId, Blocks, push_number, take_number};
use crate::source::PassageId;

/// The codes of one turn's passages. In a block: offset, number of the first passage (the others
/// follow), number of passages, and the codes one after another. Turns come in the order of their
/// passages' numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnCodes<'a> {
    pub(crate) turn: TurnId,
    pub(crate) first_passage: PassageId,
    pub(crate) passages: usize,
    /// The codes, one after another, all of the same length.
    pub(crate) codes: &'a [u8],
}

pub(super) fn push_codes(bytes: &mut Vec<u8>, turn: &TurnCodes<'_>) {
    push_number(bytes, Blocks::OF_TURNS.offset(turn.turn));
    push_number(bytes, turn.first_passage.0 as u64);
    push_number(bytes, turn.passages as u64);
    bytes.extend_from_slice(turn.codes);
}

/// Reads a block of codes of this length; a damaged tail ends the block.
pub(crate) fn decode_codes(
    block: BlockId,
    code_bytes: usize,
    mut bytes: &[u8],
) -> impl Iterator<Item = TurnCodes<'_>> + '_ {
    std::iter::from_fn(move || {
        let turn = Blocks::OF_TURNS.turn(block, take_number(&mut bytes)?)?;
        let first_passage = i64::try_from(take_number(&mut bytes)?).ok()?;
        let passages = take_number(&mut bytes)? as usize;
        // The number after the last one is a number too, in a list that is not damaged.
        first_passage.checked_add_unsigned(passages as u64)?;
        let first_passage = PassageId(first_passage);
        let (codes, rest) = bytes.split_at_checked(passages.checked_mul(code_bytes)?)?;
        bytes = rest;
        Some(TurnCodes { turn, first_passage, passages, codes })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            code_bytes in prop::sample::select(vec![8usize, 48, 96]),
            turns in prop::collection::vec((0..1024i64, 1..i64::MAX / 2, 1..4usize), 1..8),
            filling in any::<u8>(),
        ) {
            let codes = vec![filling; 3 * code_bytes];
            let turns: Vec<TurnCodes<'_>> = turns
                .into_iter()
                .map(|(offset, first_passage, passages)| TurnCodes {
                    turn: TurnId(5 * 1024 + offset),
                    first_passage: PassageId(first_passage),
                    passages,
                    codes: &codes[..passages * code_bytes],
                })
                .collect();
            let mut bytes = Vec::new();
            for turn in &turns {
                push_codes(&mut bytes, turn);
            }
            let read: Vec<_> = decode_codes(BlockId(5), code_bytes, &bytes).collect();
            prop_assert_eq!(read, turns);
        }

        #[test]
        fn damaged_blocks_end_and_never_panic(
            block in any::<i64>(), bytes in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            prop_assert!(decode_codes(BlockId(block), 48, &bytes).count() <= bytes.len());
        }
    }
}
