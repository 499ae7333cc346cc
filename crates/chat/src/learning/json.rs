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

/// Lines between tags; the quoted text in them can hold no tag.
pub(super) fn block(tag: &str, lines: impl Iterator<Item = String>) -> String {
    format!("<{tag}>\n{}</{tag}>", lines.collect::<String>())
}
