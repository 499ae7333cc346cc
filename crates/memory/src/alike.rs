//! Turns that say nearly the same: the question put before, and copies of one message.

use std::collections::HashSet;

use longmem_text::{
    any_word, each_word, is_all_questions, is_function_word, negations, query_words,
};

/// How often longer the text of an echo may be than the question: beyond that its words cannot be
/// alike enough.
const LONGEST_ECHO: usize = 6;

/// How much longer one of two copies may be than the other.
const LONGER_COPY: f32 = 1.4;

/// The words of a text as they are stored, function words among them.
pub(crate) fn word_set(text: &str) -> HashSet<String> {
    let mut words = HashSet::new();
    each_word(text, &mut |word| {
        if !words.contains(word) {
            words.insert(word.to_owned());
        }
    });
    words
}

/// Likeness of words to those of a text: the part of all words that both hold (Jaccard 1912), 0 to 1; none
/// if it is below `least`, which most often the first of the text's words tell.
fn likeness(words: &HashSet<String>, text: &str, least: f32) -> Option<f32> {
    let (mut shared, mut others) = (HashSet::new(), HashSet::new());
    let most = |others: usize| words.len() as f32 / (words.len() + others).max(1) as f32;
    let is_unlike = any_word(text, &mut |word| {
        let known = if words.contains(word) { &mut shared } else { &mut others };
        if !known.contains(word) {
            known.insert(word.to_owned());
        }
        most(others.len()) < least
    });
    let likeness = shared.len() as f32 / (words.len() + others.len()).max(1) as f32;
    (!is_unlike && likeness >= least).then_some(likeness)
}

/// Says whether a turn only asks what a question asks: its words are like the question's, and every
/// sentence of it asks. "Ana is vegan" answers "Is Ana vegan?", however alike their words are. By words and
/// not by meaning, since turns that state a worry while they ask are near a question by meaning too, and
/// do hold the answer.
pub(crate) fn is_echo(
    question: &HashSet<String>,
    question_text: &str,
    turn: &str,
    least: f32,
) -> bool {
    turn.len() <= question_text.len().saturating_mul(LONGEST_ECHO)
        && likeness(question, turn, least).is_some()
        && is_all_questions(turn)
}

/// Likeness of words from which on a turn is the question put before. Of 400 questions put again,
/// politely or with a word left out, 99 of 100 are as like; of the answers to 1,400 questions none is.
pub(crate) const ECHO_LIKENESS: f32 = 0.5;

/// Says whether a turn says what a question says, so that quoting it answers nothing.
///
/// # Examples
/// ```
/// use longmem_memory::says_the_question;
///
/// assert!(says_the_question("Where do I live?", "Hey, where do I live now?"));
/// assert!(!says_the_question("Where do I live?", "I live in Lisbon, near the river"));
/// ```
pub fn says_the_question(question: &str, turn: &str) -> bool {
    is_echo(&word_set(question), question, turn, ECHO_LIKENESS)
}

/// A text, with what tells whether another one says the same.
pub(crate) struct Said<'a> {
    text: &'a str,
    /// Its words, once somebody asked.
    words: Option<HashSet<String>>,
    /// Its words without function words, once somebody asked.
    content: Option<HashSet<String>>,
}

impl<'a> Said<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text: text.trim(), words: None, content: None }
    }

    /// Says whether two texts say the same: they differ in function words only, and in none that says
    /// no. "Allergic to penicillin" and "allergic to ibuprofen" are two things to know, and so are "ran 5
    /// km" and "ran 8 km".
    pub(crate) fn is_copy_of(&mut self, other: &mut Said<'_>, least: f32) -> bool {
        if self.text == other.text {
            return true;
        }
        let (a, b) = (self.text.len() as f32, other.text.len() as f32);
        // What tells most texts apart comes first.
        a.max(b) <= LONGER_COPY * a.min(b)
            && !other.lacks_content_of(self.text)
            && self.content() == other.content()
            && negations(self.text) == negations(other.text)
            && likeness(other.words(), self.text, least).is_some_and(|likeness| likeness > least)
    }

    /// Whether a text has a word that is not here, and that says something in any language: most often
    /// one of its first.
    fn lacks_content_of(&mut self, text: &str) -> bool {
        let words = self.words();
        any_word(text, &mut |word| !words.contains(word) && !is_function_word(word))
    }

    fn words(&mut self) -> &HashSet<String> {
        self.words.get_or_insert_with(|| word_set(self.text))
    }

    fn content(&mut self) -> &HashSet<String> {
        self.content.get_or_insert_with(|| query_words(self.text).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The part of all words that both texts hold, counted plainly.
    fn plain_likeness(a: &str, b: &str) -> f32 {
        let (a, b) = (word_set(a), word_set(b));
        a.intersection(&b).count() as f32 / a.union(&b).count().max(1) as f32
    }

    /// What copies are, without asking first what is told fast.
    fn is_plainly_copy(a: &str, b: &str, least: f32) -> bool {
        let content = |text| query_words(text).into_iter().collect::<HashSet<_>>();
        let (a, b) = (a.trim(), b.trim());
        let (short, long) = (a.len().min(b.len()) as f32, a.len().max(b.len()) as f32);
        a == b
            || long <= LONGER_COPY * short
                && content(a) == content(b)
                && negations(a) == negations(b)
                && plain_likeness(a, b) > least
    }

    /// Texts of few words, so that many are nearly the same: function words of several languages, a
    /// script without spaces, endings, names with joiners.
    fn texts() -> impl Strategy<Value = String> {
        let words = [
            "the", "The", "not", "no", "nicht", "der", "el", "runs", "running", "dog", "cat", "5",
            "8", "東京", "東", "京", "a_b", "a", "b", "isn't", "?", "",
        ];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..6)
            .prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn what_is_told_fast_is_told_right(
            a in texts(), b in texts(), least in prop::sample::select(vec![0.3f32, 0.5, 0.8])
        ) {
            let likeness = likeness(&word_set(&a), &b, least);
            let plain = plain_likeness(&a, &b);
            prop_assert_eq!(likeness, Some(plain).filter(|plain| *plain >= least));
            let copy = Said::new(&a).is_copy_of(&mut Said::new(&b), least);
            prop_assert_eq!(copy, is_plainly_copy(&a, &b, least));
        }
    }

    fn echoes(question: &str, turn: &str) -> bool {
        is_echo(&word_set(question), question, turn, 0.5)
    }

    #[test]
    fn a_question_put_again_is_an_echo_and_its_answer_is_none() {
        let question = "What is my partner allergic to?";
        for turn in [
            question,
            "what is my partner allergic to",
            "Hey, what is my partner allergic to, please?",
            "Do you remember what my partner is allergic to?",
        ] {
            assert!(echoes(question, turn), "{turn}");
        }
        for turn in [
            "My partner is allergic to peanuts, and to nothing else as far as we know.",
            "My partner is allergic to peanuts",
            "Is my sister coming?",
            "",
        ] {
            assert!(!echoes(question, turn), "{turn}");
        }
    }

    #[test]
    fn what_answers_yes_or_holds_the_searched_words_is_no_echo() {
        for (question, turn) in [
            ("Is Ana vegan?", "Ana is vegan"),
            ("did I lock the garage", "I locked the garage"),
            ("travel insurance", "we have travel insurance"),
            ("ana@example.org", "Write to ana@example.org about it"),
            ("dentist", "dentist 3pm"),
            ("Ist der M\u{fc}ll bezahlt?", "Der M\u{fc}ll ist bezahlt."),
        ] {
            assert!(!echoes(question, turn), "{turn}");
        }
        assert!(echoes("what is the dog called?", "so what is the dog called"));
    }

    #[test]
    fn copies_say_the_same_with_the_same_numbers() {
        let copy = |a: &str, b: &str| Said::new(a).is_copy_of(&mut Said::new(b), 0.8);
        let long = "Ran along the river this morning before work, it was cold but dry, 5 km";
        assert!(copy(long, &format!("{long} ")));
        assert!(copy(long, &long.to_uppercase()));
        assert!(!copy(long, &long.replace('5', "8")));
        let file = "the doctor wrote it down in the file that they keep of me";
        assert!(!copy(
            &format!("I am allergic to penicillin, {file}"),
            &format!("I am allergic to ibuprofen, {file}")
        ));
        let dog = "keep the dog in the flat as long as we live here, says the new contract";
        assert!(!copy(&format!("We may {dog}"), &format!("We may not {dog}")));
        assert!(!copy("I live in Porto", "I live in Lisbon"));
        assert!(!copy("", "Something"));
    }
}
