//! The parts that requests for JSON are made of.

use serde_json::{Value, json};

/// An object schema whose properties are all required, which strict servers ask for.
pub(super) fn object(properties: &Value) -> Value {
    let required: Vec<&String> =
        properties.as_object().into_iter().flat_map(|named| named.keys()).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// An object that was cut off, closed behind its last whole part: what can be read of it may be closed
/// behind an earlier one, so those come after it.
pub(super) fn closed_early(cut_off: &str) -> impl Iterator<Item = String> {
    let (mut open, mut ends) = (Vec::new(), Vec::new());
    let (mut in_string, mut escaped) = (false, false);
    for (place, c) in cut_off.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' => {
                open.pop();
                let closing: String = open.iter().rev().collect();
                ends.push((place + 1, closing));
            }
            ']' => {
                open.pop();
            }
            _ => {}
        }
    }
    ends.into_iter().rev().map(move |(end, closing)| cut_off[..end].to_owned() + &closing)
}

/// Lines between tags; the quoted text in them can hold no tag.
pub(super) fn block(tag: &str, lines: impl Iterator<Item = String>) -> String {
    format!("<{tag}>\n{}</{tag}>", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        /// Wherever an answer is cut off, what is read is the beginning of what was written.
        #[test]
        fn what_is_whole_is_what_was_written(
            statements in prop::collection::vec(any::<String>(), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let items: Vec<Value> =
                statements.iter().map(|text| json!({ "statement": text, "of": [{ "name": text }] })).collect();
            let written = json!({ "facts": items }).to_string();
            let ends: Vec<usize> = written.char_indices().map(|(end, _)| end).collect();
            let cut_off = &written[..*cut.get(&ends)];
            for closed in closed_early(cut_off) {
                let read: Value = serde_json::from_str(&closed).expect("it is closed");
                let read = read["facts"].as_array().expect("it is a list");
                let statements = |items: &[Value]| -> Vec<Value> {
                    items.iter().map(|item| item["statement"].clone()).collect()
                };
                prop_assert_eq!(statements(read), statements(&items[..read.len()]));
            }
        }
    }
}
