//! What a text says: words and stems, sentences, names, days, small talk.
//!
//! Everything that is known of a language stands in the module of that language: [`english`] is the
//! only one so far. The rest works on any script. This crate depends on nothing else of the
//! workspace.
//!
//! # Examples
//! ```
//! assert_eq!(longmem_text::query_words("Where did I run?"), ["run"]);
//! assert_eq!(longmem_text::names("I met Priya Rao"), ["Priya Rao"]);
//! assert!(longmem_text::english::is_small_talk("hi, how are you?"));
//! ```

pub mod english;
mod names;
mod sentences;
mod words;

pub use names::{first_named, holds_name, names, without_names};
pub use sentences::{begins_sentence, only_asks, sentences};
pub use words::{IndexedWords, each_word, indexed_words, lower_word, lower_words, query_words};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
