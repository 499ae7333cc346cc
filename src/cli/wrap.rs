//! Breaks lines between words, so that none is wider than the terminal.

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Part of the width that the indentation of a broken line may take; deeper ones are dropped.
const MOST_INDENTATION: usize = 2;

/// What a tab is shown as.
const TAB: &str = "    ";

/// A text with each of its lines broken between words where it is wider than `width` columns. The rest
/// of a line stands below its first word, behind the indentation and the sign of a list. A word is
/// broken only if it alone is wider than a line.
///
/// Colours (ANSI sequences) take no room; wide characters take two columns.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let text = text.replace('\t', TAB);
    let lines: Vec<String> = text.split('\n').map(|line| wrapped_line(line, width)).collect();
    lines.join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    if display_width(line) <= width {
        return line.to_owned();
    }
    let (beginning, rest) = line.split_at(indentation(line));
    let is_deep = display_width(beginning) * MOST_INDENTATION > width;
    let (beginning, rest) = if is_deep { ("", line.trim_start()) } else { (beginning, rest) };
    let below = " ".repeat(display_width(beginning));
    let options = Options::new(width)
        .initial_indent(beginning)
        .subsequent_indent(&below)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::fill(rest, options)
}

/// Bytes of a line before its first word: white space, then the sign or number of a list.
fn indentation(line: &str) -> usize {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    let rest = &line[spaces..];
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let marker = match &rest.as_bytes()[digits..] {
        [b'-' | b'*', b' ', ..] if digits == 0 => 2,
        [b'.', b' ', ..] if digits > 0 => digits + 2,
        _ => 0,
    };
    spaces + marker
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_hang_below_their_first_word() {
        let text = "1. one two three four\n   - five six seven eight\nnine";
        let shown = "1. one two\n   three four\n   - five six\n     seven\n     eight\nnine";
        assert_eq!(wrapped(text, 13), shown);
        assert_eq!(wrapped("   alpha beta", 10), "   alpha\n   beta");
        assert_eq!(wrapped("", 10), "");
    }

    #[test]
    fn a_word_is_broken_only_if_it_is_wider_than_a_line() {
        assert_eq!(
            wrapped("see http://a.example/very/long", 20),
            "see\nhttp://a.example/ver\ny/long"
        );
        assert_eq!(wrapped("世界世界世界", 5), "世界\n世界\n世界");
        assert_eq!(wrapped("\ta bcd", 6), "a bcd", "deep indentation is dropped");
    }

    #[test]
    fn colours_take_no_room() {
        let coloured = "\u{1b}[1mbold\u{1b}[0m words here";
        assert_eq!(wrapped(coloured, 10), "\u{1b}[1mbold\u{1b}[0m words\nhere");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_and_nothing_is_lost(
            text in "( {0,12}|- |12\\. )([a-z]{1,30} |\\PC{0,6} ?|世界|e\u{301}|👩‍👩‍👧|\n){0,40}",
            width in 20usize..=200,
        ) {
            let shown = wrapped(&text, width);
            prop_assert!(shown.split('\n').all(|line| display_width(line) <= width), "{shown}");
            let letters = |text: &str| text.replace(char::is_whitespace, "");
            prop_assert_eq!(letters(&shown), letters(&text));
        }

        #[test]
        fn words_that_fit_in_a_line_stay_whole(
            words in prop::collection::vec("[a-zé世]{1,8}", 1..40),
            width in 20usize..=200,
        ) {
            let shown = wrapped(&words.join(" "), width);
            prop_assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), words);
        }
    }
}
