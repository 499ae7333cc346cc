//! The same tools over HTTP.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::client::{World, ana, greeting};
use crate::caller::Caller;
use crate::mcp::service;
use crate::shared::Shared;
use crate::{Permission, ServerSettings};

fn caller(permissions: &[Permission]) -> Caller {
    Caller { user: "bo".parse().expect("a name"), permissions: permissions.to_vec() }
}

/// A request of JSON-RPC as clients send it.
fn request(method: &str, parameters: &Value, caller: Option<Caller>) -> Request<Body> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
    let mut request = Request::post("/mcp")
        .header("host", "127.0.0.1:7717")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .body(Body::from(body.to_string()))
        .expect("a request");
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    request
}

async fn answer(world: &World, request: Request<Body>) -> (StatusCode, Value) {
    // The server's own user is somebody else: each request says whose memory it is about.
    let shared = Arc::new(Shared::new(world.memory(), ServerSettings::new(ana())));
    let response = service::<()>(shared).oneshot(request).await.expect("a response");
    let status = response.status();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_request_is_answered_by_itself_for_the_user_of_its_key() {
    let world = World::new();
    world.said(&ana(), "gateway", &["The gateway listens on port 7443."]).await;
    world.said(&"bo".parse().unwrap(), "tea", &["Tea is at five."]).await;
    let both = || Some(caller(&[Permission::Read, Permission::Write]));
    let (status, greeted) =
        answer(&world, request("initialize", &greeting("2025-11-25"), both())).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(greeted["result"]["serverInfo"]["name"], "longmem");
    let recent = json!({"name": "memory_recent", "arguments": {}});
    let (_, said) = answer(&world, request("tools/call", &recent, both())).await;
    let turns = said["result"]["structuredContent"]["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0]["text"], "Tea is at five.");
    let anas = json!({"name": "memory_get", "arguments": {"ids": [1]}});
    let (_, got) = answer(&world, request("tools/call", &anas, both())).await;
    assert_eq!(got["result"]["structuredContent"]["missing"], json!([1]));
}

#[tokio::test]
async fn a_key_that_only_reads_neither_sees_nor_calls_tools_that_write() {
    let world = World::new();
    let reader = || Some(caller(&[Permission::Read]));
    let (_, listed) = answer(&world, request("tools/list", &json!({}), reader())).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 5);
    let add = json!({"name": "memory_add", "arguments": {"text": "Tea is at five."}});
    let (_, refused) = answer(&world, request("tools/call", &add, reader())).await;
    assert_eq!(refused["result"]["isError"], true);
    assert!(!world.file().exists());
    let (_, refused) =
        answer(&world, request("tools/call", &add, Some(caller(&[Permission::Proxy])))).await;
    assert_eq!(refused["result"]["isError"], true);
}

#[tokio::test]
async fn nobody_gets_nothing() {
    let world = World::new();
    for method in ["tools/list", "resources/list"] {
        let (_, refused) = answer(&world, request(method, &json!({}), None)).await;
        assert!(refused.get("error").is_some(), "{refused}");
    }
}

#[tokio::test]
async fn there_is_no_session_to_get_or_to_delete() {
    let world = World::new();
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let mut request = request("ping", &json!({}), Some(caller(&[Permission::Read])));
        *request.method_mut() = method.clone();
        let (status, _) = answer(&world, request).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}

#[tokio::test]
async fn each_call_is_counted_once_by_what_came_of_it() {
    let world = World::new();
    let shared = Arc::new(Shared::new(world.memory(), ServerSettings::new(ana())));
    for arguments in [json!({"query": "port"}), json!({"query": ""})] {
        let asked = json!({"name": "memory_search", "arguments": arguments});
        let request = request("tools/call", &asked, Some(caller(&[Permission::Read])));
        service::<()>(Arc::clone(&shared)).oneshot(request).await.unwrap();
    }
    let text = shared.metrics.text(None);
    for outcome in ["ok", "refused"] {
        let line =
            format!("longmem_mcp_calls_total{{tool=\"memory_search\",outcome=\"{outcome}\"}} 1\n");
        assert!(text.contains(&line), "{text}");
    }
}

/// A POST of this text, and what a client says of itself beside it.
fn post(body: &str, version: &str) -> Request<Body> {
    let mut request = request("ping", &json!({}), Some(caller(&[Permission::Read])));
    request.headers_mut().insert("mcp-protocol-version", version.parse().expect("a header"));
    *request.body_mut() = Body::from(body.to_owned());
    request
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_as_json_rpc_says() {
    let world = World::new();
    for version in ["2025-06-18", "2025-11-25", "2026-07-28"] {
        for (body, status, code, id) in [
            ("{", 400, -32700, Value::Null),
            ("", 400, -32700, Value::Null),
            (r#"{"id":7,"method":"ping","params":{"x":"\ud83d"}}"#, 400, -32700, json!(7)),
            ("[]", 400, -32600, Value::Null),
            (r#"[{"jsonrpc":"2.0","id":7,"method":"ping"}]"#, 400, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":7}"#, 400, -32600, json!(7)),
            (r#"{"jsonrpc":"2.0","id":"a","method":"tools/call"}"#, 200, -32602, json!("a")),
        ] {
            let (got, answer) = answer(&world, post(body, version)).await;
            assert_eq!(got, status, "{body}: {answer}");
            assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{answer}");
        }
    }
    let long = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{}"}}"#, "x".repeat(1 << 20));
    let (status, answer) = answer(&world, post(&long, "2025-11-25")).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!(-32600)));
}

#[tokio::test]
async fn an_unknown_method_and_an_unknown_tool_are_told_apart_under_every_version() {
    let world = World::new();
    for version in ["2025-06-18", "2025-11-25", "2026-07-28"] {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        for (method, name, code) in
            [("memory/none", "x", -32601), ("tools/call", "memory_erase_all", -32602)]
        {
            for id in [json!(7), json!("a"), json!(-1), json!("")] {
                let mut params = json!({"name": name});
                if version == "2026-07-28" {
                    params["_meta"] = meta.clone();
                }
                let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
                let mut request = post(&body.to_string(), version);
                if version == "2026-07-28" {
                    let headers = request.headers_mut();
                    headers.insert("mcp-method", method.parse().unwrap());
                    headers.insert("mcp-name", name.parse().unwrap());
                }
                let (_, answer) = answer(&world, request).await;
                assert_eq!(answer["error"]["code"], code, "{version} {method}: {answer}");
                assert_eq!(answer["id"], id, "{version} {method}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_takes_json_gets_it() {
    let world = World::new();
    for accept in [None, Some("*/*"), Some("application/json")] {
        let mut request = request("ping", &json!({}), Some(caller(&[Permission::Read])));
        request.headers_mut().remove("accept");
        if let Some(accept) = accept {
            request.headers_mut().insert("accept", accept.parse().unwrap());
        }
        let (status, answer) = answer(&world, request).await;
        assert_eq!((status, &answer["result"]), (StatusCode::OK, &json!({})), "{accept:?}");
    }
}
