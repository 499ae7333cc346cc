//! Cuts a text into sentences, and what has no sentence ends into pieces of about that length.
//!
//! It reads the text once, whatever stands in it, because a turn may be a log file of megabytes.

use std::ops::Range;

/// Bytes of a sentence that is not cut: some thirty English words, or sixty Chinese characters.
const LONGEST_SENTENCE: usize = 180;

/// Bytes at most of the pieces of a longer one.
const LONGEST_PIECE: usize = 120;

/// What the characters before a place say about whether a sentence ends there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A sentence goes on.
    Text,
    /// A mark such as a full stop, perhaps of an abbreviation or a number.
    Mark,
    /// Such a mark and white space.
    MarkAndSpace,
    /// A mark that always ends a sentence: a line break, or a full stop of Chinese or Japanese.
    SureMark,
}

/// The sentences of a text with the white space behind them, longer ones in several pieces: byte
/// ranges that cover the whole text in order. White space at the beginning belongs to the first.
pub(super) fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before = Before::Text;
    // Without a letter before it, a full stop is that of a number in a list.
    let mut has_letter = false;
    for (place, character) in text.char_indices() {
        let ends = match before {
            Before::Text | Before::Mark => false,
            Before::MarkAndSpace => {
                has_letter && !character.is_whitespace() && !character.is_lowercase()
            }
            Before::SureMark => !character.is_whitespace() && !closes_or_ends(character),
        };
        if ends {
            push_pieces(text, start..place, &mut pieces);
            start = place;
            has_letter = false;
        }
        has_letter |= character.is_alphabetic();
        before = match (character, before) {
            ('\n' | '\r' | '\u{2028}' | '\u{2029}' | '。' | '！' | '？' | '｡', _) => {
                Before::SureMark
            }
            (_, Before::SureMark) if character.is_whitespace() || closes_or_ends(character) => {
                Before::SureMark
            }
            ('.' | '!' | '?' | '…', _) => Before::Mark,
            (_, Before::Mark) if closes_or_ends(character) => Before::Mark,
            (_, Before::Mark | Before::MarkAndSpace) if character.is_whitespace() => {
                Before::MarkAndSpace
            }
            _ => Before::Text,
        };
    }
    push_pieces(text, start..text.len(), &mut pieces);
    pieces
}

/// Says whether a character behind the end of a sentence is still part of it.
fn closes_or_ends(character: char) -> bool {
    matches!(character, '"' | '\'' | '”' | '’' | ')' | ']' | '»' | '」' | '』' | '）' | '!' | '?')
}

/// Adds a sentence, in several pieces if it is long: cut behind white space or a comma of Chinese
/// or Japanese where there is one in the second half of a piece.
fn push_pieces(text: &str, sentence: Range<usize>, pieces: &mut Vec<Range<usize>>) {
    let mut start = sentence.start;
    while sentence.end - start > LONGEST_SENTENCE {
        let is_boundary = |at: &usize| text.is_char_boundary(*at);
        let middle = (start + LONGEST_PIECE / 2..sentence.end).find(is_boundary);
        let last = (start..=start + LONGEST_PIECE).rev().find(is_boundary);
        let (Some(middle), Some(last)) = (middle, last) else { break };
        let is_gap = |c: char| c.is_whitespace() || matches!(c, '、' | '，');
        let gap = text[middle..last].char_indices().rfind(|&(_, c)| is_gap(c));
        let end = gap.map_or(last, |(at, c)| middle + at + c.len_utf8());
        pieces.push(start..end);
        start = end;
    }
    if start < sentence.end {
        pieces.push(start..sentence.end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        pieces(text).into_iter().map(|piece| &text[piece]).collect()
    }

    #[test]
    fn sentences_end_at_marks_and_lines() {
        assert_eq!(
            texts("It costs 3.50 e.g. here. \"Really?!\" Yes…\n\n  - a list\nlast"),
            ["It costs 3.50 e.g. here. ", "\"Really?!\" ", "Yes…\n\n  ", "- a list\n", "last"]
        );
        assert_eq!(texts("1. Dig.\n2. **Water** it. 3."), ["1. Dig.\n", "2. **Water** it. ", "3."]);
        assert_eq!(texts("我搬家了。「真的？」好！"), ["我搬家了。", "「真的？」", "好！"]);
        assert_eq!(texts(""), Vec::<&str>::new());
    }

    #[test]
    fn what_has_no_ends_is_cut_at_spaces_or_commas_or_anywhere() {
        let words = "word ".repeat(100);
        assert!(texts(&words).iter().all(|piece| piece.starts_with("word ") && piece.len() <= 180));
        let commas = format!("{}，{}", "東".repeat(30), "京".repeat(60));
        assert_eq!(texts(&commas)[0], format!("{}，", "東".repeat(30)));
        assert!(texts(&"é".repeat(500)).iter().all(|piece| piece.len() <= 180));
    }

    proptest! {
        #[test]
        fn pieces_cover_the_text_and_none_is_long(text in "\\PC{0,30}[a-z。.!\"\n é東]{0,900}") {
            prop_assert_eq!(texts(&text).concat(), text.clone());
            prop_assert!(texts(&text).iter().all(|p| !p.is_empty() && p.len() <= LONGEST_SENTENCE));
        }
    }
}
