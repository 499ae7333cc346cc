//! What recall promises to a person, with the real model and all in one process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod days;
mod echoes;
mod facts;
mod languages;
mod long_messages;
mod nothing;
mod paraphrases;
mod support;
mod whose_words;
