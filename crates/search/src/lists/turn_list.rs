//! The list of turns: what is known of each without reading its text.

use std::collections::BTreeSet;

use longmem_core::{Role, TurnId};

use super::blocks::{BlockId, Blocks, push_number, take_number};
use crate::source::SessionNumber;

/// What is known of a turn without reading its text.
///
/// In a block it is five numbers: offset, session, role (0 user, 1 assistant, 2 system, 3 tool; 4 more
/// for a note), time in milliseconds (negative ones as 2^64 more), number of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnEntry {
    /// The turn.
    pub turn: TurnId,
    /// Its session.
    pub session: SessionNumber,
    /// Who speaks.
    pub role: Role,
    /// Whether it is a note, which stands alone in its session.
    pub note: bool,
    /// When it was said, in milliseconds since 1970 in UTC.
    pub time_ms: i64,
    /// Number of words that it was indexed with, repetitions included.
    pub words: u32,
}

/// What the number of the role is raised by for a note: roles are 0 to 3.
const NOTE: u64 = 4;

pub(super) fn push_turn(bytes: &mut Vec<u8>, entry: &TurnEntry) {
    push_number(bytes, Blocks::OF_TURNS.offset(entry.turn));
    push_number(bytes, entry.session.0 as u64);
    push_number(bytes, entry.role as u64 + if entry.note { NOTE } else { 0 });
    push_number(bytes, entry.time_ms as u64);
    push_number(bytes, u64::from(entry.words));
}

/// Reads a block's entries; a damaged tail ends the block.
pub(crate) fn decode_turns(
    block: BlockId,
    mut bytes: &[u8],
) -> impl Iterator<Item = TurnEntry> + '_ {
    std::iter::from_fn(move || {
        let turn = Blocks::OF_TURNS.turn(block, take_number(&mut bytes)?)?;
        let session = SessionNumber(take_number(&mut bytes)? as i64);
        let role_and_note = take_number(&mut bytes)?;
        let note = role_and_note >= NOTE;
        let role = role_and_note - if note { NOTE } else { 0 };
        Some(TurnEntry {
            turn,
            session,
            role: *Role::ALL.get(role as usize)?,
            note,
            time_ms: take_number(&mut bytes)? as i64,
            words: take_number(&mut bytes)? as u32,
        })
    })
}

/// A block in which these turns are of another session; the other entries stay as they are.
pub fn with_session(
    block: BlockId,
    bytes: &[u8],
    moved: &BTreeSet<TurnId>,
    session: SessionNumber,
) -> Vec<u8> {
    let mut changed = Vec::with_capacity(bytes.len());
    for entry in decode_turns(block, bytes) {
        let session = if moved.contains(&entry.turn) { session } else { entry.session };
        push_turn(&mut changed, &TurnEntry { session, ..entry });
    }
    changed
}

/// What a block says of turns, up to where it is damaged.
pub fn turns_in(block: BlockId, bytes: &[u8]) -> Vec<TurnEntry> {
    decode_turns(block, bytes).collect()
}

/// A block in which these turns are notes; the other entries stay as they are.
pub fn with_notes(block: BlockId, bytes: &[u8], notes: &BTreeSet<TurnId>) -> Vec<u8> {
    let mut marked = Vec::with_capacity(bytes.len());
    for entry in decode_turns(block, bytes) {
        let note = entry.note || notes.contains(&entry.turn);
        push_turn(&mut marked, &TurnEntry { note, ..entry });
    }
    marked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries() -> impl Strategy<Value = TurnEntry> {
        let role = prop::sample::select(Role::ALL);
        (0..1024i64, 1i64.., role, any::<bool>(), any::<i64>(), any::<u32>()).prop_map(
            |(offset, session, role, note, time_ms, words)| TurnEntry {
                turn: TurnId(7 * 1024 + offset),
                session: SessionNumber(session),
                role,
                note,
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
        fn turns_become_notes_in_place(
            entries in prop::collection::vec(entries(), 0..50), every in 1..5i64
        ) {
            let notes = entries.iter().map(|entry| entry.turn).filter(|turn| turn.0 % every == 0);
            let notes: BTreeSet<TurnId> = notes.collect();
            let mut bytes = Vec::new();
            for entry in &entries {
                push_turn(&mut bytes, entry);
            }
            let marked = with_notes(BlockId(7), &bytes, &notes);
            let expected = entries.into_iter().map(|entry| TurnEntry {
                note: entry.note || notes.contains(&entry.turn),
                ..entry
            });
            prop_assert!(decode_turns(BlockId(7), &marked).eq(expected));
        }

        #[test]
        fn turns_change_their_session_in_place(
            entries in prop::collection::vec(entries(), 0..50), every in 1..5i64
        ) {
            let moved: BTreeSet<TurnId> =
                entries.iter().map(|entry| entry.turn).filter(|turn| turn.0 % every == 0).collect();
            let mut bytes = Vec::new();
            for entry in &entries {
                push_turn(&mut bytes, entry);
            }
            let to = SessionNumber(12);
            let changed = with_session(BlockId(7), &bytes, &moved, to);
            let expected = entries.into_iter().map(|entry| TurnEntry {
                session: if moved.contains(&entry.turn) { to } else { entry.session },
                ..entry
            });
            prop_assert!(decode_turns(BlockId(7), &changed).eq(expected));
        }

        #[test]
        fn damaged_blocks_end_and_never_panic(
            block in any::<i64>(), bytes in prop::collection::vec(any::<u8>(), 0..60)
        ) {
            prop_assert!(decode_turns(BlockId(block), &bytes).count() <= bytes.len());
        }
    }
}
