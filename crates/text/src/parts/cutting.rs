//! Cuts a line into sentences.

use crate::days::is_month_or_weekday;
use crate::phrases::lists;

/// Short forms that end with a full stop within a sentence.
const SHORT_FORMS: &str = "al approx bzw ca dr ej etc evtl fig ggf hr inkl jr min max mr mrs ms nr prof \
    resp sr sra st tel usw vgl vs";

/// The sentences of a line, without white space around them.
pub(crate) fn sentences_of(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return None;
            }
            let (sentence, behind) = rest.split_at(end_of_sentence(rest));
            rest = behind;
            if sentence.chars().any(char::is_alphanumeric) {
                return Some(sentence.trim());
            }
        }
    })
}

/// Where the first sentence of a line ends, with its marks and closing quotation marks.
fn end_of_sentence(line: &str) -> usize {
    let mut characters = line.char_indices().peekable();
    while let Some((at, mark)) = characters.next() {
        let is_wide = matches!(mark, '。' | '？' | '！');
        if !is_wide && !matches!(mark, '.' | '!' | '?' | '…' | '؟') {
            continue;
        }
        let is_closing = |c: char| {
            matches!(
                c,
                '.' | '!'
                    | '?'
                    | '…'
                    | '。'
                    | '？'
                    | '！'
                    | '؟'
                    | '"'
                    | '”'
                    | '’'
                    | '\''
                    | ')'
                    | '」'
                    | '*'
            )
        };
        let mut end = at + mark.len_utf8();
        while let Some((next, _)) = characters.next_if(|(_, c)| is_closing(*c)) {
            end = next + line[next..].chars().next().map_or(0, char::len_utf8);
        }
        // Within a number, an address or a file name no space follows.
        let is_followed = line[end..].starts_with(|c: char| !c.is_whitespace());
        let is_within = is_followed || mark == '.' && is_short_form(&line[..at], &line[end..]);
        if is_wide || !is_within {
            return end;
        }
    }
    line.len()
}

/// Says whether a full stop after this text belongs to a short form, an initial or a German ordinal
/// number.
fn is_short_form(before: &str, after: &str) -> bool {
    let start = before.rfind(|c: char| !c.is_alphanumeric());
    let word = start.map_or(before, |start| &before[start..]);
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    // "1. Milk", "7. März", but not "I was there at 7. And you?"
    let next = after.split_whitespace().next().unwrap_or("").to_lowercase();
    let is_ordinal = (1..=2).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_digit())
        && (before.len() == word.len() || is_month_or_weekday(&next));
    // "I" ends a sentence more often than it is an initial.
    let is_initial =
        word.chars().count() == 1 && word != "I" && word.chars().all(char::is_alphabetic);
    is_ordinal || is_initial || lists(SHORT_FORMS, &word.to_lowercase())
}
