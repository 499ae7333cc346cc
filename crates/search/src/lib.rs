//! Scores vectors (rayon-parallel cosine) and words, without knowing where they are kept.
//!
//! A store that implements [`SearchSource`] hands out rows and the bytes of blocks; decoding,
//! caching and scoring happen here. So every store gives the same answers bit for bit. What a store
//! keeps for it is made here too, by [`NewLists`].
//!
//! The crate's `README.md` explains row, chunk, block, code and posting with a picture, and follows
//! one word from a turn into bytes and back.
//!
//! Useful to those who write a store, and to the engine. Not useful for ranking: what is found here
//! is the union of the best by meaning and the best by words, each with its scores.

mod buffers;
mod cache;
mod cached_user;
mod candidates;
mod filter;
mod lists;
mod merged;
mod parallel;
mod reading;
mod searcher;
mod selection;
mod source;
mod turn_table;
mod vectorized;
mod vectors;
mod words;

pub use candidates::{Candidate, CandidateRequest, Candidates, DenseHit, LexicalHit};
pub use lists::{
    BlockId, Listed, NewLists, TurnEntry, codes_in, turn_block_of, turns_in, with_notes,
    with_session, with_turns, without_turns, word_block_of, words_from_bytes, words_to_bytes,
};
pub use searcher::Searcher;
pub use source::{
    DamagedVector, Epoch, FoundUser, Known, KnownVectors, ModelState, PassageId, SearchRows,
    SearchSource, SearchWanted, SessionNumber, TakeVector, UserState,
};
pub use vectors::{DenseParameters, Scan, vector_bytes, vector_from_bytes};
pub use words::LexicalParameters;
