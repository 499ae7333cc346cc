//! Words: BM25 over windows of turns, and other spellings of words that nobody wrote.

mod beside;
mod best_rows;
mod bm25;
mod estimates;
mod kept_words;
mod lexical_scores;
mod near_rows;
#[cfg(test)]
mod plain;
mod spelling;
mod windows;
mod word_rows;

pub use bm25::LexicalParameters;

pub(crate) use kept_words::{KeptWords, KnownWord};
pub(crate) use lexical_scores::{LexicalScores, WordLists};
pub(crate) use spelling::Vocabulary;
pub(crate) use windows::WordWindows;
pub(crate) use word_rows::WordRows;

/// Number of distinct words that are searched of a query; a pasted page needs no more to be found.
pub(crate) const MAX_QUERY_WORDS: usize = 64;
