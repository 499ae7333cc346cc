//! JSON as programs really write it.

use serde_json::Value;

/// Levels of nesting that the parser takes.
const MAX_DEPTH: usize = 127;

/// Why a text is not parsed into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonFault {
    /// The text ends in the middle of a value.
    Unfinished,
    /// The text is not JSON.
    Malformed,
    /// The value would take too much memory.
    TooManyParts,
}

/// Parses a text into a value of at most `max_parts` parts.
///
/// Some programs cut text in the middle of an emoji and leave half of a `\u` surrogate pair; it
/// becomes U+FFFD.
pub(super) fn parse(text: &str, max_parts: usize) -> Result<Value, JsonFault> {
    if has_more_parts(text, max_parts) {
        return Err(JsonFault::TooManyParts);
    }
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mended = with_whole_surrogates(text);
    let text = mended.as_deref().unwrap_or(text);
    let value = match without_deep_parts(text)? {
        Some(shallow) => serde_json::from_str(&shallow),
        None if mended.is_some() => serde_json::from_str(text),
        None => Err(error),
    };
    value.map_err(|error| if error.is_eof() { JsonFault::Unfinished } else { JsonFault::Malformed })
}

/// Parses a text in which nothing is wrong into a value of at most `max_parts` parts; `None` for any
/// other text.
pub(super) fn parse_sound(text: &str, max_parts: usize) -> Option<Value> {
    if has_more_parts(text, max_parts) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Replaces what is nested deeper than the parser takes by its JSON as a string, which can be parsed
/// by itself; `None` if nothing is. A text that is cut off within such a part is unfinished.
fn without_deep_parts(text: &str) -> Result<Option<String>, JsonFault> {
    let mut kept = String::new();
    let mut kept_until = 0;
    let mut deep_from = 0;
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            // The byte after a backslash is never the end of the string.
            b'\\' if in_string => drop(bytes.next()),
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth == MAX_DEPTH + 1 {
                    kept.push_str(&text[kept_until..at]);
                    deep_from = at;
                }
            }
            b'}' | b']' => {
                let Some(outside) = depth.checked_sub(1) else { return Ok(None) };
                depth = outside;
                if depth == MAX_DEPTH {
                    kept.push_str(&Value::from(&text[deep_from..=at]).to_string());
                    kept_until = at + 1;
                }
            }
            _ => {}
        }
    }
    if depth > MAX_DEPTH {
        return Err(JsonFault::Unfinished);
    }
    if kept.is_empty() {
        return Ok(None);
    }
    kept.push_str(&text[kept_until..]);
    Ok(Some(kept))
}

/// Whether a JSON text has more parts than a limit, by the signs that precede or begin each.
fn has_more_parts(text: &str, limit: usize) -> bool {
    // A sign is a byte, so most texts are too short to have too many.
    if text.len() <= limit {
        return false;
    }
    let mut parts = 0;
    let mut in_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            // The byte after a backslash is never the end of the string.
            b'\\' if in_string => drop(bytes.next()),
            b',' | b':' | b'[' | b'{' if !in_string => parts += 1,
            _ => {}
        }
    }
    parts > limit
}

/// Replaces unpaired surrogate escapes; `None` if all are paired.
fn with_whole_surrogates(text: &str) -> Option<String> {
    const REPLACEMENT: &str = "\\ufffd";
    let mut mended = String::with_capacity(text.len());
    let mut found_unpaired = false;
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        mended.push_str(before);
        let (kept, after) = match surrogate(escape) {
            // Any other escape: the backslash and one character, so that `\\u` is not taken for
            // the beginning of `\u`.
            None => escape.split_at(1 + escape[1..].chars().next().map_or(0, char::len_utf8)),
            Some(Half::High) if surrogate(&escape[6..]) == Some(Half::Low) => escape.split_at(12),
            Some(_) => {
                found_unpaired = true;
                (REPLACEMENT, &escape[6..])
            }
        };
        mended.push_str(kept);
        rest = after;
    }
    mended.push_str(rest);
    found_unpaired.then_some(mended)
}

#[derive(PartialEq)]
enum Half {
    High,
    Low,
}

/// The half of a surrogate pair whose escape a text begins with.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Value, JsonFault> {
        super::parse(text, usize::MAX)
    }

    #[test]
    fn mends_half_an_emoji_and_nothing_else() {
        let cases = [
            (r#""cut \ud83d""#, "cut \u{fffd}"),
            (r#""\ude00 tail""#, "\u{fffd} tail"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\\ud83d é \ud83d\n""#, "\\ud83d é \u{fffd}\n"),
        ];
        for (json, text) in cases {
            assert_eq!(parse(json).unwrap(), Value::from(text), "{json}");
        }
        assert_eq!(parse(r#""\ud83d"#), Err(JsonFault::Unfinished));
        assert_eq!(parse(r#"{"a" 1}"#), Err(JsonFault::Malformed));
    }

    #[test]
    fn what_is_nested_too_deep_becomes_its_text() {
        for depth in [1, MAX_DEPTH - 1, MAX_DEPTH, 20_000] {
            let nested = format!("{}\"]\"{}", "[".repeat(depth), "]".repeat(depth));
            let value = parse(&format!(r#"{{"text":"[[","deep":{nested},"after":1}}"#)).unwrap();
            assert_eq!((&value["text"], &value["after"]), (&"[[".into(), &1.into()));
            assert!(value["deep"].is_array());
        }
        let cut = format!("{{\"a\":{}", "[".repeat(500));
        assert_eq!(parse(&cut), Err(JsonFault::Unfinished));
        let deep = format!("{}7{}", "[".repeat(MAX_DEPTH + 2), "]".repeat(MAX_DEPTH + 2));
        let mut value = parse(&deep).unwrap();
        while value.is_array() {
            value = value[0].take();
        }
        assert_eq!(value, "[[7]]");
    }

    #[test]
    fn a_value_has_at_most_so_many_parts_and_text_is_one_part() {
        for (json, parts) in [
            ("[1, 2, [3]]", 4),
            (r#"{"a": 1, "b": {"c": []}}"#, 7),
            (r#"["one, two: [three] {four} \" , \\", ","]"#, 2),
        ] {
            assert!(super::parse(json, parts).is_ok(), "{json}");
            assert_eq!(super::parse(json, parts - 1), Err(JsonFault::TooManyParts), "{json}");
        }
    }

    proptest! {
        #[test]
        fn mending_never_panics_and_leaves_valid_json_alone(text in any::<String>()) {
            let _ = parse(&text);
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(parse(&json).unwrap(), Value::from(text));
        }

        #[test]
        fn any_run_of_escapes_is_mended(units in prop::collection::vec(any::<u16>(), 0..12)) {
            use std::fmt::Write;
            let mut json = String::from("\"");
            for unit in &units {
                write!(json, "\\u{unit:04x}").unwrap();
            }
            json.push('"');
            prop_assert_eq!(parse(&json).unwrap(), Value::from(String::from_utf16_lossy(&units)));
        }
    }
}
