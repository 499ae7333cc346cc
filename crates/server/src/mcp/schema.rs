//! JSON Schemas as every client takes them.
//!
//! Clients check tools' schemas, hand them to language models' servers, and refuse what those refuse:
//! references, types that may be null, formats that are no format of JSON Schema.

use std::sync::Arc;

use longmem_core::schemars::JsonSchema;
use longmem_core::schemars::generate::{Contract, SchemaSettings};
use rmcp::model::JsonObject;
use serde_json::{Map, Value};

/// The schema of a tool's arguments. What may be left out is not required, and never null.
pub(super) fn input<T: JsonSchema>() -> Arc<JsonObject> {
    made::<T>(Contract::Deserialize)
}

/// The schema of a tool's result, in which what would be null is left out.
pub(super) fn output<T: JsonSchema>() -> Arc<JsonObject> {
    made::<T>(Contract::Serialize)
}

fn made<T: JsonSchema>(contract: Contract) -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        settings.contract = contract;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Value::Object(root) = &mut schema {
        root.shift_remove("title");
        root.shift_remove("description");
    }
    tidy(&mut schema);
    without_null(&mut schema);
    match schema {
        Value::Object(schema) => Arc::new(schema),
        other => unreachable!("a struct's schema is an object, and not {other}"),
    }
}

/// Closes objects to further fields, and takes out the formats of Rust's numbers and the line breaks of its
/// comments.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(tidy),
        Value::Object(schema) => {
            let is_of_rust = |format: &Value| {
                format.as_str().is_some_and(|format| {
                    format.starts_with("int")
                        || format.starts_with("uint")
                        || format == "float"
                        || format == "double"
                })
            };
            if schema.get("format").is_some_and(is_of_rust) {
                schema.shift_remove("format");
            }
            if let Some(Value::String(description)) = schema.get_mut("description") {
                *description = description.replace('\n', " ");
            }
            // What a name may hold is checked here, and no client need know it.
            if schema.get("pattern").is_some_and(Value::is_string) {
                schema.shift_remove("pattern");
            }
            if schema.get("type").is_some_and(|kind| kind == "object") {
                schema.entry("properties").or_insert_with(|| Map::new().into());
                schema.insert("additionalProperties".to_owned(), false.into());
            }
            schema.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// Takes null out of what a value may be, and such a value out of what is required: it is left out
/// instead.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(without_null),
        Value::Object(schema) => {
            let properties = schema.get("properties").and_then(Value::as_object).cloned();
            if let Some(properties) = properties
                && let Some(Value::Array(required)) = schema.get_mut("required")
            {
                required.retain(|name| {
                    let property = name.as_str().and_then(|name| properties.get(name));
                    property.is_none_or(|property| !may_be_null(property))
                });
            }
            if let Some(Value::Array(kinds)) = schema.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = &kinds[..] {
                    let only = only.clone();
                    schema.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(values)) = schema.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            if schema.get("default").is_some_and(Value::is_null) {
                schema.shift_remove("default");
            }
            if let Some(Value::Array(either)) = schema.get("anyOf")
                && let [Value::Object(only), null] = &either[..]
                && is_null(null)
            {
                let only = only.clone();
                schema.shift_remove("anyOf");
                for (key, value) in only {
                    schema.entry(key).or_insert(value);
                }
            }
            schema.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

fn may_be_null(schema: &Value) -> bool {
    let of = |key: &str| schema.get(key).and_then(Value::as_array);
    of("type").is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
        || of("anyOf").is_some_and(|either| either.iter().any(is_null))
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "null")
}
