//! Turns: stored, read, amended, deleted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use longmem_memory::{Memory, MemoryError};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::fixture::{Api, caller, request};
use crate::Permission;

#[tokio::test]
async fn turns_are_stored_once_by_their_keys() {
    let api = Api::new();
    let turns = json!([
        { "role": "user", "text": "I live in Lisbon now!", "key": "a" },
        { "role": "assistant", "text": "Welcome!" },
    ]);
    let mut asked =
        request("POST", "/v1/memory/turns", &json!({ "session": "move", "turns": turns }));
    asked.headers_mut().insert("idempotency-key", "b".parse().unwrap());
    let first = api.send(asked, caller("ana")).await;
    assert_eq!(first.status, StatusCode::CREATED);
    insta::assert_json_snapshot!(first.json());

    for wrong in ["", "a b", &"a".repeat(201)] {
        let body = json!({ "session": "move", "turns": [{ "role": "user", "text": "Hello" }] });
        let mut asked = request("POST", "/v1/memory/turns", &body);
        asked.headers_mut().insert("idempotency-key", wrong.parse().unwrap());
        assert_eq!(api.send(asked, caller("ana")).await.status, 400, "{wrong}");
    }

    let again = json!({ "session": "move", "turns": [
        { "role": "user", "text": "I live in Lisbon now!", "key": "a" },
        { "role": "user", "text": "And you?" },
    ] });
    let again = api.ask("POST", "/v1/memory/turns", again).await;
    assert_eq!(
        again.json()["known"],
        json!([{ "id": first.json()["stored"][0]["id"], "key": "a" }])
    );
    assert_eq!(again.json()["stored"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_of_a_request_is_for_that_request_only() {
    let api = Api::new();
    let store = async |name: &str, turns: Value| {
        let body = json!({ "session": "move", "turns": turns });
        let mut asked = request("POST", "/v1/memory/turns", &body);
        asked.headers_mut().insert("idempotency-key", name.parse().unwrap());
        api.send(asked, caller("ana")).await
    };
    let turn = |text: &str| json!({ "role": "user", "text": text });
    let two = json!([turn("I live in Lisbon now!"), turn("It is warm.")]);
    let first = store("b", two.clone()).await;
    let again = store("b", two.clone()).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    for other in [
        json!([turn("I live in Porto now!"), turn("It is warm.")]),
        json!([{ "role": "assistant", "text": "I live in Lisbon now!" }, turn("It is warm.")]),
        json!([turn("I live in Lisbon now!")]),
        json!([turn("I live in Lisbon now!"), turn("It is warm."), turn("And sunny.")]),
    ] {
        let refused = store("b", other).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert_eq!(refused.json()["type"], "/errors/idempotency-conflict");
    }
    let listed =
        async || api.get("/v1/memory/turns").await.json()["items"].as_array().unwrap().len();
    assert_eq!(listed().await, 2);
    assert_eq!(store("c", two).await.json()["stored"].as_array().unwrap().len(), 2);
    assert_eq!(listed().await, 4);
}

#[tokio::test]
async fn a_turn_is_read_amended_and_deleted() {
    let api = Api::new();
    let id = api.say("move", &["I live in Libson now!"]).await[0];
    let path = format!("/v1/memory/turns/{id}");
    let text = json!({ "text": "I live in Lisbon now!" });
    let amended = api.ask("PATCH", &path, text).await;
    insta::assert_json_snapshot!(amended.json());
    assert_eq!(api.get(&path).await.json(), amended.json());
    let deleted = api.ask("DELETE", &path, Value::Null).await;
    assert_eq!((deleted.status, deleted.bytes.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(api.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.ask("DELETE", &path, Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_turn_of_another_user_looks_like_one_that_is_not_there() {
    let api = Api::new();
    let id = api.say("move", &["I live in Lisbon now!"]).await[0];
    api.of(
        "bo",
        "POST",
        "/v1/memory/turns",
        json!({ "session": "s", "turns": [
        { "role": "user", "text": "Hello from Bo" },
    ] }),
    )
    .await;
    let (there, nowhere) = (format!("/v1/memory/turns/{id}"), "/v1/memory/turns/999".to_owned());
    for (method, body) in
        [("GET", Value::Null), ("DELETE", Value::Null), ("PATCH", json!({ "text": "mine" }))]
    {
        let others = api.of("bo", method, &there, body.clone()).await.refusal();
        let none = api.of("bo", method, &nowhere, body).await.refusal();
        assert_eq!(others.0, 404);
        assert_eq!(others.1.replace(&id.to_string(), "N"), none.1.replace("999", "N"));
    }
    assert_eq!(api.get(&there).await.json()["text"], "I live in Lisbon now!");
}

#[tokio::test]
async fn who_may_only_read_changes_nothing() {
    let api = Api::new();
    let id = api.say("move", &["I live in Lisbon now!"]).await[0];
    let mut reader = caller("ana");
    reader.permissions = vec![Permission::Read];
    for (method, path, body) in [
        ("POST", "/v1/memory/turns".to_owned(), json!({})),
        ("PATCH", format!("/v1/memory/turns/{id}"), json!({ "text": "x" })),
        ("DELETE", format!("/v1/memory/turns/{id}"), Value::Null),
    ] {
        let refused = api.send(request(method, &path, &body), reader.clone()).await;
        assert_eq!(
            refused.refusal(),
            (403, "writing is not allowed with this key, or this server only reads".to_owned())
        );
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_with_its_place() {
    let api = Api::new();
    let turn = json!({ "role": "user", "text": "Hello" });
    let cases = [
        (json!({ "session": "s" }), 400, "turns is missing"),
        (json!({ "session": "s", "turns": [] }), 422, "turns has 0 elements; it needs 1 at least"),
        (
            json!({ "session": "s", "turns": vec![turn.clone(); 501] }),
            422,
            "turns has 501 elements; it may have 500 at most",
        ),
        (json!({ "session": "s", "turns": [{ "role": "user" }] }), 400, "turns[0].text is missing"),
        (
            json!({ "session": "s", "turns": [{ "role": "cook", "text": "a" }] }),
            422,
            "turns[0].role is \"cook\"; it is one of \"user\", \"assistant\", \"system\", \"tool\"",
        ),
        (
            json!({ "session": "s", "turns": [{ "role": "user", "txt": "a" }] }),
            400,
            "there is no field \"txt\" of turns[0]; the fields are role, text, speaker, time, key",
        ),
        (
            json!({ "session": " ", "turns": [turn.clone()] }),
            422,
            "session: the name of a session is empty",
        ),
        (
            json!({ "session": "s", "turns": [turn, { "role": "user", "text": " " }] }),
            422,
            "there is nothing to remember: the text is empty, or only repeats what longmem recalled",
        ),
    ];
    for (body, status, detail) in cases {
        let refused = api.ask("POST", "/v1/memory/turns", body).await.refusal();
        assert_eq!(refused, (status, detail.to_owned()));
    }
    assert_eq!(api.get("/v1/memory/turns/1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_request_that_is_dropped_stores_nothing_or_all() {
    let api = Api::new();
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let memory = &api.shared.memory;
    let mut busy = Vec::new();
    for _ in 0..4 {
        let (memory, wait) = (memory.clone(), Arc::clone(&wait));
        busy.push(tokio::spawn(async move {
            let wait = move |_: &Memory| {
                let _ = wait.lock().unwrap().recv();
                Ok::<_, MemoryError>(())
            };
            memory.run(wait).await
        }));
    }
    tokio::task::yield_now().await;
    let turns = json!([{ "role": "user", "text": "Hello" }, { "role": "user", "text": "Again" }]);
    let asked = json!({ "session": "s", "turns": turns });
    let dropped = timeout(Duration::from_millis(50), api.ask("POST", "/v1/memory/turns", asked));
    assert!(dropped.await.is_err(), "it waits for a place");
    drop(release);
    for busy in busy {
        busy.await.unwrap().unwrap();
    }
    assert_eq!(api.get("/v1/memory/turns").await.json()["items"], json!([]));
}

#[tokio::test]
async fn what_is_no_json_says_where_it_goes_wrong() {
    let api = Api::new();
    let mut asked = request("POST", "/v1/memory/turns", &Value::Null);
    *asked.body_mut() = "{\n  \"session\": s }".into();
    let refused = api.send(asked, caller("ana")).await;
    let detail = "the body is not JSON: expected value at line 2 column 14".to_owned();
    assert_eq!(refused.refusal(), (400, detail));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
}
