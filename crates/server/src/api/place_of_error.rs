//! Which field of a request an error is about, where its type itself refuses a value and does not say which.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// An error of reading a value as a type, with the name of the field that it is about: the one without which the
/// error is another, or none.
pub(super) fn placed<T: DeserializeOwned>(value: &Value, error: &serde_json::Error) -> String {
    let error = error.to_string();
    let Some(fields) = value.as_object() else { return error };
    let is_about = |name: &&String| {
        let mut rest = fields.clone();
        rest.remove(*name);
        T::deserialize(Value::Object(rest)).err().is_none_or(|other| other.to_string() != error)
    };
    // What names the field itself needs no name before it.
    match fields.keys().find(is_about) {
        Some(name) if !error.contains(&format!("`{name}`")) => format!("{name}: {error}"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use longmem_core::{SessionName, Timestamp};
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Asked {
        session: SessionName,
        #[serde(default)]
        since: Option<Timestamp>,
        #[serde(default)]
        limit: u8,
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let said = |value: Value| {
            let error = Asked::deserialize(&value).unwrap_err();
            placed::<Asked>(&value, &error)
        };
        for (value, field) in [
            (json!({ "session": "s", "since": "x", "limit": 3 }), "since: "),
            (json!({ "limit": 3, "session": "a\u{0}b", "since": null }), "session: "),
            (json!({ "session": "s", "limit": 300 }), "limit: "),
            (json!({ "limit": 3 }), "missing field `session`"),
        ] {
            assert!(said(value.clone()).starts_with(field), "{value}: {}", said(value.clone()));
        }
    }
}
