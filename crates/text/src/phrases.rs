//! Compares the words of a text with patterns of words.
//!
//! A pattern is words between single spaces, in lower case and without accents, as [`plain_words`]
//! makes them:
//!
//! | in a pattern | stands for |
//! |---|---|
//! | `can/could` | either word |
//! | `recommend*` | a word that begins so |
//! | `(please)` | the word, or none |
//! | `!i/we` | no word: what follows is none of these |
//! | `..` | up to [`GAP`] words of any kind |
//! | `<month>` | a word that the caller judges |
//! | `$` | the end of the text |

use crate::folding::folded;

/// The most words for which `..` stands.
const GAP: usize = 6;

/// The words of a text in lower case, without accents and marks ("ß" is "ss"); what stands after
/// an apostrophe is a word of its own ("I'm" is "i m").
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    folded(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Says whether a list of words between spaces holds a word.
pub(crate) fn lists(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// Says whether one of these patterns stands anywhere among the words.
pub(crate) fn holds(words: &[String], patterns: &[&str]) -> bool {
    (0..words.len()).any(|at| begins(&words[at..], patterns))
}

/// Says whether the words begin with one of these patterns.
pub(crate) fn begins(words: &[String], patterns: &[&str]) -> bool {
    length_of_first(words, patterns).is_some()
}

/// The number of words that the first of these patterns takes from the beginning of the words.
pub(crate) fn length_of_first(words: &[String], patterns: &[&str]) -> Option<usize> {
    patterns.iter().find_map(|pattern| length_matched(pattern, words, &mut |_, _| false))
}

/// The number of words that a pattern takes from the beginning of the words, if they begin with it.
/// `judge` is asked whether a word fits a name in angle brackets, and more than once about a word
/// where an optional name does not stand last in its pattern.
pub(crate) fn length_matched(
    pattern: &str,
    words: &[String],
    judge: &mut dyn FnMut(&str, &str) -> bool,
) -> Option<usize> {
    let (token, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    match token {
        "" => return Some(0),
        "$" => return words.is_empty().then_some(0),
        ".." => {
            return (0..=GAP.min(words.len())).find_map(|skipped| {
                length_matched(rest, &words[skipped..], judge).map(|length| skipped + length)
            });
        }
        _ => {}
    }
    if let Some(excluded) = token.strip_prefix('!') {
        let is_excluded = words.first().is_some_and(|word| fits(excluded, word, judge));
        return if is_excluded { None } else { length_matched(rest, words, judge) };
    }
    let optional = token.strip_prefix('(').and_then(|token| token.strip_suffix(')'));
    let fits = words.first().is_some_and(|word| fits(optional.unwrap_or(token), word, judge));
    let with = if fits { length_matched(rest, &words[1..], judge) } else { None };
    match (with, optional) {
        (Some(length), _) => Some(length + 1),
        (None, Some(_)) => length_matched(rest, words, judge),
        (None, None) => None,
    }
}

fn fits(token: &str, word: &str, judge: &mut dyn FnMut(&str, &str) -> bool) -> bool {
    token.split('/').any(|either| {
        if let Some(name) = either.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
            judge(name, word)
        } else if let Some(beginning) = either.strip_suffix('*') {
            word.starts_with(beginning)
        } else {
            word == either
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain() {
        assert_eq!(plain_words("I'm FRÜH, groß?"), ["i", "m", "fruh", "gross"]);
        assert!(plain_words(" …").is_empty());
    }

    #[test]
    fn patterns_match() {
        for (pattern, text, expected) in [
            ("can/could you (please) suggest", "could you suggest it", Some(3)),
            ("can/could you (please) suggest", "Can you please suggest", Some(4)),
            ("can/could you (please) suggest", "can you please", None),
            ("hast du .. empfohlen", "hast du mir das Buch empfohlen", Some(6)),
            ("hast du .. empfohlen", "hast du empfohlen", Some(3)),
            ("hast du .. empfohlen", "hast du a b c d e f g empfohlen", None),
            ("mein*", "meinem Hund", Some(1)),
            ("call me !back/later", "call me Sam", Some(2)),
            ("call me !back/later", "call me later", None),
            ("go on $", "go on", Some(2)),
            ("go on $", "go on holiday", None),
        ] {
            let words = plain_words(text);
            assert_eq!(length_matched(pattern, &words, &mut |_, _| false), expected, "{text}");
        }
    }

    #[test]
    fn the_caller_judges_names() {
        let mut seen = Vec::new();
        let mut judge = |name: &str, word: &str| {
            seen.push(format!("{name}={word}"));
            word.parse::<u8>().is_ok()
        };
        let words = plain_words("on 7 March");
        assert_eq!(length_matched("on <day>", &words, &mut judge), Some(2));
        assert_eq!(seen, ["day=7"]);
    }

    #[test]
    fn a_pattern_is_found_anywhere() {
        let words = plain_words("So, what did you say?");
        assert!(holds(&words, &["did you"]) && !begins(&words, &["did you"]));
        assert!(!holds(&[], &["did you"]));
    }
}
