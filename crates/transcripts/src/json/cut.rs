//! The beginning of a JSON text, completed so that it can be parsed.

use serde_json::Value;

use super::parse::parse;

/// Parses the beginning of a JSON text that is cut anywhere: what is open is closed, and what cannot
/// be completed is left off. `None` where it does not begin as JSON does.
pub(crate) fn parse_cut(text: &str, max_parts: usize) -> Option<Value> {
    let text = text.trim_start();
    let mut open = Vec::new();
    let mut in_string = false;
    // Where the longest beginning ends that ends between two values. Nothing is opened or closed behind
    // it, so what is open at the end is open there too.
    let mut between = 0;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            // The byte after a backslash is never the end of the string.
            b'\\' if in_string => drop(bytes.next()),
            _ if in_string => {}
            b'{' | b'[' => {
                open.push(if byte == b'{' { '}' } else { ']' });
                between = at + 1;
            }
            b'}' | b']' => {
                open.pop()?;
                if open.is_empty() {
                    return parse(&text[..=at], max_parts).ok();
                }
                between = at + 1;
            }
            b',' => between = at,
            _ => {}
        }
    }
    let ends: String = open.iter().rev().collect();
    let closed =
        |beginning: &str, end: &str| parse(&format!("{beginning}{end}{ends}"), max_parts).ok();
    let whole = if in_string { closed(without_cut_escape(text), "\"") } else { None };
    whole.or_else(|| closed(&text[..between], ""))
}

/// A text without the escape that it ends in, if that is cut.
fn without_cut_escape(text: &str) -> &str {
    let tail = text.floor_char_boundary(text.len().saturating_sub(6));
    for (at, _) in text[tail..].match_indices('\\') {
        let escape = &text[tail + at..];
        let backslashes = text[..tail + at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        let begins_escape = backslashes % 2 == 0;
        if begins_escape && (escape.len() == 1 || (escape.starts_with("\\u") && escape.len() < 6)) {
            return &text[..tail + at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cut(text: &str) -> Option<Value> {
        parse_cut(text, usize::MAX)
    }

    /// If what is open were copied at every bracket, this would take minutes.
    #[test]
    fn a_million_brackets_are_read_in_one_pass() {
        let _ = cut(&"[".repeat(1 << 20));
        assert_eq!(
            cut(&("[[],".to_owned() + &"[],".repeat(1 << 18))).map(|v| v.is_array()),
            Some(true)
        );
    }

    #[test]
    fn what_stands_before_the_cut_is_kept() {
        let cases = [
            (
                r#"[{"title":"a","mapping":{"x":{"id":"x","mess"#,
                json!([{"title": "a", "mapping": {"x": {"id": "x"}}}]),
            ),
            (
                r#"{"role":"user","content":"half a sen"#,
                json!({"role": "user", "content": "half a sen"}),
            ),
            (r#"{"a":"b\"#, json!({"a": "b"})),
            (r#"{"a":"b\\"#, json!({"a": "b\\"})),
            (r#"{"a":"b\u00e"#, json!({"a": "b"})),
            (r#"{"a":1,"b":tru"#, json!({"a": 1})),
            (r#" {"a":1} and more"#, json!({"a": 1})),
            ("[", json!([])),
        ];
        for (text, value) in cases {
            assert_eq!(cut(text), Some(value), "{text}");
        }
        assert_eq!(cut("Dear Ana"), None);
        assert_eq!(cut("}"), None);
    }

    proptest! {
        #[test]
        fn any_cut_of_an_object_is_an_object(at in 1usize..80) {
            let text = r#"{"a":["x]\"",{"b":-1.5e3,"c":"é\\\u00e9"},null,[[]]],"d":{"e":{}},"f":true}"#;
            let at = text.floor_char_boundary(at.min(text.len()));
            prop_assert!(cut(&text[..at]).is_some_and(|value| value.is_object()), "{}", &text[..at]);
        }
    }
}
