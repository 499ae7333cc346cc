//! Fields of JSON objects, read leniently.

use serde_json::Value;

/// Bytes of a title that are kept. Every turn of a conversation carries the title, so a huge one
/// would be multiplied by their number.
const MAX_TITLE_BYTES: usize = 4096;

/// Reads an id or a name: a text that is not blank, or a number.
pub(crate) fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads a conversation's title; a huge one is cut.
pub(crate) fn title(value: &Value) -> Option<String> {
    let mut title = text_or_number(value)?;
    title.truncate(title.floor_char_boundary(MAX_TITLE_BYTES));
    Some(title)
}

/// Returns the first of several fields that exists and is not null; null if there is none.
pub(crate) fn first_present<'a>(object: &'a Value, fields: &[&str]) -> &'a Value {
    fields
        .iter()
        .map(|field| &object[*field])
        .find(|value| !value.is_null())
        .unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_huge_title_is_cut_and_never_within_a_character() {
        assert_eq!(title(&json!("Trip to Oslo")).unwrap(), "Trip to Oslo");
        assert_eq!(title(&json!(" ")), None);
        let huge = format!("a{}", "é".repeat(MAX_TITLE_BYTES));
        assert_eq!(title(&json!(huge)).unwrap(), huge[..MAX_TITLE_BYTES - 1]);
    }
}
