//! Whether what a model wrote can have come from what it was given.
//!
//! Names, numbers and dates of a claim must occur in its sources, and so must most of the words of a
//! sentence that says what was decided. That detects inventions, not negations: "did" and "did not"
//! hold the same names. Scripts without capital letters are checked by their numbers only.

use std::collections::HashSet;

use longmem_text::english::{is_capital_pronoun, is_opener, noun_forms, says_decided};
use longmem_text::{begins_sentence, lower_word, sentences};
use unicode_segmentation::UnicodeSegmentation;

/// Letters of the shortest word that says something by itself.
const CONTENT_LETTERS: usize = 4;

/// Letters at the beginning of words that make them forms of one another.
const STEM_LETTERS: usize = 5;

/// Everything that sources say, ready to be looked up.
pub(super) struct Sources {
    words: HashSet<String>,
    stems: HashSet<String>,
    /// Each number in each way in which it can be read.
    numbers: HashSet<String>,
}

impl Sources {
    /// Reads texts.
    pub(super) fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sources =
            Self { words: HashSet::new(), stems: HashSet::new(), numbers: HashSet::new() };
        for word in texts.into_iter().flat_map(UnicodeSegmentation::unicode_words) {
            if is_number(word) {
                sources.numbers.extend(readings(word));
            }
            let word = lower_word(word);
            sources.stems.insert(stem(&word));
            sources.words.insert(word);
        }
        sources
    }

    /// The names and numbers of a claim that do not occur here, each as it is written, and the
    /// sentences about a decision that has nothing to do with the sources.
    pub(super) fn missing(&self, claim: &str) -> Vec<String> {
        let words = claim
            .unicode_word_indices()
            .filter(|(start, word)| !self.may_hold(word, begins_sentence(&claim[..*start])))
            .map(|(_, word)| word);
        let decisions =
            sentences(claim).into_iter().filter(|sentence| !self.could_decide(sentence));
        words.chain(decisions).map(str::to_owned).collect()
    }

    /// Whether a word of a claim is neither a number nor a name, or occurs here.
    fn may_hold(&self, word: &str, begins_sentence: bool) -> bool {
        if is_number(word) {
            return readings(word).iter().any(|reading| self.numbers.contains(reading));
        }
        if !word.starts_with(char::is_uppercase) {
            return true;
        }
        let word = lower_word(word);
        is_capital_pronoun(&word)
            || noun_forms(&word).any(|form| self.words.contains(&form))
            || (begins_sentence && is_opener(&word))
    }

    /// Whether at least half of what a sentence says was decided occurs here.
    fn could_decide(&self, sentence: &str) -> bool {
        let words: Vec<String> = sentence.unicode_words().map(lower_word).collect();
        if !words.iter().any(|word| says_decided(word)) {
            return true;
        }
        let content: Vec<&String> = words
            .iter()
            .filter(|word| word.chars().count() >= CONTENT_LETTERS)
            .filter(|word| !says_decided(word) && !is_opener(word))
            .collect();
        let known = content.iter().filter(|word| self.stems.contains(&stem(word))).count();
        2 * known >= content.len()
    }
}

fn stem(word: &str) -> String {
    word.chars().take(STEM_LETTERS).collect()
}

fn is_number(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
}

/// The ways to read a number with points and commas in it: 11,500 is 11500, or 11.5 to others. Zeros
/// in front say nothing; letters around it (7th, v2) are left out.
fn readings(word: &str) -> Vec<String> {
    let digits = word.trim_matches(|c: char| !c.is_ascii_digit());
    let read = |thousands: char, decimal: char| {
        let ungrouped: String = digits.chars().filter(|c| *c != thousands && *c != '\'').collect();
        let (whole, part) = ungrouped.split_once(decimal).unwrap_or((&ungrouped, ""));
        let whole = whole.trim_start_matches('0');
        let part = part.trim_end_matches('0');
        if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
    };
    let (english, other) = (read(',', '.'), read('.', ','));
    if english == other { vec![english] } else { vec![english, other] }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn missing(source: &str, claim: &str) -> Vec<String> {
        Sources::new([source]).missing(claim)
    }

    #[test]
    fn names_numbers_and_dates_must_occur() {
        let source = "We raised Priya's kitchen budget from 8,000 to 11,500 euros on 2 March 2026.";
        for grounded in [
            "The user raised the budget to 11500 euros",
            "Priya has 11.500 euros since 2026, on March 2",
            "The budget was 8000. It grew.",
        ] {
            assert_eq!(missing(source, grounded), [""; 0], "{grounded}");
        }
        for (claim, made_up) in [
            ("Pria has 8,000 euros", "Pria"),
            ("The user owes 11,501 euros", "11,501"),
            ("The user told Tomás", "Tomás"),
            ("It was on 3 March", "3"),
            ("It was in April 2026", "April"),
        ] {
            assert_eq!(missing(source, claim), [made_up], "{claim}");
        }
    }

    #[test]
    fn a_decision_must_be_about_what_was_talked_of() {
        let source = "ok let us take the blue tiles for the kitchen then, the grey ones are dull";
        let grounded = "The user decided to take the blue kitchen tiles.";
        assert_eq!(missing(source, grounded), [""; 0]);
        let made_up = "The user decided to sell the house.";
        assert_eq!(missing(source, made_up), [made_up]);
    }

    #[test]
    fn numbers_are_read_in_both_ways_of_writing() {
        assert_eq!(readings("11,500"), ["11500", "11.5"]);
        assert_eq!(readings("07"), ["7"]);
        assert_eq!(readings("3.50"), ["3.5", "350"]);
        assert_eq!(readings("1'000"), ["1000"]);
        assert_eq!(readings("21st"), ["21"]);
    }

    proptest! {
        #[test]
        fn whatever_was_said_is_grounded_in_itself(text in any::<String>()) {
            prop_assert_eq!(missing(&text, &text), [""; 0]);
        }

        #[test]
        fn a_number_that_was_not_said_is_found(said in 0u32..100_000, claimed in 0u32..100_000) {
            prop_assume!(said != claimed);
            prop_assert_eq!(missing(&said.to_string(), &format!("pays {claimed}")).len(), 1);
        }
    }
}
