//! The list of turns: what is known of each without reading its text.

use longmem_core::{Role, TurnId};

use super::blocks::{BlockId, Blocks, push_number, take_number};
use crate::source::SessionNumber;

/// What is known of a turn without reading its text.
///
/// In a block it is five numbers: offset, session, role (0 user, 1 assistant, 2 system, 3 tool),
/// time in milliseconds (negative ones as 2^64 more), number of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnEntry {
    /// The turn.
    pub turn: TurnId,
    /// Its session.
    pub session: SessionNumber,
    /// Who speaks.
    pub role: Role,
    /// When it was said, in milliseconds since 1970 in UTC.
    pub time_ms: i64,
    /// Number of words that it was indexed with, repetitions included.
    pub words: u32,
}

pub(super) fn push_turn(bytes: &mut Vec<u8>, entry: &TurnEntry) {
    push_number(bytes, Blocks::OF_TURNS.offset(entry.turn));
    push_number(bytes, entry.session.0 as u64);
    push_number(bytes, entry.role as u64);
    push_number(bytes, entry.time_ms as u64);
    push_number(bytes, u64::from(entry.words));
}

/// Reads a block's entries; a damaged tail ends the block.
pub(crate) fn decode_turns(
    block: BlockId,
    mut bytes: &[u8],
) -> impl Iterator<Item = TurnEntry> + '_ {
    std::iter::from_fn(move || {
        Some(TurnEntry {
            turn: Blocks::OF_TURNS.turn(block, take_number(&mut bytes)?)?,
            session: SessionNumber(take_number(&mut bytes)? as i64),
            role: *Role::ALL.get(take_number(&mut bytes)? as usize)?,
            time_ms: take_number(&mut bytes)? as i64,
            words: take_number(&mut bytes)? as u32,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries() -> impl Strategy<Value = TurnEntry> {
        (0..1024i64, 1i64.., prop::sample::select(Role::ALL), any::<i64>(), any::<u32>()).prop_map(
            |(offset, session, role, time_ms, words)| TurnEntry {
                turn: TurnId(7 * 1024 + offset),
                session: SessionNumber(session),
                role,
                time_ms,
                words,
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(entries in prop::collection::vec(entries(), 0..50)) {
            let mut bytes = Vec::new();
            for entry in &entries {
                push_turn(&mut bytes, entry);
            }
            prop_assert_eq!(decode_turns(BlockId(7), &bytes).collect::<Vec<_>>(), entries);
        }

        #[test]
        fn damaged_blocks_end_and_never_panic(
            block in any::<i64>(), bytes in prop::collection::vec(any::<u8>(), 0..60)
        ) {
            prop_assert!(decode_turns(BlockId(block), &bytes).count() <= bytes.len());
        }
    }
}
