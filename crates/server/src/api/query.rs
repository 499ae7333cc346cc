//! The query of a request, and the parts of its path, as values of their types.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Query as Pairs};
use axum::http::request::Parts;
use longmem_core::schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::check::{Whole, check};
use super::place_of_error::placed;
use super::schema::{schema_of_request, without_null};
use crate::problem::Problem;

/// The fields in a request's query: `?limit=5&role=user&role=tool`. A list is a field that stands
/// several times, and a field that the type does not know is refused.
pub(super) struct Query<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned + JsonSchema + 'static,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = Pairs::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Pairs(pairs) = pairs
            .map_err(|error| Problem::invalid(format!("the query cannot be read: {error}")))?;
        let schema = schema_of_request::<T>();
        let mut fields = Map::new();
        for (name, text) in pairs {
            let of_field = without_null(schema["properties"][&name].clone());
            if of_field["type"] == "array" {
                let element = value_of(text, &of_field["items"]);
                let list = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                list.as_array_mut().expect("it was made as one").push(element);
                continue;
            }
            let value = value_of(text, &of_field);
            if fields.insert(name.clone(), value).is_some() {
                return Err(Problem::invalid(format!("{name} stands twice in the query")));
            }
        }
        let fields = Value::Object(fields);
        check(&fields, &schema, Whole::Query)?;
        let read = T::deserialize(&fields);
        read.map(Self).map_err(|error| Problem::out_of_range(placed::<T>(&fields, &error)))
    }
}

/// The value of a field of this schema; what cannot be read as one stays text, and is refused then.
fn value_of(text: String, schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => match serde_json::from_str(&text) {
            Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
            _ => Value::String(text),
        },
        _ => Value::String(text),
    }
}

/// The part of the path that is filled in.
pub(super) struct Part<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Part<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let part = Path::<T>::from_request_parts(parts, state).await;
        let Path(part) = part.map_err(|rejection| Problem::invalid(not_this_part(rejection)))?;
        Ok(Self(part))
    }
}

/// Why what stands in the path is not what should.
fn not_this_part(rejection: PathRejection) -> String {
    let PathRejection::FailedToDeserializePathParams(error) = rejection else {
        return "this path has no part to fill in".to_owned();
    };
    match error.into_kind() {
        // Numbers are all that is parsed.
        ErrorKind::ParseError { value, .. }
        | ErrorKind::ParseErrorAtIndex { value, .. }
        | ErrorKind::ParseErrorAtKey { value, .. } => {
            format!("the path names a whole number here, such as 12, and {value:?} is none")
        }
        ErrorKind::Message(message) | ErrorKind::DeserializeError { message, .. } => {
            format!("the path: {message}")
        }
        other => format!("the path: {other}"),
    }
}
