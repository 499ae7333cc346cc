//! What a text says: words and stems, sentences, names, days, questions, small talk, instructions,
//! statements, secrets, and which part of an answer is only thinking.
//!
//! Useful to read a message, a question or a note before it is searched for; no parser of grammar,
//! and no detector of the world's languages. What is known of a language stands in the folder of
//! that language as lists and patterns: English, German and Spanish. [`language_of`] guesses which
//! one a text is written in, and every function here asks that one. A text in another language is
//! read by no other's rules. What works on any script stands beside. This crate depends on nothing
//! else of the workspace.
//!
//! # Examples
//! ```
//! assert_eq!(longmem_text::query_words("Where did I run?"), ["run"]);
//! assert_eq!(longmem_text::names("I met Priya Rao"), ["Priya Rao"]);
//! assert!(longmem_text::is_small_talk("hi, how are you?"));
//! assert!(longmem_text::asks_when("Wann war der Umzug?"));
//! ```

mod days;
pub mod english;
mod folding;
mod general;
mod german;
mod instructions;
mod instructions_alike;
mod language;
mod lexicon;
mod names;
mod parts;
mod phrases;
mod places;
mod questions;
mod secrets;
mod sentences;
mod small_talk;
mod spanish;
mod statements;
mod thinking;
mod wordless;
mod words;

pub use days::{
    Bound, Days, days_meant, days_named, is_month_or_weekday, tells_number, tells_when,
};
pub use folding::folded_title;
pub use general::{asks_general_knowledge, is_bare_command};
pub use instructions::standing_instructions;
pub use instructions_alike::{repeats_instruction, replaces_instruction};
pub use language::{Language, language_of};
pub use names::{holds_name, names, names_mentioned, without_names};
pub use parts::{Part, is_all_questions, parts};
pub use places::places_of_words;
pub use questions::{
    Party, asked_party, asks_for_history, asks_number, asks_the_other, asks_what_is_known,
    asks_when, negations,
};
pub use secrets::{InvalidPattern, Redactor, SecretKind, UnknownSecretKind};
pub use sentences::{begins_sentence, only_asks, sentences};
pub use small_talk::is_small_talk;
pub use statements::{is_about_the_speaker, third_person};
pub use thinking::{ThinkingFilter, without_thinking};
pub use wordless::has_words;
pub use words::{
    IndexedWords, any_word, each_word, indexed_words, is_function_word, lower_word, lower_words,
    query_words,
};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
