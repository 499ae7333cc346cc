//! What stores keep again of all turns of a user, in lists of blocks, so that a search reads few rows.
//!
//! A list is cut into blocks of neighbouring turn numbers; a store keeps each block as one row of
//! bytes. New turns are appended to the end of the last block. Numbers in a block are LEB128.

mod blocks;
mod code_list;
mod new_lists;
mod turn_list;
mod turn_words;
mod word_list;

pub use blocks::BlockId;
pub use new_lists::{
    Listed, NewLists, codes_in, turn_block_of, with_turns, without_turns, word_block_of,
};
pub use turn_list::{TurnEntry, turns_in, with_notes, with_session};
pub use turn_words::{words_from_bytes, words_to_bytes};

pub(crate) use code_list::decode_codes;
pub(crate) use turn_list::decode_turns;
pub(crate) use word_list::{decode_postings, turns_of_word_block};
