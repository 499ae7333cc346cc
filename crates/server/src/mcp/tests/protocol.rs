//! The protocol: its versions, its order, and what goes wrong below it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use longmem_chat::AsyncMemory;
use longmem_core::Remedy;
use longmem_memory::{MemoryError, Safeguards, StoreError};

use serde_json::{Value, json};

use super::client::{Client, World, ana, clock, greeting};
use crate::ServerSettings;

/// A memory that cannot be opened, and how often that was tried.
fn broken() -> (AsyncMemory, Arc<AtomicUsize>) {
    let tried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tried);
    let open = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Err(MemoryError::from(StoreError::DiskFull("memory.db".into())))
    };
    (AsyncMemory::opening(open, Arc::new(clock()), Safeguards::default()), tried)
}

#[tokio::test]
async fn a_client_is_greeted_and_told_the_tools_before_anything_is_opened() {
    let (memory, tried) = broken();
    let mut client = Client::not_greeted(memory, ServerSettings::new(ana()));
    let greeted = client.ask("initialize", greeting("2025-06-18")).await;
    let instructions = greeted["result"]["instructions"].as_str().unwrap();
    assert!(instructions.len() < 2048 && instructions.contains("Call memory_search before"));
    for method in ["tools/list", "prompts/list", "resources/templates/list", "ping"] {
        let answer = client.ask(method, json!({})).await;
        assert!(answer.get("result").is_some(), "{answer}");
    }
    assert_eq!(tried.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn every_version_of_the_protocol_that_clients_speak_is_spoken() {
    for version in ["2025-06-18", "2025-11-25"] {
        let world = World::new();
        let mut client = Client::not_greeted(world.memory(), ServerSettings::new(ana()));
        let greeted = client.ask("initialize", greeting(version)).await;
        assert_eq!(greeted["result"]["protocolVersion"], version);
    }
    // The newest has no greeting: each request says who asks.
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let world = World::new();
    let mut client = Client::not_greeted(world.memory(), ServerSettings::new(ana()));
    let found = client.ask("server/discover", json!({"_meta": meta})).await;
    assert!(
        found["result"]["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28"))
    );
    let asked = json!({"name": "memory_status", "arguments": {}, "_meta": meta});
    let called = client.ask("tools/call", asked).await;
    assert_eq!(called["result"]["structuredContent"]["turns"], 0);
    assert_eq!(called["result"]["resultType"], "complete");
}

#[tokio::test]
async fn a_client_that_asks_for_the_newest_version_first_may_be_greeted_the_old_way() {
    let world = World::new();
    let mut client = Client::not_greeted(world.memory(), ServerSettings::new(ana()));
    let probe = client.ask("server/discover", json!({})).await;
    assert!(probe.get("error").is_some(), "{probe}");
    let greeted = client.ask("initialize", greeting("2025-11-25")).await;
    assert_eq!(greeted["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn what_nobody_waits_for_is_passed_over() {
    let world = World::new();
    let mut client = Client::not_greeted(world.memory(), ServerSettings::new(ana()));
    let early = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    client.write(early).await;
    client.write("").await;
    assert!(client.ask("server/discover", json!({})).await.get("error").is_some());
    assert!(client.ask("tools/list", json!({})).await.get("error").is_some());
    client.write(early).await;
    client.write(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).await;
    client.write(r#"{"method":"notifications/initialized"}"#).await;
    let greeted = client.ask("initialize", greeting("2025-11-25")).await;
    assert_eq!(greeted["result"]["serverInfo"]["name"], "longmem");
    let unknown = client.ask("tools/call", json!({"name": "memory_erase_all"})).await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert_eq!(client.ask("memory/none", json!({})).await["error"]["code"], -32601);
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_before_and_behind_the_greeting() {
    let world = World::new();
    let mut client = Client::not_greeted(world.memory(), ServerSettings::new(ana()));
    let call = |text: &str| {
        let params = format!(r#"{{"name":"memory_add","arguments":{{"text":{text}}}}}"#);
        format!(r#"{{"method":"tools/call","params":{params},"jsonrpc":"2.0","id":77}}"#)
    };
    let (deep, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let wrong = [
        ("hello".to_owned(), -32700, Value::Null),
        (r#"{"jsonrpc":"2.0","id":77,"method":"#.to_owned(), -32700, Value::Null),
        (call(r#""\ud83d""#), -32700, json!(77)),
        (call(&format!("{deep}{close}")), -32700, json!(77)),
        (call(&format!("\"{}\"", "x".repeat(20 << 20))), -32600, json!(77)),
        (format!("[{}]", call("1")), -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":77,"method":"tools/call"}"#.to_owned(), -32602, json!(77)),
    ];
    for is_greeted in [false, true] {
        if is_greeted {
            client.ask("initialize", greeting("2025-11-25")).await;
        }
        for (line, code, id) in &wrong {
            client.write(line).await;
            let answer = client.read().await.unwrap();
            assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), id), "{answer}");
        }
        assert!(client.ask("ping", json!({})).await.get("result").is_some());
    }
    // The last line need not end.
    client.write_all(br#"{"jsonrpc":"2.0","id":"last","method":"ping"}"#).await;
    client.hang_up().await;
    assert_eq!(client.read().await.unwrap()["id"], "last");
    assert_eq!(client.read().await, None);
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_said_by_each_tool_and_ends_nothing() {
    let (memory, tried) = broken();
    let mut settings = ServerSettings::new(ana());
    settings.hint = |remedy| match remedy {
        Remedy::FreeSpace => "Free some space.".to_owned(),
        _ => String::new(),
    };
    let mut client = Client::of(memory, settings).await;
    for (tool, arguments) in [
        ("memory_search", json!({"query": "port"})),
        ("memory_add", json!({"text": "Tea is at five."})),
        ("memory_delete", json!({"id": "t1"})),
        ("memory_status", json!({})),
    ] {
        let refused = client.refused(tool, arguments).await;
        assert!(refused.contains("full") && refused.ends_with("Free some space."), "{refused}");
    }
    assert!(tried.load(Ordering::Relaxed) >= 4, "it is tried again each time");
    assert!(client.ask("resources/list", json!({})).await.get("error").is_some());
}

#[tokio::test]
async fn a_missing_store_is_empty_until_something_is_stored() {
    let world = World::new();
    let mut client = world.client().await;
    for (tool, arguments) in [
        ("memory_search", json!({"query": "port"})),
        ("memory_get", json!({"ids": [1]})),
        ("memory_recent", json!({})),
        ("memory_facts", json!({})),
        ("memory_status", json!({})),
    ] {
        let (text, _) = client.call(tool, arguments).await;
        assert!(text.starts_with("Nothing is stored yet."), "{tool}: {text}");
    }
    for (tool, arguments) in [
        ("memory_delete", json!({"id": "t1"})),
        ("memory_update", json!({"id": "t1", "text": "x"})),
    ] {
        let refused = client.refused(tool, arguments).await;
        assert_eq!(refused, "Nothing is stored yet. memory_add stores something.");
    }
    let listed = client.ask("resources/list", json!({})).await;
    assert_eq!(listed["result"]["resources"], json!([]));
    assert!(!world.file().exists());
    client.call("memory_add", json!({"text": "Tea is at five."})).await;
    assert!(world.file().exists());
}

#[tokio::test]
async fn a_panic_is_an_answer_and_no_end() {
    let open = |_| panic!("on purpose");
    let memory = AsyncMemory::opening(open, Arc::new(clock()), Safeguards::default());
    let mut client = Client::of(memory, ServerSettings::new(ana())).await;
    let refused = client.refused("memory_status", json!({})).await;
    assert!(refused.starts_with("this is a bug in longmem"), "{refused}");
    assert!(client.ask("tools/list", json!({})).await.get("result").is_some());
}

#[tokio::test]
async fn what_was_asked_before_the_end_is_answered() {
    let world = World::new();
    let mut client = world.client().await;
    for id in 10..20 {
        let asked = json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": {"name": "memory_add", "arguments": {"text": format!("Note {id}.")}},
        });
        client.write(&asked.to_string()).await;
    }
    client.hang_up().await;
    let mut answered: Vec<Value> = Vec::new();
    while let Some(answer) = client.read().await {
        assert_eq!(answer["result"]["isError"], false, "{answer}");
        answered.push(answer["id"].clone());
    }
    answered.sort_by_key(Value::as_i64);
    assert_eq!(answered, (10..20).map(Value::from).collect::<Vec<_>>());
}
