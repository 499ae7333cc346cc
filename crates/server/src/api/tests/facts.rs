//! Facts: noted, listed, corrected, deleted.

use serde_json::{Value, json};

use super::fixture::{Api, caller, request};

const FACTS: &str = "/v1/memory/facts";

#[tokio::test]
async fn a_fact_is_noted_replaced_corrected_and_deleted() {
    let api = Api::new();
    let first = api.ask("POST", FACTS, json!({ "statement": "lives in Porto" })).await;
    assert_eq!(first.status, 201);
    let id = first.json()["id"].clone();
    let same = api.ask("POST", FACTS, json!({ "statement": "Lives in Porto." })).await;
    assert_eq!((same.status.as_u16(), same.json()["id"].clone()), (200, id.clone()));

    let change = json!({ "statement": "lives in Lisbon", "replaces": id });
    let second = api.ask("POST", FACTS, change).await.json();
    insta::assert_json_snapshot!(second);
    let path = format!("{FACTS}/{}", second["id"]);
    let words = json!({ "statement": "lives in Lisbon, by the river" });
    let corrected = api.ask("PATCH", &path, words).await.json();
    insta::assert_json_snapshot!(corrected);
    assert_eq!(api.get(&path).await.json(), corrected);

    let now = api.get(FACTS).await.json();
    assert_eq!(now["items"], json!([corrected]));
    let before = format!("{FACTS}?history=true&as_of=2026-03-01T00:00:00Z");
    assert_eq!(api.get(&before).await.json()["items"], json!([]));
    let ever = api.get("/v1/memory/facts?history=true&about=user").await.json();
    assert_eq!(ever["items"].as_array().unwrap().len(), 2);

    let deleted = api.ask("DELETE", &path, Value::Null).await.json();
    assert_eq!(deleted, json!({ "deleted": 2, "user": "ana", "erased_from_disk": true }));
    assert_eq!(api.get(FACTS).await.json(), json!({ "items": [], "next": null }));
}

#[tokio::test]
async fn facts_come_in_pages_the_newest_first() {
    let api = Api::new();
    for place in ["Porto", "Faro", "Lisbon"] {
        api.ask("POST", FACTS, json!({ "statement": format!("has been to {place}") })).await;
    }
    let (mut path, mut statements) = (format!("{FACTS}?limit=2"), Vec::new());
    loop {
        let page = api.get(&path).await.json();
        let items = page["items"].as_array().unwrap().clone();
        statements.extend(items.iter().map(|fact| fact["statement"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{FACTS}?limit=2&cursor={next}");
    }
    assert_eq!(statements, ["has been to Lisbon", "has been to Faro", "has been to Porto"]);
}

#[tokio::test]
async fn a_fact_of_another_user_looks_like_one_that_is_not_there() {
    let api = Api::new();
    let noted = api.ask("POST", FACTS, json!({ "statement": "lives in Porto" })).await.json();
    api.of("bo", "POST", FACTS, json!({ "statement": "lives in Faro" })).await;
    let statement = json!({ "statement": "is mine" });
    for (method, body) in [("GET", Value::Null), ("PATCH", statement), ("DELETE", Value::Null)] {
        let path = format!("{FACTS}/{}", noted["id"]);
        let (status, others) = api.of("bo", method, &path, body.clone()).await.refusal();
        let (_, none) = api.of("bo", method, &format!("{FACTS}/999"), body).await.refusal();
        assert_eq!(status, 404);
        assert_eq!(others.replace(&noted["id"].to_string(), "N"), none.replace("999", "N"));
    }
    let replaces = json!({ "statement": "lives there too", "replaces": noted["id"] });
    assert_eq!(api.of("bo", "POST", FACTS, replaces).await.status, 404);
    assert_eq!(
        api.of("bo", "GET", FACTS, Value::Null).await.json()["items"][0]["statement"],
        "lives in Faro"
    );
}

#[tokio::test]
async fn what_is_no_fact_or_no_list_is_refused() {
    let api = Api::new();
    let long = "a".repeat(5_000);
    for (statement, detail) in [
        ("", "statement has 0 characters"),
        (" ", "the statement is empty"),
        ("two\nlines", "statement holds a control character"),
        (&long, "statement has 5000 characters; it may have 300 at most"),
    ] {
        let refused = api.ask("POST", FACTS, json!({ "statement": statement })).await.refusal();
        assert_eq!(refused.0, 422);
        assert!(refused.1.contains(detail), "{}", refused.1);
    }
    for (query, status) in [
        ("limit=0", 422),
        ("limit=many", 400),
        ("limit=1&limit=2", 400),
        ("cursor=", 422),
        ("cursor=x", 404),
        ("abuot=Lisbon", 400),
        ("as_of=yesterday", 422),
        ("history=yes", 400),
    ] {
        let refused = api.get(&format!("{FACTS}?{query}")).await;
        assert_eq!(refused.status, status, "{query}: {:?}", refused.json());
    }
    let id = api.send(request("GET", "/v1/memory/facts/one", &Value::Null), caller("ana")).await;
    assert_eq!(id.status, 400);
}

#[tokio::test]
async fn what_should_be_done_from_now_on_becomes_a_fact_where_that_is_wanted() {
    for learns in [true, false] {
        let api = Api::with(|settings| settings.talk.conversation.learns = learns);
        api.say("talk", &["Always answer in metric units."]).await;
        let facts = api.get(FACTS).await.json();
        assert_eq!(facts["items"].as_array().unwrap().len(), usize::from(learns));
    }
}
