//! How turn numbers are cut into blocks, and how numbers stand in one.
//!
//! One row of a store per block keeps a scan from stepping through a row per turn.

use longmem_core::TurnId;

/// The number of a block in its list: the turn numbers without their lowest bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub i64);

/// A way to cut turns into blocks: those whose numbers share all but the lowest `bits` share one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks {
    bits: u32,
}

impl Blocks {
    /// 1,024 turns, for lists that hold every turn: adding one rewrites a row of some ten kilobytes.
    pub(crate) const OF_TURNS: Self = Self { bits: 10 };

    /// 8,192 turns, for lists of words, of which most hold few turns: a search looks into each block,
    /// and an import rewrites most lists of the newest.
    pub(crate) const OF_WORDS: Self = Self { bits: 13 };

    /// The block that a turn stands in.
    pub(crate) fn of(self, turn: TurnId) -> BlockId {
        BlockId(turn.0 >> self.bits)
    }

    /// The first and the last number of a block; those of a block beyond all numbers are no turns.
    pub(crate) fn turns(self, block: BlockId) -> (TurnId, TurnId) {
        let first = block.0 << self.bits;
        (TurnId(first), TurnId(first | ((1 << self.bits) - 1)))
    }

    /// A turn's number inside its block.
    pub(crate) fn offset(self, turn: TurnId) -> u64 {
        (turn.0 & ((1 << self.bits) - 1)) as u64
    }

    /// The turn with this offset in this block; none for an offset beyond its end.
    pub(crate) fn turn(self, block: BlockId, offset: u64) -> Option<TurnId> {
        (offset >> self.bits == 0).then_some(TurnId(block.0 << self.bits | offset as i64))
    }
}

/// Appends a number as LEB128: seven bits a byte, the lowest first.
pub(crate) fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the front; none at the end and in a damaged tail.
pub(crate) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_turn_is_found_by_its_block_and_offset(turn in 0..i64::MAX) {
            let turn = TurnId(turn);
            for blocks in [Blocks::OF_TURNS, Blocks::OF_WORDS] {
                let (block, offset) = (blocks.of(turn), blocks.offset(turn));
                prop_assert_eq!(blocks.turn(block, offset), Some(turn));
            }
        }

        #[test]
        fn what_was_written_is_read(numbers in prop::collection::vec(any::<u64>(), 0..50)) {
            let mut bytes = Vec::new();
            for number in &numbers {
                push_number(&mut bytes, *number);
            }
            let mut rest = bytes.as_slice();
            let read: Vec<u64> = std::iter::from_fn(|| take_number(&mut rest)).collect();
            prop_assert_eq!(read, numbers);
        }

        #[test]
        fn damaged_bytes_end_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut rest = bytes.as_slice();
            prop_assert!(std::iter::from_fn(|| take_number(&mut rest)).count() <= bytes.len());
        }
    }
}
