//! What a question says besides its words: whom and which days it is about.

use jiff::civil::Date;
use longmem_core::Role;

use crate::time_expression::{Days, days_named};

/// A question, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// What is embedded: the question without the names of the people who talk.
    pub(crate) to_embed: String,
    /// Whose turns it asks for, if it says so.
    pub(crate) about: Option<About>,
    /// The days that it names.
    pub(crate) days: Vec<Days>,
    /// Whether it asks when something was or will be.
    pub(crate) asks_when: bool,
}

/// Whose turns a question asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    /// Those of one of several people.
    Speaker(String),
    /// Those of the person, or of the assistant.
    Role(Role),
}

impl Question {
    /// Reads a question among people of these names, asked on a day.
    pub(crate) fn read(text: &str, speakers: &[String], today: Date) -> Self {
        Self {
            to_embed: without_names(text, speakers),
            about: about(text, speakers),
            days: days_named(text, today),
            asks_when: asks_when(text),
        }
    }
}

/// Says whether a question asks when ("When did …?", "On which day …?"). English only.
fn asks_when(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = words_with_places(&lower).map(|(_, word)| word).collect();
    let is_unit = |word: &str| matches!(word, "date" | "day" | "weekday" | "month" | "year");
    words.contains(&"when")
        || words.windows(2).any(|pair| matches!(pair[0], "what" | "which") && is_unit(pair[1]))
}

/// Of several people who are named, the first is most likely the one whose words are asked for
/// ("What does Ana think of Ben's plan?"): in four of five such questions of LoCoMo.
fn about(text: &str, speakers: &[String]) -> Option<About> {
    let named = words_with_places(text)
        .find_map(|(_, word)| speakers.iter().find(|speaker| is_name(word, speaker)));
    if let Some(speaker) = named {
        return Some(About::Speaker(speaker.clone()));
    }
    let lower = format!(" {} ", text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), " "));
    let holds = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    // "Remind me what you said" asks for the assistant's words although it says "me".
    if holds(&[
        " did you ",
        " you said ",
        " you told ",
        " you suggest",
        " you recommend",
        " remind me ",
        " your ",
    ]) {
        Some(About::Role(Role::Assistant))
    } else if holds(&[" i ", " me ", " my ", " mine ", " i m ", " i ve "]) {
        Some(About::Role(Role::User))
    } else {
        None
    }
}

/// Says whether a word is a name, or the first word of one.
fn is_name(word: &str, name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or(name);
    !first.is_empty() && (word == first || word == name)
}

/// A text without the names of the people who talk: a name says who, which is judged by the
/// speaker, and would draw every greeting near.
///
/// A text of nothing but names stays as it is.
pub(crate) fn without_names(text: &str, names: &[String]) -> String {
    if names.is_empty() {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut end = 0;
    for (start, word) in words_with_places(text) {
        if names.iter().any(|name| is_name(word, name)) {
            kept.push_str(text[end..start].trim_end_matches(' '));
            end = start + word.len();
            for possessive in ["'s", "’s"] {
                if text[end..].starts_with(possessive) {
                    end += possessive.len();
                }
            }
        }
    }
    kept.push_str(&text[end..]);
    if kept.chars().any(char::is_alphanumeric) { kept.trim().to_owned() } else { text.to_owned() }
}

fn words_with_places(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Says whether every sentence of a text asks: such a turn seldom holds the answer.
pub(crate) fn only_asks(text: &str) -> bool {
    let mut asks = false;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(['.', '!', '?', '…']).unwrap_or(rest.len());
        let marks = rest[end..].find(|c: char| !matches!(c, '.' | '!' | '?' | '…'));
        let next = marks.map_or(rest.len(), |length| end + length);
        if rest[..end].chars().any(char::is_alphanumeric) {
            if !rest[end..next].contains('?') {
                return false;
            }
            asks = true;
        }
        rest = rest[next..].trim_start();
    }
    asks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speakers() -> Vec<String> {
        vec!["Caroline".to_owned(), "Melanie Smith".to_owned()]
    }

    #[test]
    fn names_are_taken_out_of_what_is_embedded() {
        let without = |text: &str| without_names(text, &speakers());
        assert_eq!(without("Hey Caroline! Good to see you"), "Hey! Good to see you");
        assert_eq!(without("What is Melanie's dog called?"), "What is dog called?");
        assert_eq!(without("Caroline"), "Caroline");
        assert_eq!(without("Carolines"), "Carolines", "a longer word is not the name");
        assert_eq!(without_names("as it is ", &[]), "as it is ");
    }

    #[test]
    fn the_first_name_tells_whose_turns_are_asked_for() {
        let about = |text: &str| about(text, &speakers());
        assert_eq!(about("Where did Caroline go?"), Some(About::Speaker("Caroline".to_owned())));
        assert_eq!(
            about("What does Melanie think of Caroline's plan?"),
            Some(About::Speaker("Melanie Smith".to_owned()))
        );
        assert_eq!(about("Where do I live?"), Some(About::Role(Role::User)));
        assert_eq!(about("Remind me what you said"), Some(About::Role(Role::Assistant)));
        assert_eq!(about("What is the capital of France?"), None);
    }

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
    fn a_turn_of_questions_only_asks() {
        assert!(only_asks("What's up? Anything new?!"));
        assert!(!only_asks("I moved. And you?"));
        assert!(!only_asks("No mark at all"));
        assert!(!only_asks(""));
        assert!(only_asks("Und du? …"));
    }
}
