//! JSON as programs really write it.

use serde_json::Value;

/// Parses a text, mending what is written by programs that cut text in the middle of an emoji:
/// half of a `\u` surrogate pair becomes U+FFFD.
pub(crate) fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).or_else(|error| match with_whole_surrogates(text) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
}

/// Reads an identifier or a name: a text that is not blank, or a number.
pub(crate) fn label(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads the first of several fields that is there and not null; null if none is.
pub(crate) fn first<'a>(object: &'a Value, fields: &[&str]) -> &'a Value {
    fields
        .iter()
        .map(|field| &object[*field])
        .find(|value| !value.is_null())
        .unwrap_or(&Value::Null)
}

/// Replaces unpaired surrogate escapes; none if all are paired.
fn with_whole_surrogates(text: &str) -> Option<String> {
    const REPLACEMENT: &str = "\\ufffd";
    let mut mended = String::with_capacity(text.len());
    let mut found = false;
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        mended.push_str(before);
        let taken = match surrogate(escape) {
            None => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
            Some(Half::High) if surrogate(&escape[6..]) == Some(Half::Low) => 12,
            Some(_) => 0,
        };
        if taken == 0 {
            found = true;
            mended.push_str(REPLACEMENT);
            rest = &escape[6..];
        } else {
            mended.push_str(&escape[..taken]);
            rest = &escape[taken..];
        }
    }
    mended.push_str(rest);
    found.then_some(mended)
}

#[derive(PartialEq)]
enum Half {
    High,
    Low,
}

/// Says which half of a pair a text begins with, if it begins with a surrogate's escape.
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
        assert!(parse(r#""\ud83d"#).unwrap_err().is_eof());
        assert!(parse(r#"{"a" 1}"#).is_err());
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
