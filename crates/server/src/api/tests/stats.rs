//! What is stored.

use serde_json::{Value, json};

use super::fixture::{Api, caller, request};
use crate::Permission;

#[tokio::test]
async fn a_user_sees_their_own_numbers_and_an_admin_all() {
    let api = Api::new();
    api.say("move", &["I live in Lisbon", "Since March"]).await;
    let facts = json!({ "statement": "lives in Lisbon" });
    api.ask("POST", "/v1/memory/facts", facts).await;
    insta::assert_json_snapshot!(api.get("/v1/memory/stats").await.json());
    let of_bo = api.of("bo", "GET", "/v1/memory/stats", Value::Null).await.json();
    assert_eq!((&of_bo["turns"], &of_bo["facts"]), (&json!(0), &json!(0)));

    let all = "/v1/memory/stats?all_users=true";
    assert_eq!(api.get(all).await.status, 403);
    let mut admin = caller("bo");
    admin.permissions.push(Permission::Admin);
    let stats = api.send(request("GET", all, &Value::Null), admin).await.json();
    assert_eq!(stats["per_user"], json!([{ "user": "ana", "sessions": 1, "turns": 2 }]));
}
