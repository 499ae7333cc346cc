//! What one language gives: lists of words, and patterns of words.

use crate::days::DayWords;

/// The words of one language by what they do. Lists are words between spaces, patterns are those of
/// [`phrases`](crate::phrases); both are in lower case and without accents.
pub(crate) struct Lexicon {
    /// Words too frequent to tell texts apart; a query is searched without them.
    pub(crate) function_words: &'static str,
    /// Frequent words that are no function words and still tell the language.
    pub(crate) typical_words: &'static str,
    /// Function words that are ordinary words of another language, which say less.
    pub(crate) ambiguous_words: &'static str,
    /// How it speaks of days.
    pub(crate) days: DayWords,
    /// How it asks.
    pub(crate) questions: QuestionPatterns,
    /// Messages that ask memory for nothing.
    pub(crate) small_talk: SmallTalkWords,
}

/// How a language asks.
pub(crate) struct QuestionPatterns {
    /// Words before a question that say nothing ("and", "by the way").
    pub(crate) openings: &'static [&'static str],
    /// Words with which a question begins: interrogatives and auxiliaries.
    pub(crate) interrogatives: &'static [&'static str],
    /// Requests for an answer ("tell me").
    pub(crate) requests: &'static [&'static str],
    /// Asks for a time.
    pub(crate) when: &'static [&'static str],
    /// Asks for a number.
    pub(crate) number: &'static [&'static str],
    /// Asks what was so and may be so no longer.
    pub(crate) history: &'static [&'static str],
    /// Certainly asks for the assistant's words.
    pub(crate) assistant_said: &'static [&'static str],
    /// Asks for advice, which is no question about the assistant's words.
    pub(crate) advice: &'static [&'static str],
    /// Asks for the assistant's words, unless it asks for advice.
    pub(crate) assistant: &'static [&'static str],
    /// Asks for all that is known about the person.
    pub(crate) what_is_known: &'static [&'static str],
    /// Asks for the person's own words.
    pub(crate) user: &'static [&'static str],
}

/// Words of messages that ask memory for nothing.
pub(crate) struct SmallTalkWords {
    /// Words of greetings, thanks and assent.
    pub(crate) social: &'static str,
    /// Words that may stand beside them, and make no small talk on their own.
    pub(crate) joining: &'static str,
    /// Whole messages.
    pub(crate) phrases: &'static [&'static str],
}
