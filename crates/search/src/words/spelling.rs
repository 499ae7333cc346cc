//! Finds words of a user that are spelt nearly like a word that the user never wrote.

/// Number of spellings that are tried for one word.
const MAX_SPELLINGS: usize = 4;

/// Letters of a word up to which only swapped letters are tried.
const MAX_SHORT_LETTERS: usize = 5;

/// Every word that a user's turns hold.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    words: Vec<String>,
    /// The letters of each word, which rule out nearly all words that are not near.
    letters: Vec<Letters>,
}

impl Vocabulary {
    /// Takes every word once.
    pub(crate) fn new(words: Vec<String>) -> Self {
        let letters = words.iter().map(|word| Letters::of(word)).collect();
        Self { words, letters }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let word = size_of::<String>() + size_of::<Letters>();
        self.words.iter().map(|text| text.capacity() + word).sum()
    }

    /// The words that come closest to one that was never written: with a letter wrong, or compounds
    /// that hold it ("Wohnungsübergabe" for "Übergabe").
    pub(crate) fn other_spellings(&self, word: &str) -> Vec<&str> {
        let letters = word.chars().count();
        // Short words have too many neighbours, and numbers are not misspelt but different.
        if letters < 4 || word.contains(|c: char| c.is_ascii_digit()) {
            return Vec::new();
        }
        let allowed = if letters < 8 { 1 } else { 2 };
        let held = Letters::of(word);
        let mut close: Vec<(usize, &str)> = self
            .words
            .iter()
            .zip(&self.letters)
            .filter(|(_, other)| held.differ_by(**other) <= 2 * allowed || held.are_in(**other))
            .filter_map(|(other, letters_of_other)| {
                if letters >= 5 && other.contains(word) {
                    return Some((allowed, other.as_str()));
                }
                // Among short words, most that differ by a letter are other words ("send", "spend");
                // with two letters swapped they seldom are.
                let may_be_meant =
                    letters > MAX_SHORT_LETTERS || held.differ_by(*letters_of_other) == 0;
                let near = may_be_meant && other.len().abs_diff(word.len()) <= 2 * allowed;
                let distance = if near { strsim::osa_distance(word, other) } else { usize::MAX };
                (distance <= allowed).then_some((distance, other.as_str()))
            })
            .collect();
        close.sort_unstable();
        close.into_iter().take(MAX_SPELLINGS).map(|(_, spelling)| spelling).collect()
    }
}

/// Which letters a word holds: a bit each, shared by letters whose numbers differ by 64. One edit
/// changes two bits at most.
#[derive(Debug, Clone, Copy)]
struct Letters(u64);

impl Letters {
    fn of(word: &str) -> Self {
        Self(word.chars().fold(0, |bits, letter| bits | 1 << (u32::from(letter) % 64)))
    }

    fn differ_by(self, other: Self) -> usize {
        (self.0 ^ other.0).count_ones() as usize
    }

    fn are_in(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_with_a_letter_wrong_and_a_part_of_a_compound_are_found() {
        let words = ["budget", "lisbon", "wohnungsubergabe", "4711"].map(String::from);
        let vocabulary = Vocabulary::new(words.into());
        assert_eq!(vocabulary.other_spellings("bugdet"), ["budget"]);
        assert_eq!(vocabulary.other_spellings("lisbom"), ["lisbon"]);
        assert_eq!(vocabulary.other_spellings("ubergabe"), ["wohnungsubergabe"]);
        assert_eq!(vocabulary.other_spellings("4712"), Vec::<&str>::new());
        assert_eq!(vocabulary.other_spellings("lis"), Vec::<&str>::new());
        let short = Vocabulary::new(["send", "form"].map(String::from).into());
        assert_eq!(short.other_spellings("spend"), Vec::<&str>::new());
        assert_eq!(short.other_spellings("from"), ["form"]);
    }

    proptest! {
        #[test]
        fn letters_rule_out_no_near_spelling(
            word in "[a-d\u{e4}\u{130}]{0,6}", other in "[a-d\u{e4}\u{130}]{0,6}"
        ) {
            let (letters, others) = (Letters::of(&word), Letters::of(&other));
            prop_assert!(letters.differ_by(others) <= 2 * strsim::osa_distance(&word, &other));
            prop_assert!(letters.are_in(others) || !other.contains(&word));
        }
    }
}
