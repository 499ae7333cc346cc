//! Words: BM25 over windows of turns, and other spellings of words that nobody wrote.

mod bm25;
mod spelling;
mod windows;

pub use bm25::LexicalParameters;

pub(crate) use bm25::{LexicalScores, MAX_QUERY_WORDS, WordPostings, lexical_scores};
pub(crate) use spelling::Vocabulary;
pub(crate) use windows::WordWindows;
