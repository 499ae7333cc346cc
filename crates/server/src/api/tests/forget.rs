//! Forgetting in two steps.

use serde_json::{Value, json};

use super::fixture::Api;

const FORGET: &str = "/v1/memory/forget";

#[tokio::test]
async fn what_was_shown_is_forgotten_and_nothing_else() {
    let api = Api::new();
    api.say("move", &["I live in Lisbon", "Since March"]).await;
    api.say("other", &["Hello"]).await;
    let mut asked = json!({ "sessions": ["move"] });
    let shown = api.ask("POST", FORGET, asked.clone()).await.json();
    assert_eq!(
        (&shown["would_forget"], &shown["turns"][0]["text"]),
        (&json!(2), &json!("I live in Lisbon"))
    );
    asked["dry_run"] = false.into();
    let refused = api.ask("POST", FORGET, asked.clone()).await.refusal();
    assert_eq!(refused.0, 409);

    asked["token"] = shown["token"].clone();
    api.say("move", &["And I like it"]).await;
    let changed = api.ask("POST", FORGET, asked.clone()).await;
    assert_eq!(changed.status, 409);
    assert_eq!(changed.json()["type"], "/errors/changed-meanwhile");
    assert!(changed.json()["hint"].as_str().unwrap().contains("dry_run"));

    let shown = api.ask("POST", FORGET, json!({ "sessions": ["move"] })).await.json();
    asked["token"] = shown["token"].clone();
    let mut of_others = asked.clone();
    of_others["sessions"] = json!(["other"]);
    assert_eq!(api.ask("POST", FORGET, of_others).await.status, 409);
    let forgotten = api.ask("POST", FORGET, asked).await.json();
    insta::assert_json_snapshot!(forgotten);
    let left = api.get("/v1/memory/turns").await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_filter_that_was_left_out_forgets_nothing() {
    let api = Api::new();
    let id = api.say("move", &["I live in Lisbon"]).await[0];
    let refused = api.ask("POST", FORGET, json!({})).await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["hint"].as_str().unwrap().contains("everything"));
    let of_bo = api.of("bo", "POST", FORGET, json!({ "turns": [id] })).await;
    assert_eq!(of_bo.status, 404);
    assert_eq!(api.ask("POST", FORGET, json!({ "turns": [id, 999] })).await.status, 404);

    let everything = json!({ "everything": true });
    let token = api.ask("POST", FORGET, everything).await.json()["token"].clone();
    let asked = json!({ "everything": true, "dry_run": false, "token": token });
    assert_eq!(api.ask("POST", FORGET, asked).await.json()["user"], true);
    let left = api.get("/v1/memory/turns").await.json();
    assert_eq!(left, json!({ "items": [], "next": Value::Null }));
}
