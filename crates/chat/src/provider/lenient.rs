//! Reads the JSON of servers leniently: what is null counts as absent, and what has another form than
//! documented is read where it can be.

mod mending;

pub(super) use mending::JsonReader;

use serde_json::{Map, Value};

/// Where servers put words about an error, the most telling first.
const PLACES_OF_WORDS: [&str; 11] = [
    "error",
    "errors",
    "message",
    "detail",
    "details",
    "msg",
    "error_description",
    "reason",
    "description",
    "title",
    "type",
];

/// Number of errors of a list whose words are shown.
const MAX_SHOWN_ERRORS: usize = 3;

/// The first of these members that is there and not null.
pub(super) fn member<'a>(object: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| object.get(name).filter(|value| !value.is_null()))
}

/// A word: a text that is not empty.
pub(super) fn word(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|word| !word.is_empty())
}

/// A count in any form of number, also as a text; none if it is negative or none at all.
pub(super) fn count(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) => {
            number.as_u64().map_or_else(|| number.as_f64(), |n| Some(n as f64))
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite() && *number >= 0.0).map(|number| number as u64)
}

/// The text of a message's content: a text, a part with a text, or a list of them. Parts of other
/// kinds, such as thinking, have none.
pub(super) fn content(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(parts) => Some(parts.iter().filter_map(content).collect()),
        Value::Object(part) => {
            let kind = part.get("type").and_then(word);
            let is_text = kind.is_none_or(|kind| kind.ends_with("text"));
            let text = part.get("text").filter(|_| is_text)?;
            content(text.get("value").unwrap_or(text))
        }
        Value::Null | Value::Bool(_) => None,
    }
}

/// Whether there is anything in a value: not null, false, 0, empty, or made of nothing else.
pub(super) fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(values) => values.iter().any(says_something),
        Value::Object(members) => members.values().any(says_something),
    }
}

/// The words of an error, wherever the server put them.
pub(super) fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(_) => word(value).map(str::to_owned),
        Value::Array(errors) => {
            let shown: Vec<String> =
                errors.iter().filter_map(words).take(MAX_SHOWN_ERRORS).collect();
            (!shown.is_empty()).then(|| shown.join("; "))
        }
        Value::Object(members) => words_of_object(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn words_of_object(members: &Map<String, Value>) -> Option<String> {
    let mut said = PLACES_OF_WORDS.iter().find_map(|place| words(members.get(*place)?))?;
    // FastAPI says beside the words which parameter they are about.
    if let Some(place) = members.get("loc").and_then(Value::as_array) {
        let names: Vec<&str> = place.iter().filter_map(Value::as_str).collect();
        said = format!("{}: {said}", names.join("."));
    }
    // A broker hands on what the model's own server said.
    let raw = members.get("metadata").and_then(|metadata| metadata.get("raw")).and_then(words);
    if let Some(raw) = raw.filter(|raw| !said.contains(raw.as_str())) {
        said = format!("{said}: {raw}");
    }
    // llama.cpp gives its window as a number only.
    if let Some(window) = members.get("n_ctx").and_then(count)
        && !said.contains(&window.to_string())
    {
        said = format!("{said} (n_ctx {window})");
    }
    // That the prompt is too long may stand in the error's name alone.
    let name = ["code", "type"].iter().find_map(|place| word(members.get(*place)?));
    if let Some(name) = name.filter(|name| name.contains("context"))
        && !said.to_lowercase().contains("context")
    {
        said = format!("{said} ({name})");
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_counts_as_absent_and_the_first_name_wins() {
        let object = json!({"a": null, "b": 1, "c": 2});
        assert_eq!(member(&object, &["a", "c", "b"]), Some(&json!(2)));
        assert_eq!(member(&object, &["a"]), None);
        assert_eq!(member(&json!("text"), &["a"]), None);
    }

    #[test]
    fn a_count_may_have_any_form() {
        for value in [json!(7), json!(7.0), json!("7"), json!(" 7 "), json!(7.9)] {
            assert_eq!(count(&value), Some(7), "{value}");
        }
        for value in [json!(-1), json!(null), json!("many"), json!({}), json!("NaN"), json!(true)] {
            assert_eq!(count(&value), None, "{value}");
        }
    }

    #[test]
    fn content_is_the_text_of_its_text_parts() {
        let thinking = json!({"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]});
        for (value, text) in [
            (json!("a"), Some("a")),
            (json!([{"type": "text", "text": "a"}, "b"]), Some("ab")),
            (json!([thinking, {"type": "output_text", "text": {"value": "a"}}]), Some("a")),
            (json!({"type": "text", "text": "a"}), Some("a")),
            (json!([{"type": "image_url", "image_url": {}}]), Some("")),
            (json!(7443), Some("7443")),
            (json!(null), None),
        ] {
            assert_eq!(content(&value).as_deref(), text, "{value}");
        }
    }

    #[test]
    fn nothing_is_told_from_something() {
        for value in [json!(null), json!({}), json!(""), json!([]), json!(false), json!(0)] {
            assert!(!says_something(&value), "{value}");
            assert!(!says_something(&json!({"message": value, "code": null})), "{value}");
        }
        assert!(says_something(&json!({"message": null, "code": 400})));
        assert!(says_something(&json!("model crashed")));
    }

    #[test]
    fn the_words_of_an_error_are_found_wherever_they_stand() {
        for (value, said) in [
            (json!({"error": {"type": "x", "message": "no"}}), Some("no")),
            (json!([{"error": {"message": "no"}}]), Some("no")),
            (json!({"error": "no"}), Some("no")),
            (json!({"code": 400, "details": "logprobs too many"}), Some("logprobs too many")),
            (json!({"object": "error", "message": {"detail": [{"msg": "no"}]}}), Some("no")),
            (
                json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"],
                    "msg": "Extra inputs are not permitted"}]}),
                Some("body.stream_options: Extra inputs are not permitted"),
            ),
            (
                json!({"error": {"message": "Provider returned error",
                    "metadata": {"raw": "{\"message\":\"prompt is too long\"}"}}}),
                Some("Provider returned error: {\"message\":\"prompt is too long\"}"),
            ),
            (
                json!({"error": {"message": "exceeds the context size", "n_ctx": 1024}}),
                Some("exceeds the context size (n_ctx 1024)"),
            ),
            (
                json!({"error": {"message": "no", "code": "context_length_exceeded"}}),
                Some("no (context_length_exceeded)"),
            ),
            (json!({"error": {"type": "overloaded_error"}}), Some("overloaded_error")),
            (json!({"id": "c1"}), None),
        ] {
            assert_eq!(words(&value).as_deref(), said, "{value}");
        }
    }
}
