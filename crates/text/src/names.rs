//! Finds names in a text, and takes them out.

use std::collections::HashSet;
use std::hash::BuildHasher;

use unicode_segmentation::UnicodeSegmentation;

use crate::sentences::begins_sentence;
use crate::words::lower_word;

/// The names in a text: words with a capital letter that do not begin a sentence; neighbouring ones
/// are one name.
///
/// # Examples
/// ```
/// assert_eq!(longmem_text::names("Yesterday I met Priya Rao's dog"), ["Priya Rao"]);
/// ```
pub fn names(text: &str) -> Vec<String> {
    let mut names: Vec<(String, usize)> = Vec::new();
    for (start, word) in text.unicode_word_indices() {
        if !word.starts_with(char::is_uppercase) || word == "I" || begins_sentence(&text[..start]) {
            continue;
        }
        let name = without_possessive(word);
        match names.last_mut().filter(|(_, end)| text[*end..start].trim().is_empty()) {
            Some((last, end)) => {
                *last = format!("{last} {name}");
                *end = start + word.len();
            }
            None => names.push((name.to_owned(), start + word.len())),
        }
    }
    names.into_iter().map(|(name, _)| name).collect()
}

/// Says whether words, as [`lower_words`](crate::lower_words) makes them, hold a whole name, or, if
/// `first_is_enough`, its first word.
pub fn holds_name<S: BuildHasher>(
    words: &HashSet<String, S>,
    name: &str,
    first_is_enough: bool,
) -> bool {
    let mut name = name.unicode_words().map(lower_word);
    name.next().is_some_and(|first| words.contains(&first))
        && (first_is_enough || name.all(|word| words.contains(&word)))
}

/// The first of several people that a text names, by the whole name or its first word.
pub fn first_named<'a>(text: &str, people: &'a [String]) -> Option<&'a str> {
    words_with_places(text)
        .find_map(|(_, word)| people.iter().find(|name| is_name(word, name)))
        .map(String::as_str)
}

/// A text without the names of these people. A text of nothing but names stays as it is.
///
/// # Examples
/// ```
/// let people = ["Melanie Smith".to_owned()];
/// assert_eq!(longmem_text::without_names("What is Melanie's dog called?", &people),
///            "What is dog called?");
/// ```
pub fn without_names(text: &str, people: &[String]) -> String {
    if people.is_empty() {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut end = 0;
    for (start, word) in words_with_places(text) {
        if people.iter().any(|name| is_name(word, name)) {
            kept.push_str(text[end..start].trim_end_matches(' '));
            end = start + word.len();
            for possessive in POSSESSIVES {
                if text[end..].starts_with(possessive) {
                    end += possessive.len();
                }
            }
        }
    }
    kept.push_str(&text[end..]);
    if kept.chars().any(char::is_alphanumeric) { kept.trim().to_owned() } else { text.to_owned() }
}

const POSSESSIVES: [&str; 2] = ["'s", "’s"];

/// A word without a possessive ending.
pub(crate) fn without_possessive(word: &str) -> &str {
    POSSESSIVES.iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
}

/// Says whether a word is a name, or the first word of one.
fn is_name(word: &str, name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or(name);
    !first.is_empty() && (word == first || word == name)
}

fn words_with_places(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower_words;

    fn people() -> Vec<String> {
        vec!["Caroline".to_owned(), "Melanie Smith".to_owned()]
    }

    #[test]
    fn finds_names_within_sentences() {
        let text = "Works with Priya Rao and Tomás. They like Priya's dog, and I do.";
        assert_eq!(names(text), ["Priya Rao", "Tomás", "Priya"]);
    }

    #[test]
    fn names_are_taken_out() {
        let without = |text: &str| without_names(text, &people());
        assert_eq!(without("Hey Caroline! Good to see you"), "Hey! Good to see you");
        assert_eq!(without("What is Melanie's dog called?"), "What is dog called?");
        assert_eq!(without("Caroline"), "Caroline");
        assert_eq!(without("Carolines"), "Carolines", "a longer word is not the name");
        assert_eq!(without_names("as it is ", &[]), "as it is ");
    }

    #[test]
    fn the_first_of_several_people_is_found_by_a_first_name() {
        let first = |text: &str| first_named(text, &people()).map(str::to_owned);
        assert_eq!(first("Where did Caroline go?"), Some("Caroline".to_owned()));
        assert_eq!(
            first("What does Melanie think of Caroline's plan?"),
            Some("Melanie Smith".to_owned())
        );
        assert_eq!(first("Where do I live?"), None);
    }

    #[test]
    fn a_whole_name_or_its_first_word_is_held() {
        let words = lower_words("Tell me about Priya's plan");
        assert!(holds_name(&words, "Priya Rao", true));
        assert!(!holds_name(&words, "Priya Rao", false));
        assert!(!holds_name(&words, "", true));
    }
}
