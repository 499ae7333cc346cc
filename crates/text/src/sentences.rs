//! Where sentences begin, and what kind they are.

use unicode_segmentation::UnicodeSegmentation;

/// The sentences of a text, without the white space around them.
pub fn sentences(text: &str) -> Vec<&str> {
    text.unicode_sentences().map(str::trim).filter(|sentence| !sentence.is_empty()).collect()
}

/// Says whether what follows this text begins a sentence.
pub fn begins_sentence(before: &str) -> bool {
    let mark = before
        .trim_end()
        .chars()
        .rev()
        .find(|c| !matches!(c, '"' | '“' | '„' | '«' | '\'' | '(' | '-' | '¿' | '¡'));
    mark.is_none_or(|mark| matches!(mark, '.' | '!' | '?' | ':' | ';' | '…'))
}

/// Says whether every sentence of a text is a question: such a turn seldom holds the answer.
///
/// # Examples
/// ```
/// use longmem_text::only_asks;
/// assert!(only_asks("What's up?") && !only_asks("I moved. And you?"));
/// ```
pub fn only_asks(text: &str) -> bool {
    let mut asks = false;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(['.', '!', '?', '…']).unwrap_or(rest.len());
        let marks = rest[end..].find(|c: char| !matches!(c, '.' | '!' | '?' | '…'));
        let next = marks.map_or(rest.len(), |length| end + length);
        if rest[..end].chars().any(char::is_alphanumeric) {
            if !rest[end..next].contains('?') {
                return false;
            }
            asks = true;
        }
        rest = rest[next..].trim_start();
    }
    asks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_of_questions_only_asks() {
        assert!(only_asks("What's up? Anything new?!"));
        assert!(!only_asks("I moved. And you?"));
        assert!(!only_asks("No mark at all"));
        assert!(!only_asks(""));
        assert!(only_asks("Und du? …"));
    }
}
