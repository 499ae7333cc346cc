//! Finds names in a text, and takes them out.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::language::Language;
use crate::phrases::lists;
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

/// Names that are also ordinary words; in lower case, or where a sentence may just begin with the
/// word, they are no names.
const ORDINARY_NAMES: &str = "april art august autumn basil bill bob brook brooke buck carol chance chase chip \
    christian clay cliff colt dale dawn daisy dean don drew duke eve faith fern flora forest frank gene ginger \
    glen grace grant guy harmony harry heath heather holly hope hunter iris ivy jack jasmine jean \
    jewel john josh joy june lance lane laurel lily major mark marina max may mercy miles nick norm olive opal \
    pat patience pearl penny peter pierce poppy ray reed rich rob robin rock rocky rod roman rose rosemary \
    ruby rusty sandy scarlet sky skip sterling stone storm sue summer sunny terry tiger violet virginia wade \
    ward warren wayne will winter woody";

/// Words after which an ordinary word at the beginning of a sentence is a verb: "Will you come?",
/// "Mark the day", "May I?".
const AFTER_A_VERB: &str = "a all an any anyone anybody be have he her his i it me my our she that the their \
    them there these they this those us we you your";

/// The people whom a text names, by the whole name or its first word, in its order and each once.
///
/// Letters count in any case. A name that is also an ordinary word ("Will", "May", "Rose") needs its
/// capital letter; at the beginning of a sentence it also needs a possessive behind it, or a word
/// that does not follow a verb: "Will you come?" names nobody.
///
/// # Examples
/// ```
/// let people = ["Will".to_owned(), "Melanie Smith".to_owned()];
/// assert_eq!(longmem_text::names_mentioned("what did melanie tell Will?", &people),
///            ["Melanie Smith", "Will"]);
/// assert!(longmem_text::names_mentioned("Will you come?", &people).is_empty());
/// ```
pub fn names_mentioned<'a>(text: &str, people: &'a [String]) -> Vec<&'a str> {
    let mut mentioned: Vec<&str> = Vec::new();
    for mention in mentions(text, people) {
        for name in mention.people {
            if !mentioned.contains(&name) {
                mentioned.push(name);
            }
        }
    }
    mentioned
}

/// A text without the names of these people, in any case of letters. A text of nothing but names
/// stays as it is.
///
/// # Examples
/// ```
/// let people = ["Melanie Smith".to_owned()];
/// assert_eq!(longmem_text::without_names("What is melanie's dog called?", &people),
///            "What is dog called?");
/// ```
pub fn without_names(text: &str, people: &[String]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut end = 0;
    for mention in mentions(text, people) {
        kept.push_str(text[end..mention.place.start].trim_end_matches(' '));
        end = mention.place.end;
    }
    if end == 0 {
        return text.to_owned();
    }
    kept.push_str(&text[end..]);
    if kept.chars().any(char::is_alphanumeric) { kept.trim().to_owned() } else { text.to_owned() }
}

/// One place where a text names people of one name.
struct Mention<'a> {
    /// The bytes of the name, with a possessive ending.
    place: Range<usize>,
    /// Whom it may name: several, if they share a first name.
    people: Vec<&'a str>,
}

/// Every place where a text names one of several people.
fn mentions<'a>(text: &str, people: &'a [String]) -> Vec<Mention<'a>> {
    // By first word, so that a long text is compared with each name in passing.
    let mut by_first: HashMap<String, Vec<(Vec<String>, &'a str)>> = HashMap::new();
    for name in people {
        let words: Vec<String> =
            words_with_places(name).map(|(_, word)| word.to_lowercase()).collect();
        if let Some(first) = words.first() {
            by_first.entry(first.clone()).or_default().push((words, name));
        }
    }
    if by_first.is_empty() {
        return Vec::new();
    }
    let words: Vec<(usize, &str)> = words_with_places(text).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let named = by_first.get(&words[at].1.to_lowercase());
        let Some(named) = named.filter(|_| is_used_as_name(text, &words, at)) else {
            at += 1;
            continue;
        };
        let length_of = |name: &[String]| {
            let same =
                |(word, (_, other)): &(&String, &(usize, &str))| **word == other.to_lowercase();
            name.iter().zip(&words[at..]).take_while(same).count()
        };
        let whole: Vec<_> =
            named.iter().filter(|(name, _)| length_of(name) == name.len()).collect();
        let longest = whole.iter().map(|(name, _)| name.len()).max();
        // A whole name says which of those who share its first word is meant.
        let (length, people) = match longest {
            Some(length) => {
                let people = whole.iter().filter(|(name, _)| name.len() == length);
                (length, people.map(|(_, name)| *name).collect())
            }
            None => (1, named.iter().map(|(_, name)| *name).collect()),
        };
        let (start, _) = words[at];
        let (last, word) = words[at + length - 1];
        let end = last + word.len();
        let possessive = POSSESSIVES.iter().find(|ending| text[end..].starts_with(**ending));
        let end = end + possessive.map_or(0, |ending| ending.len());
        found.push(Mention { place: start..end, people });
        at += length;
    }
    found
}

/// Says whether a word in lower case, which is somebody's name, means something else too.
fn is_ordinary_word(word: &str) -> bool {
    let is_function_word = |language: Language| lists(language.lexicon().function_words, word);
    lists(ORDINARY_NAMES, word) || Language::ALL.into_iter().any(is_function_word)
}

/// Says whether a word that is somebody's name is used as one there.
fn is_used_as_name(text: &str, words: &[(usize, &str)], at: usize) -> bool {
    let (start, word) = words[at];
    if !is_ordinary_word(&word.to_lowercase()) {
        return true;
    }
    if !word.starts_with(char::is_uppercase) {
        return false;
    }
    let rest = &text[start + word.len()..];
    if !begins_sentence(&text[..start]) || POSSESSIVES.iter().any(|p| rest.starts_with(p)) {
        return true;
    }
    words.get(at + 1).is_some_and(|(_, next)| !lists(AFTER_A_VERB, &next.to_lowercase()))
}

const POSSESSIVES: [&str; 2] = ["'s", "’s"];

/// A word without a possessive ending.
pub(crate) fn without_possessive(word: &str) -> &str {
    POSSESSIVES.iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
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
    fn everybody_mentioned_is_found_in_any_case_and_once() {
        let people = ["Ana Ruiz", "Ben", "Will", "Ana Silva"].map(str::to_owned);
        let mentioned = |text: &str| names_mentioned(text, &people).join(", ");
        assert_eq!(mentioned("ask ben what BEN said"), "Ben");
        assert_eq!(mentioned("Does Ben know ana silva?"), "Ben, Ana Silva");
        assert_eq!(mentioned("ana's plan"), "Ana Ruiz, Ana Silva", "both may be meant");
        assert_eq!(mentioned("Benny, Anabel and a banana"), "");
        assert_eq!(mentioned(""), "");
        assert_eq!(names_mentioned("Ben", &[]), [""; 0]);
        assert_eq!(names_mentioned("a b", &[String::new(), "?".to_owned()]), [""; 0]);
    }

    #[test]
    fn a_name_that_is_a_word_needs_more() {
        let people = ["Will", "May Wong", "Mark"].map(str::to_owned);
        let mentioned = |text: &str| names_mentioned(text, &people).join(", ");
        for (text, expected) in [
            ("What did Will say?", "Will"),
            ("what will it cost?", ""),
            ("Will you come?", ""),
            ("Will's dog", "Will"),
            ("Will said so. May I?", "Will"),
            ("I was there. Mark the day!", ""),
            ("Did Mark and May go in may?", "Mark, May Wong"),
        ] {
            assert_eq!(mentioned(text), expected, "{text}");
        }
        assert_eq!(without_names("Will you ask Will?", &people), "Will you ask?");
    }

    #[test]
    fn a_name_that_is_a_function_word_needs_a_capital_letter() {
        let people = ["An Nguyen", "Ha"].map(str::to_owned);
        assert_eq!(names_mentioned("did an old friend call?", &people), [""; 0]);
        assert_eq!(names_mentioned("Did An call Ha?", &people), ["An Nguyen", "Ha"]);
    }

    #[test]
    fn a_whole_name_is_taken_out_whole() {
        assert_eq!(without_names("Where does MELANIE Smith live?", &people()), "Where does live?");
    }

    #[test]
    fn a_whole_name_or_its_first_word_is_held() {
        let words = lower_words("Tell me about Priya's plan");
        assert!(holds_name(&words, "Priya Rao", true));
        assert!(!holds_name(&words, "Priya Rao", false));
        assert!(!holds_name(&words, "", true));
    }
}
