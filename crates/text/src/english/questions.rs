//! How English asks: for a time, and for whose words.

use unicode_segmentation::UnicodeSegmentation;

/// Says whether a question asks when ("When did …?", "On which day …?").
pub fn asks_when(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_unit = |word: &str| matches!(word, "date" | "day" | "weekday" | "month" | "year");
    words.contains(&"when")
        || words.windows(2).any(|pair| matches!(pair[0], "what" | "which") && is_unit(pair[1]))
}

/// One of the two who talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The person who asks.
    User,
    /// The assistant who is asked.
    Assistant,
}

/// Phrases that ask for the assistant's words. They go before [`USER_PHRASES`]: "Remind me what you
/// said" asks for the assistant's words although it says "me".
const ASSISTANT_PHRASES: &[&str] = &[
    " did you ",
    " you said ",
    " you told ",
    " you suggest",
    " you recommend",
    " remind me ",
    " your ",
];

/// Phrases that ask for the person's own words.
const USER_PHRASES: &[&str] = &[" i ", " me ", " my ", " mine ", " i m ", " i ve "];

/// Whose words a question asks for, if its pronouns say so.
///
/// # Examples
/// ```
/// use longmem_text::english::{Party, asked_party};
/// assert_eq!(asked_party("Where do I live?"), Some(Party::User));
/// assert_eq!(asked_party("What did you suggest?"), Some(Party::Assistant));
/// ```
pub fn asked_party(text: &str) -> Option<Party> {
    let lower = format!(" {} ", text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), " "));
    let holds = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    if holds(ASSISTANT_PHRASES) {
        Some(Party::Assistant)
    } else if holds(USER_PHRASES) {
        Some(Party::User)
    } else {
        None
    }
}

/// Says whether a message asks for the list of what is known about the person who asks, which needs
/// no language model.
///
/// # Examples
/// ```
/// use longmem_text::english::asks_what_is_known;
/// assert!(asks_what_is_known("What do you know about me?"));
/// assert!(!asks_what_is_known("What do you know about Lisbon?"));
/// ```
pub fn asks_what_is_known(message: &str) -> bool {
    let words: Vec<String> = message.unicode_words().map(str::to_lowercase).collect();
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| {
            !["so", "hey", "hi", "please", "tell", "all", "now", "already"].contains(word)
        })
        .collect();
    matches!(
        words.as_slice(),
        [
            "what",
            "do" | "did" | "have",
            "you",
            "know" | "remember" | "learn" | "learned" | "noted",
            "about" | "of",
            "me"
        ] | ["what", "facts", "do", "you", "know" | "remember", "about", "me"]
            | ["what", "is", "known", "about", "me"]
            | ["me", "what", "you", "know" | "remember", "about", "me"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_and_which_day_ask_when() {
        for text in ["When did I move?", "Since when?", "On which day was it?", "what year is it"] {
            assert!(asks_when(text), "{text}");
        }
        for text in ["What did I do?", "Whenever", "which one, and what a day", "", "the year 2020"]
        {
            assert!(!asks_when(text), "{text}");
        }
    }

    #[test]
    fn pronouns_say_whose_words_are_asked_for() {
        assert_eq!(asked_party("Where do I live?"), Some(Party::User));
        assert_eq!(asked_party("Remind me what you said"), Some(Party::Assistant));
        assert_eq!(asked_party("What is the capital of France?"), None);
    }

    #[test]
    fn only_the_question_about_oneself_asks_for_the_list() {
        for question in [
            "what do you know about me",
            "So, what do you know about me already?",
            "What have you learned about me?",
            "Tell me what you remember about me!",
        ] {
            assert!(asks_what_is_known(question), "{question}");
        }
        for other in [
            "What do you know about me and Priya?",
            "what do you know about my dog?",
            "What do you know?",
            "",
        ] {
            assert!(!asks_what_is_known(other), "{other}");
        }
    }
}
