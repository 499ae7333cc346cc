//! What clients are told of the tools, and whether it is so.

use serde_json::{Value, json};

use super::client::{World, ana};
use crate::mcp::tools;

fn told() -> Vec<Value> {
    tools::all().iter().map(|entry| serde_json::to_value(&entry.tool).unwrap()).collect()
}

#[test]
fn the_tools_stand_in_their_order_with_what_clients_want_to_know() {
    let mut told = told();
    for tool in &mut told {
        // What results hold is for the crate of their types to say.
        tool.as_object_mut().unwrap().shift_remove("outputSchema").unwrap();
    }
    insta::assert_json_snapshot!(told);
}

/// Calls `visit` with a schema and all that stand in it.
fn each(schema: &Value, visit: &mut impl FnMut(&Value)) {
    visit(schema);
    match schema {
        Value::Object(fields) => fields.values().for_each(|field| each(field, visit)),
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        _ => {}
    }
}

#[test]
fn schemas_hold_nothing_that_a_client_refuses() {
    for tool in told() {
        assert!(tool["description"].as_str().unwrap().len() < 2048);
        for name in ["inputSchema", "outputSchema"] {
            let schema = &tool[name];
            assert_eq!(schema["type"], "object");
            for choice in ["anyOf", "oneOf", "allOf", "$ref", "$defs", "$schema"] {
                assert!(schema.get(choice).is_none(), "{choice} at the root of {schema}");
            }
            each(schema, &mut |schema| {
                if schema["type"] == "object" {
                    assert_eq!(schema["additionalProperties"], false, "{schema}");
                }
                assert!(
                    !schema["type"].is_array() || schema.get("properties").is_some(),
                    "{schema}"
                );
                assert!(schema.get("$ref").is_none(), "{schema}");
                let format = schema["format"].as_str().unwrap_or("date-time");
                assert_eq!(format, "date-time", "{schema}");
            });
        }
    }
}

/// Whether a value is what a schema of an object says: no further fields, none missing.
fn check(value: &Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            let known = schema["properties"].as_object().unwrap();
            for (name, field) in fields {
                check(
                    field,
                    known.get(name).unwrap_or_else(|| panic!("{name} is not in {schema}")),
                );
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(
                    fields.contains_key(name.as_str().unwrap()),
                    "{name} is missing in {value}"
                );
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check(item, &schema["items"])),
        Value::Null => panic!("null in place of {schema}"),
        Value::String(_) => assert_eq!(schema["type"], "string", "{value}"),
        Value::Bool(_) => assert_eq!(schema["type"], "boolean", "{value}"),
        Value::Number(number) if number.is_f64() => assert_eq!(schema["type"], "number", "{value}"),
        Value::Number(_) => {
            assert!(["integer", "number"].contains(&schema["type"].as_str().unwrap()));
        }
    }
}

#[tokio::test]
async fn results_are_what_their_schemas_say() {
    let world = World::new();
    world.said(&ana(), "gateway", &["The gateway listens on port 7443.", "Fine."]).await;
    let mut client = world.client().await;
    let schemas = told();
    for (tool, arguments) in [
        ("memory_add", json!({"text": "Tea is at five."})),
        ("memory_add", json!({"text": "has the budget", "about": "Priya"})),
        ("memory_search", json!({"query": "Which port has the gateway, and who is Priya?"})),
        ("memory_get", json!({"ids": [1, 77]})),
        ("memory_recent", json!({"limit": 1})),
        ("memory_facts", json!({"history": true})),
        ("memory_update", json!({"id": "t1", "text": "It listens on port 7444."})),
        ("memory_status", json!({})),
        ("memory_delete", json!({"id": "f1"})),
        ("memory_delete", json!({"id": "t2"})),
    ] {
        let schema = schemas.iter().find(|told| told["name"] == tool).unwrap();
        let (_, result) = client.call(tool, arguments).await;
        check(&result, &schema["outputSchema"]);
    }
}
