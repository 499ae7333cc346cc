//! Holds a request against its schema, and says in plain words what does not fit.
//!
//! serde alone would pass over unknown fields in types that flatten others, and would not say where a
//! wrong value stands. Only what schemas of requests use is understood here.

use std::fmt::{self, Write as _};

use axum::http::StatusCode;
use longmem_core::{LINE_PATTERN, Timestamp};
use serde_json::Value;

use crate::problem::Problem;

/// Names of fields that a message lists at most.
const NAMED: usize = 30;

/// What a value is the whole of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// A body of JSON.
    Body,
    /// The query of an address, in which nothing stands for null.
    Query,
}

/// Where a value stands in a request.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// The request itself.
    Whole(Whole),
    /// A field of an object.
    Field(&'a Place<'a>, &'a str),
    /// An element of a list.
    Element(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Whole(Whole::Body) => f.write_str("the body"),
            Place::Whole(Whole::Query) => f.write_str("the query"),
            Place::Field(Place::Whole(_), name) => f.write_str(name),
            Place::Field(parent, name) => write!(f, "{parent}.{name}"),
            Place::Element(Place::Whole(_), index) => write!(f, "[{index}]"),
            Place::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Fails for a value that does not fit a schema without references.
///
/// # Errors
/// 400 for a field that is unknown, missing or of another type; 422 for a value out of range.
pub(super) fn check(value: &Value, schema: &Value, whole: Whole) -> Result<(), Problem> {
    check_at(value, schema, Place::Whole(whole))
}

fn check_at(value: &Value, schema: &Value, place: Place<'_>) -> Result<(), Problem> {
    for choices in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choices].as_array() {
            check_choices(value, choices, place)?;
        }
    }
    if let Some(kinds) = kinds(schema)
        && !kinds.iter().any(|kind| is_of_kind(value, kind))
    {
        let in_query = matches!(place, Place::Field(Place::Whole(Whole::Query), _));
        let expected = kinds.into_iter().filter(|kind| !(in_query && *kind == "null"));
        let expected = expected.map(in_words).collect::<Vec<_>>().join(" or ");
        let detail = format!("{place}: expected {expected}, got {}", shown(value));
        return Err(Problem::invalid(detail));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return Err(not_among(value, words, place));
    }
    if let Some(only) = schema.get("const")
        && only != value
    {
        let detail = format!("{place} is {}; it can only be {}", shown(value), shown(only));
        return Err(Problem::out_of_range(detail));
    }
    match value {
        Value::Object(fields) => check_fields(fields, schema, place),
        Value::Array(elements) => check_elements(elements, schema, place),
        Value::String(text) => check_text(text, schema, place),
        Value::Number(number) => check_number(number, schema, place),
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

fn check_text(text: &str, schema: &Value, place: Place<'_>) -> Result<(), Problem> {
    // The work itself takes white space off the ends of a line, some of which are control characters.
    if schema["pattern"] == LINE_PATTERN && text.contains(char::is_control) {
        let detail = format!("{place} holds a control character; it is one line of text");
        return Err(Problem::out_of_range(detail));
    }
    if schema["format"] == "date-time" && text.parse::<Timestamp>().is_err() {
        let expected = "a time with its distance from UTC, such as 2026-03-08T18:30:00Z";
        let detail = format!("{place} is {}; expected {expected}", shown(&text.into()));
        return Err(Problem::out_of_range(detail));
    }
    let length = text.chars().count();
    check_size(length, schema, ("minLength", "maxLength"), "characters", place)
}

/// A value fits one of several schemas. Where none fits, the one whose type it has says why, or else the
/// first that is not null.
fn check_choices(value: &Value, choices: &[Value], place: Place<'_>) -> Result<(), Problem> {
    let mut refusals = Vec::new();
    // Choices without a type say which fields must stand together; the work itself says that better.
    for choice in choices.iter().filter(|choice| kinds(choice).is_some()) {
        match check_at(value, choice, place) {
            Ok(()) => return Ok(()),
            Err(problem) if choice["type"] != "null" => refusals.push(problem),
            Err(_) => {}
        }
    }
    // Words that are described one by one are choices of one word each.
    let words = choices.iter().filter_map(|choice| choice.get("const")).collect::<Vec<_>>();
    if words.len() > 1 && value.is_string() {
        return Err(not_among(value, words, place));
    }
    refusals.sort_by_key(|problem| problem.status != StatusCode::UNPROCESSABLE_ENTITY);
    refusals.into_iter().next().map_or(Ok(()), Err)
}

fn not_among<'a>(
    value: &Value,
    words: impl IntoIterator<Item = &'a Value>,
    place: Place<'_>,
) -> Problem {
    let known: Vec<String> = words.into_iter().map(shown).collect();
    Problem::out_of_range(format!("{place} is {}; it is one of {}", shown(value), known.join(", ")))
}

fn check_fields(
    fields: &serde_json::Map<String, Value>,
    schema: &Value,
    place: Place<'_>,
) -> Result<(), Problem> {
    let Some(properties) = schema["properties"].as_object() else { return Ok(()) };
    for (name, value) in fields {
        let Some(schema) = properties.get(name) else {
            if schema["additionalProperties"] != false {
                continue;
            }
            let mut known: Vec<&str> = properties.keys().map(String::as_str).collect();
            known.truncate(NAMED);
            let of = match place {
                Place::Whole(Whole::Body) => String::new(),
                Place::Whole(Whole::Query) => " of the query".to_owned(),
                place => format!(" of {place}"),
            };
            let known = match &known[..] {
                [] => "there are none".to_owned(),
                [only] => format!("the only one is {only}"),
                known => format!("the fields are {}", known.join(", ")),
            };
            let detail = format!("there is no field {name:?}{of}; {known}");
            return Err(Problem::invalid(detail));
        };
        check_at(value, schema, Place::Field(&place, name))?;
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            let missing = Place::Field(&place, name);
            return Err(Problem::invalid(format!("{missing} is missing")));
        }
    }
    Ok(())
}

fn check_elements(elements: &[Value], schema: &Value, place: Place<'_>) -> Result<(), Problem> {
    check_size(elements.len(), schema, ("minItems", "maxItems"), "elements", place)?;
    let Some(of_element) = schema.get("items") else { return Ok(()) };
    for (index, element) in elements.iter().enumerate() {
        check_at(element, of_element, Place::Element(&place, index))?;
    }
    Ok(())
}

fn check_size(
    size: usize,
    schema: &Value,
    (least, most): (&str, &str),
    what: &str,
    place: Place<'_>,
) -> Result<(), Problem> {
    let least = schema[least].as_u64().filter(|least| (size as u64) < *least);
    let most = schema[most].as_u64().filter(|most| size as u64 > *most);
    match (least, most) {
        (Some(least), _) => Err(Problem::out_of_range(format!(
            "{place} has {size} {what}; it needs {least} at least"
        ))),
        (_, Some(most)) => Err(Problem::out_of_range(format!(
            "{place} has {size} {what}; it may have {most} at most"
        ))),
        (None, None) => Ok(()),
    }
}

fn check_number(
    number: &serde_json::Number,
    schema: &Value,
    place: Place<'_>,
) -> Result<(), Problem> {
    let value = number.as_f64().unwrap_or(f64::NAN);
    let least = schema["minimum"].as_f64().filter(|least| value < *least);
    let most = schema["maximum"].as_f64().filter(|most| value > *most);
    if least.is_none() && most.is_none() {
        return Ok(());
    }
    let mut detail = format!("{place} is {number}; it must be");
    for (bound, word) in [("minimum", "at least"), ("maximum", "at most")] {
        if let Some(bound) = schema.get(bound).filter(|bound| !bound.is_null()) {
            let joined = if detail.ends_with("be") { "" } else { " and" };
            write!(detail, "{joined} {word} {bound}").expect("writing to a string does not fail");
        }
    }
    Err(Problem::out_of_range(detail))
}

/// The types that a schema allows; none if it does not say.
fn kinds(schema: &Value) -> Option<Vec<&str>> {
    match &schema["type"] {
        Value::String(kind) => Some(vec![kind]),
        Value::Array(kinds) => Some(kinds.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn is_of_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// A type of JSON with its article.
fn in_words(kind: &str) -> &str {
    match kind {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a string",
        "array" => "an array",
        "object" => "an object",
        other => other,
    }
}

/// A value as a message shows it: short ones as they stand.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > 40 => {
            format!("a string of {} characters", text.chars().count())
        }
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_named_with_its_place_and_what_was_expected() {
        let schema = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "query": { "type": "string", "minLength": 1 },
                "line": { "type": "string", "pattern": LINE_PATTERN },
                "limit": { "type": ["integer", "null"], "minimum": 1, "maximum": 100 },
                "turns": {
                    "type": "array", "maxItems": 2,
                    "items": {
                        "type": "object", "additionalProperties": false,
                        "properties": { "role": { "enum": ["user", "tool"] } },
                    },
                },
                "since": { "anyOf": [{ "type": "string", "format": "date-time" }, { "type": "null" }] },
            },
            "required": ["query"],
        });
        let refused = |value: Value| {
            let problem = check(&value, &schema, Whole::Body).unwrap_err();
            (problem.status.as_u16(), problem.detail)
        };
        let cases = [
            (json!([]), 400, "the body: expected an object, got an array"),
            (json!({}), 400, "query is missing"),
            (json!({ "query": 7 }), 400, "query: expected a string, got 7"),
            (
                json!({ "query": "a", "line": "\u{85}a" }),
                422,
                "line holds a control character; it is one line of text",
            ),
            (json!({ "query": "" }), 422, "query has 0 characters; it needs 1 at least"),
            (
                json!({ "query": "a", "limit": 101 }),
                422,
                "limit is 101; it must be at least 1 and at most 100",
            ),
            (
                json!({ "query": "a", "limit": 1.5 }),
                400,
                "limit: expected a whole number or null, got 1.5",
            ),
            (
                json!({ "query": "a", "turns": [{ "role": "cook" }] }),
                422,
                r#"turns[0].role is "cook"; it is one of "user", "tool""#,
            ),
            (
                json!({ "query": "a", "turns": [{}, { "rôle": "user" }] }),
                400,
                r#"there is no field "rôle" of turns[1]; the only one is role"#,
            ),
            (
                json!({ "query": "a", "turns": [{}, {}, {}] }),
                422,
                "turns has 3 elements; it may have 2 at most",
            ),
            (
                json!({ "query": "a", "since": "2026-13-45" }),
                422,
                "since is \"2026-13-45\"; expected a time with its distance from UTC, such as \
                 2026-03-08T18:30:00Z",
            ),
            (json!({ "query": "a", "since": 3 }), 400, "since: expected a string, got 3"),
        ];
        for (value, status, detail) in cases {
            assert_eq!(refused(value.clone()), (status, detail.to_owned()), "{value}");
        }
        let fits = json!({ "query": "a", "limit": null, "turns": [], "since": null });
        check(&fits, &schema, Whole::Body).unwrap();
        let in_query = |value| check(&value, &schema, Whole::Query).unwrap_err().detail;
        assert_eq!(
            in_query(json!({ "query": "a", "limit": "x" })),
            "limit: expected a whole number, got \"x\""
        );
        assert!(
            in_query(json!({ "zzz": "1" })).starts_with("there is no field \"zzz\" of the query")
        );
    }
}
