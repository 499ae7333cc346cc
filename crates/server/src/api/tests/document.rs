//! The OpenAPI document agrees with the routes.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::fixture::{Api, caller, request, user};
use crate::ServerSettings;

/// A server with all its routes.
fn settings() -> ServerSettings {
    let mut settings = ServerSettings::new(user("ana"));
    settings.mem0 = true;
    settings
}

/// Every operation of the document: method, path, entry.
pub(super) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("the document has paths");
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("a path has methods");
        methods.iter().map(|(method, entry)| (method.to_uppercase(), path.clone(), entry.clone()))
    });
    each.collect()
}

#[tokio::test]
async fn every_operation_has_a_route_and_a_name_of_its_own() {
    let api = Api::with(|with| with.mem0 = true);
    let document = api.get("/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    let mut names: Vec<&str> =
        operations.iter().filter_map(|(_, _, entry)| entry["operationId"].as_str()).collect();
    assert_eq!(names.len(), operations.len());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), operations.len());
    insta::assert_json_snapshot!(
        operations.iter().map(|(method, path, _)| format!("{method} {path}")).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(elements) => elements.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = crate::api::document(&settings());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("references stay in the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn nobody_without_a_caller_or_a_permission_comes_in() {
    let api = Api::with(|with| with.mem0 = true);
    let mut nobody = caller("ana");
    nobody.permissions.clear();
    for (method, path, entry) in operations(&crate::api::document(&settings())) {
        let path = path.replace("{id}", "1").replace("{name}", "a");
        let is_open = entry["security"] == json!([]);
        let answered = api.send(request(&method, &path, &json!({})), nobody.clone()).await;
        assert_eq!(answered.status != StatusCode::FORBIDDEN, is_open, "{method} {path}");
    }
}

#[tokio::test]
async fn another_method_is_refused_and_the_others_are_named() {
    let api = Api::new();
    let refused = api.ask("PUT", "/v1/memory/recall", json!({})).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.headers["allow"], "POST");
    assert_eq!(refused.headers["content-type"], "application/problem+json");
}
