//! What is known of English: its calendar, its small talk, and how it asks.

mod days;
mod function_words;
mod questions;
mod small_talk;

pub use days::{Days, days_named, is_month_or_weekday, tells_when};
pub(crate) use function_words::STOP_WORDS;
pub use function_words::{
    content_words, is_capital_pronoun, is_opener, means_the_user, noun_forms, says_decided,
};
pub use questions::{Party, asked_party, asks_what_is_known, asks_when};
pub use small_talk::is_small_talk;
