//! The schemas of requests: what the document shows, and what requests are held against.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use longmem_core::schemars::generate::SchemaSettings;
use longmem_core::schemars::transform::RecursiveTransform;
use longmem_core::schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::operation::SchemaOf;

/// The largest integer that every program reads from JSON as it was written: 2⁵³ - 1.
const LARGEST_INTEGER: u64 = 9_007_199_254_740_991;

/// Schemas of requests: integers have a largest value, fields that a type does not name are not allowed unless
/// it says so itself, and the user need not be named, since it is the caller.
pub(super) fn request_schemas() -> SchemaSettings {
    SchemaSettings::draft2020_12().for_deserialize().with_transform(RecursiveTransform(
        |schema: &mut Schema| {
            let is_unbounded = schema.get("format").is_some_and(|format| {
                format.as_str().is_some_and(|format| matches!(format, "uint" | "uint64"))
            });
            if is_unbounded && schema.get("maximum").is_none() {
                schema.insert("maximum".to_owned(), LARGEST_INTEGER.into());
            }
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
                return;
            };
            if properties.contains_key("user")
                && let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut)
            {
                required.retain(|name| name != "user");
            }
            if schema.get("additionalProperties").is_none() {
                schema.insert("additionalProperties".to_owned(), false.into());
            }
        },
    ))
}

/// The schema of a request without references.
pub(super) fn whole_schema(schema: SchemaOf) -> Value {
    let mut generator =
        request_schemas().with(|settings| settings.inline_subschemas = true).into_generator();
    let mut schema = schema(&mut generator);
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    schema.to_value()
}

/// The schema of a request's type without references, made once.
pub(super) fn schema_of_request<T: JsonSchema + 'static>() -> Arc<Value> {
    static KNOWN: LazyLock<Mutex<HashMap<TypeId, Arc<Value>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let schema = known
        .entry(TypeId::of::<T>())
        .or_insert_with(|| Arc::new(whole_schema(SchemaGenerator::subschema_for::<T>)));
    Arc::clone(schema)
}

/// The schema of a value that is there: in a query, nothing stands for null.
pub(super) fn without_null(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else { return schema };
    if fields.get("default").is_some_and(Value::is_null) {
        fields.remove("default");
    }
    if let Some(kinds) = fields.get_mut("type").and_then(Value::as_array_mut) {
        kinds.retain(|kind| kind != "null");
        if let [only] = &kinds[..] {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(words) = fields.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    if let Some(choices) = fields.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice["type"] != "null");
        if let [only] = &choices[..] {
            return only.clone();
        }
    }
    schema
}
