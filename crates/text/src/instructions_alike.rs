//! Compares standing instructions: which repeat another, and which take its place.

use crate::language::read_as;
use crate::lexicon::{InstructionPatterns, Lexicon};
use crate::phrases::{length_of_first, lists, plain_words};
use crate::questions::without_openings;

/// Marks that change nothing in what a sentence says.
const PLAIN_MARKS: &str = ".,;:!?¡¿'’‘\"“”„()-–—…";

/// Says whether an instruction says what another one does, in the same words. Upper and lower case,
/// marks, and words such as "please" and "from now on" make no difference.
///
/// # Examples
/// ```
/// use longmem_text::repeats_instruction;
///
/// assert!(repeats_instruction("Please call me Sam, from now on!", "call me sam"));
/// assert!(!repeats_instruction("Always write C++.", "Always write C."));
/// ```
pub fn repeats_instruction(new: &str, old: &str) -> bool {
    words_that_count(new) == words_that_count(old) && special_marks(new).eq(special_marks(old))
}

/// Says whether an instruction surely takes the place of an older one: both give the name by which the
/// person wants to be called. Of others it is never sure, and both may be meant.
///
/// # Examples
/// ```
/// use longmem_text::replaces_instruction;
///
/// assert!(replaces_instruction("From now on call me Sam.", "Call me Samuel"));
/// assert!(!replaces_instruction("Answer in imperial from now on.", "Always answer in metric."));
/// ```
pub fn replaces_instruction(new: &str, old: &str) -> bool {
    only_names(new) && only_names(old)
}

/// Says whether an instruction gives a name of one word and says nothing else: "call me Sam at work"
/// leaves another name for elsewhere.
fn only_names(instruction: &str) -> bool {
    let Some(lexicon) = lexicon_of(instruction) else { return false };
    let words = words_that_count(instruction);
    length_of_first(&words, lexicon.instructions.naming).is_some_and(
        |length| matches!(&words[length..], [name] if !lists(lexicon.function_words, name)),
    )
}

fn lexicon_of(text: &str) -> Option<&'static Lexicon> {
    Some(read_as(text)?.lexicon())
}

/// The plain words of an instruction without those that may be left out.
fn words_that_count(instruction: &str) -> Vec<String> {
    let words = plain_words(instruction);
    let Some(lexicon) = lexicon_of(instruction) else { return words };
    let InstructionPatterns { openings, dispensable, .. } = lexicon.instructions;
    let mut rest = without_openings(&words, openings);
    let mut counted = Vec::new();
    while let Some((word, others)) = rest.split_first() {
        match length_of_first(rest, dispensable).filter(|length| *length > 0) {
            Some(length) => rest = &rest[length..],
            None => {
                counted.push(word.clone());
                rest = others;
            }
        }
    }
    counted
}

/// What stands in a text besides words and plain marks, in order: "++", an emoji.
fn special_marks(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace() && !PLAIN_MARKS.contains(*c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_words_are_the_same_instruction() {
        for (new, old) in [
            ("always answer in METRIC", "Always answer in metric."),
            ("Please, call me Sam from now on.", "Call me Sam"),
            ("In future, please don't use emojis!", "Don’t use emojis"),
            ("Bitte antworte immer auf Deutsch.", "antworte immer auf deutsch"),
            ("Ab jetzt nenn mich Sam", "Nenn mich bitte Sam!"),
            ("Por favor, no uses emojis.", "no uses emojis"),
        ] {
            assert!(repeats_instruction(new, old) && repeats_instruction(old, new), "{new}");
        }
    }

    #[test]
    fn other_words_are_another_instruction() {
        for (new, old) in [
            ("Always answer in imperial", "Always answer in metric"),
            ("Don't use emojis", "Use emojis"),
            ("Always write C++", "Always write C"),
            ("End every mail with 🎉 from now on", "End every mail with 😀 from now on"),
            ("Always round to 1.5", "Always round to 15"),
        ] {
            assert!(!repeats_instruction(new, old) && !repeats_instruction(old, new), "{new}");
            assert!(!replaces_instruction(new, old), "{new}");
        }
    }

    #[test]
    fn a_name_takes_the_place_of_a_name() {
        for (new, old) in [
            ("From now on call me Sam.", "Call me Samuel"),
            ("call me Sam, please", "Please call me Samuel from now on!"),
            ("Nenn mich ab jetzt Sam", "Nenn mich Samuel."),
            ("A partir de ahora, llámame Sam", "Llámame Samuel"),
        ] {
            assert!(replaces_instruction(new, old), "{new}");
        }
        for (new, old) in [
            ("Call me Sam at work", "Call me Samuel"),
            ("Call me Sam", "Call me Samuel in letters"),
            ("Don't call me Sam", "Call me Sam"),
            ("Call me Sam", "Never call me Samuel"),
        ] {
            assert!(!replaces_instruction(new, old), "{new}");
        }
    }

    proptest! {
        #[test]
        fn every_instruction_repeats_itself_in_capitals(text in "[a-z ,.]{0,60}") {
            prop_assert!(repeats_instruction(&text, &text));
            prop_assert!(repeats_instruction(&text.to_uppercase(), &text));
        }
    }
}
