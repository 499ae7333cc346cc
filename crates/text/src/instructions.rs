//! Finds the sentences by which a person says how things are to be done from now on.

use crate::language::read_as;
use crate::lexicon::InstructionPatterns;
use crate::parts::sentences_of;
use crate::phrases::{begins, holds, length_matched, plain_words};
use crate::questions::without_openings;

/// Number of characters beyond which an instruction is cut.
const MOST_CHARACTERS: usize = 300;

/// The sentences by which a person tells an assistant how things are to be done from now on, in
/// order, each at most 300 characters long.
///
/// It is about how the assistant answers, writes or addresses the person. What tells a story ("I
/// always go running"), asks for something once ("don't add the onions"), or is a rule for somebody
/// else ("always add salt to pasta water") is left out. It rather misses an instruction than to take
/// another sentence for one.
///
/// # Examples
/// ```
/// use longmem_text::standing_instructions;
/// assert_eq!(standing_instructions("I moved to Graz. Always answer in metric, please."),
///            ["Always answer in metric, please."]);
/// assert!(standing_instructions("She never calls.").is_empty());
/// ```
pub fn standing_instructions(text: &str) -> Vec<&str> {
    text.lines()
        .flat_map(sentences_of)
        .filter(|sentence| instructs(sentence))
        .map(shortened)
        .collect()
}

fn instructs(sentence: &str) -> bool {
    let Some(language) = read_as(sentence) else { return false };
    let patterns = &language.lexicon().instructions;
    let words = plain_words(sentence);
    if holds(&words, patterns.reported) {
        return false;
    }
    let rest = without_introduction(&words, patterns);
    let is_request = holds(&words, patterns.anywhere)
        || (begins(rest, patterns.requests) && holds(&words, patterns.lasting));
    says_how_to_address(sentence, rest, patterns)
        || begins(rest, patterns.beginnings)
        || (is_request && holds(&words, patterns.own_work))
}

/// The words behind "and please", "from now on" and the like.
fn without_introduction<'a>(words: &'a [String], patterns: &InstructionPatterns) -> &'a [String] {
    let rest = without_openings(words, patterns.openings);
    let after = without_openings(rest, patterns.dispensable);
    if after.len() == rest.len() { rest } else { without_introduction(after, patterns) }
}

/// Says whether a sentence gives a name by which to call the person ("call me Sam"), and nothing
/// else: "call me Ishmael is the first line of Moby Dick" gives none.
fn says_how_to_address(sentence: &str, rest: &[String], patterns: &InstructionPatterns) -> bool {
    let names: Vec<String> = sentence
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.starts_with(char::is_uppercase))
        .flat_map(plain_words)
        .collect();
    let mut judge = |name: &str, word: &str| name == "name" && names.iter().any(|n| n == word);
    patterns.addressing.iter().any(|pattern| length_matched(pattern, rest, &mut judge).is_some())
}

/// A sentence, cut at the last space within the first 300 characters.
fn shortened(sentence: &str) -> &str {
    let Some((end, _)) = sentence.char_indices().nth(MOST_CHARACTERS) else { return sentence };
    let cut = &sentence[..end];
    cut.rfind(char::is_whitespace).map_or(cut, |space| cut[..space].trim_end())
}

#[cfg(test)]
mod tests;
