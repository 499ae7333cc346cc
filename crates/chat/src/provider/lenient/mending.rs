//! Reads JSON that is not quite JSON: numbers and texts as programs write them that do not check.

use std::fmt::Write;

use serde_json::Value;

/// Reads the JSON of a stream's events.
///
/// A character outside the first 65,536 is written in JSON as two halves (`\ud83d\ude00`), and some
/// servers send the halves in two events. The first is kept until the second comes.
#[derive(Debug, Default)]
pub(in crate::provider) struct JsonReader {
    first_half: Option<u16>,
}

impl JsonReader {
    /// Reads one value; none if the text is no JSON, mended or not.
    pub(in crate::provider) fn read(&mut self, text: &str) -> Option<Value> {
        if let Ok(value) = serde_json::from_str(text) {
            return Some(value);
        }
        let mut mending = Mending { mended: String::new(), first_half: self.first_half };
        mending.mend(text);
        let value = serde_json::from_str(&mending.mended).ok()?;
        self.first_half = mending.first_half;
        Some(value)
    }
}

struct Mending {
    mended: String,
    first_half: Option<u16>,
}

impl Mending {
    fn mend(&mut self, mut rest: &str) {
        while let Some((outside, behind)) = rest.split_once('"') {
            self.mend_outside(outside);
            let end = end_of_text(behind);
            self.mended.push('"');
            self.mend_text(&behind[..end]);
            rest = &behind[end..];
            if let Some(behind) = rest.strip_prefix('"') {
                self.mended.push('"');
                rest = behind;
            }
        }
        self.mend_outside(rest);
    }

    /// Outside of texts, a word or number that JSON does not know (`NaN`, `1e999`) becomes null.
    fn mend_outside(&mut self, outside: &str) {
        let is_mark = |c: char| c.is_whitespace() || "{}[]:,".contains(c);
        for piece in outside.split_inclusive(is_mark) {
            let word = piece.trim_end_matches(is_mark);
            self.mended.push_str(if is_foreign(word) { "null" } else { word });
            self.mended.push_str(&piece[word.len()..]);
        }
    }

    /// In a text, control characters are escaped and halves of characters joined or replaced.
    fn mend_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let is_first = rest.len() == text.len();
            rest = &rest[character.len_utf8()..];
            match character {
                '\\' => rest = self.mend_escape(rest, is_first),
                '\0'..'\u{20}' => self.push_escaped(u16::try_from(character as u32).unwrap_or(0)),
                _ => self.mended.push(character),
            }
        }
    }

    /// Copies what follows a backslash; returns what follows the escape.
    fn mend_escape<'a>(&mut self, rest: &'a str, is_first: bool) -> &'a str {
        let Some(code) = escaped_code(rest) else {
            let end = rest.chars().next().map_or(0, char::len_utf8);
            self.mended.push('\\');
            self.mended.push_str(&rest[..end]);
            return &rest[end..];
        };
        let rest = &rest[5..];
        match code {
            0xd800..=0xdbff => {
                let second = rest.strip_prefix('\\').and_then(escaped_code);
                match second.filter(|second| is_second_half(*second)) {
                    Some(second) => {
                        self.push_escaped(code);
                        self.push_escaped(second);
                        return &rest[6..];
                    }
                    // The text ends here, and the next event may begin with the second half.
                    None if rest.is_empty() => self.first_half = Some(code),
                    None => self.mended.push(char::REPLACEMENT_CHARACTER),
                }
            }
            0xdc00..=0xdfff => match self.first_half.take().filter(|_| is_first) {
                Some(first) => {
                    self.push_escaped(first);
                    self.push_escaped(code);
                }
                None => self.mended.push(char::REPLACEMENT_CHARACTER),
            },
            _ => self.push_escaped(code),
        }
        rest
    }

    fn push_escaped(&mut self, code: u16) {
        write!(self.mended, "\\u{code:04x}").expect("a text can be written to");
    }
}

/// Whether a word stands for a value in other languages only, or is a number that JSON does not know.
fn is_foreign(word: &str) -> bool {
    let unsigned = word.trim_start_matches(['+', '-']);
    let is_value = ["NaN", "Infinity", "None", "True", "False", "undefined"].contains(&unsigned)
        || unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    is_value && serde_json::from_str::<Value>(word).is_err()
}

/// Where a text ends whose opening quotation mark came before: at the closing one.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    end.unwrap_or(text.len())
}

/// The code of an escape `u` with four digits, without its backslash.
fn escaped_code(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

fn is_second_half(code: u16) -> bool {
    (0xdc00..=0xdfff).contains(&code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn halves_of_a_character_are_joined_across_events() {
        let mut reader = JsonReader::default();
        assert_eq!(reader.read(r#"{"c":"Port \ud83d"}"#), Some(json!({"c": "Port "})));
        // An event in between does not matter.
        assert_eq!(reader.read(r#"{"c":null}"#), Some(json!({"c": null})));
        assert_eq!(reader.read(r#"{"c":"\uDE00 done"}"#), Some(json!({"c": "😀 done"})));
    }

    #[test]
    fn halves_without_their_other_half_are_replaced() {
        for (text, read) in [
            (r#"["\ude00 a"]"#, "\u{fffd} a"),
            (r#"["a\ud83d b"]"#, "a\u{fffd} b"),
            (r#"["a\ud83d\n\ud83d\ude00"]"#, "a\u{fffd}\n😀"),
        ] {
            assert_eq!(JsonReader::default().read(text), Some(json!([read])));
        }
    }

    #[test]
    fn words_and_numbers_that_json_does_not_know_become_null() {
        let text = r#"{"a": NaN, "b":[-Infinity,1e999,1], "c": True, "d": "NaN, \"x\" 1e999"}"#;
        let read = json!({"a": null, "b": [null, null, 1], "c": null, "d": "NaN, \"x\" 1e999"});
        assert_eq!(JsonReader::default().read(text), Some(read));
    }

    #[test]
    fn control_characters_in_a_text_are_kept() {
        assert_eq!(JsonReader::default().read("{\"a\":\"b\n\tc\"}"), Some(json!({"a": "b\n\tc"})));
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in ["", ": keepalive", "[DONE]", "{", "{\"a\":\"b", "\\", "\"\\u12\"", "{}{}"] {
            assert_eq!(JsonReader::default().read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_that_is_cut_between_halves_reads_the_same(text in "[a😀\"東\\\\🦀]{0,12}") {
            let codes: Vec<String> =
                text.encode_utf16().map(|code| format!("\\u{code:04x}")).collect();
            let escaped = codes.concat();
            for cut in (0..=escaped.len()).step_by(6) {
                let mut reader = JsonReader::default();
                let read: Option<String> = [&escaped[..cut], &escaped[cut..]]
                    .iter()
                    .map(|part| Some(reader.read(&format!("[\"{part}\"]"))?[0].as_str()?.to_owned()))
                    .collect();
                prop_assert_eq!(read.as_ref(), Some(&text));
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "[\\\\u\"d8c0a{}\\[\\]:,\\. é\n-]{0,40}") {
            let _ = JsonReader::default().read(&text);
        }
    }
}
