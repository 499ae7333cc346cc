//! The body of a request as a value of its type.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use longmem_core::schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::check::{Whole, check};
use super::place_of_error::placed;
use super::schema::schema_of_request;
use crate::caller::Caller;
use crate::problem::Problem;

/// The body of a request. A field that its type does not know is refused, and a field `user` is the
/// caller's.
pub(super) struct Body<T>(pub(super) T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned + JsonSchema + 'static,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let caller = request.extensions().get::<Caller>().cloned();
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| {
                match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => {
                        Problem::too_large("the body is too large here")
                    }
                    _ => Problem::invalid("the body broke off before its end"),
                }
            })?;
        if bytes.is_empty() {
            return Err(Problem::invalid("the body is empty; it should be JSON"));
        }
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::invalid(format!("the body is not JSON: {error}")))?;
        from_value(value, caller.as_ref()).map(Self)
    }
}

/// A request's type from its JSON.
fn from_value<T>(mut value: Value, caller: Option<&Caller>) -> Result<T, Problem>
where
    T: DeserializeOwned + JsonSchema + 'static,
{
    let schema = schema_of_request::<T>();
    write_integers(&mut value);
    check(&value, &schema, Whole::Body)?;
    if let (Some(caller), Some(fields)) = (caller, value.as_object_mut())
        && schema["properties"].get("user").is_some()
    {
        let user = Value::from(caller.user.as_str());
        let named = fields.insert("user".to_owned(), user.clone());
        if named.is_some_and(|named| named != user) {
            let detail = format!("this key is for the memory of \"{}\" only", caller.user);
            return Err(Problem::forbidden(detail));
        }
    }
    T::deserialize(&value).map_err(|error| Problem::out_of_range(placed::<T>(&value, &error)))
}

/// Largest whole number below which every whole number has a 64-bit floating point number of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes numbers such as 5.0 as integers, which they are in JSON Schema and not for serde.
fn write_integers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|whole| whole.fract() == 0.0 && whole.abs() < EXACT);
            if let Some(whole) = whole {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(write_integers),
        Value::Object(fields) => fields.values_mut().for_each(write_integers),
        _ => {}
    }
}
