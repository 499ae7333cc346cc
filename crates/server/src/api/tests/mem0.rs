//! The routes of mem0.

use serde_json::{Value, json};

use super::fixture::{Answered, Api};

async fn add(api: &Api, text: &str) -> Answered {
    let messages = json!([{ "role": "user", "content": text }]);
    let asked = json!({ "messages": messages, "user_id": "ana" });
    api.ask("POST", "/mem0/v3/memories/add/", asked).await
}

fn with_mem0() -> Api {
    Api::with(|settings| settings.mem0 = true)
}

#[tokio::test]
async fn a_memory_is_added_found_changed_and_deleted() {
    let api = with_mem0();
    insta::assert_json_snapshot!(api.get("/mem0/v1/ping/").await.json());
    let added = add(&api, "The gateway listens on port 7443.").await.json();
    insta::assert_json_snapshot!(added);
    let filters = json!({ "user_id": "ana" });
    let asked =
        json!({ "query": "Which port does the gateway use?", "filters": filters, "top_k": 3 });
    let found = api.ask("POST", "/mem0/v3/memories/search/", asked).await.json();
    assert_eq!(found["results"][0]["memory"], "The gateway listens on port 7443.");
    assert!(found["results"][0]["score"].as_f64().unwrap() > 0.0);
    let listed = api.ask("POST", "/mem0/v3/memories/", json!({ "filters": filters })).await.json();
    insta::assert_json_snapshot!(listed);
    let path = format!("/mem0/v1/memories/{}/", added["results"][0]["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.json(), listed["results"][0]);
    let changed = api.ask("PUT", &path, json!({ "text": "It listens on port 8443." })).await;
    assert_eq!(changed.json()["memory"], "It listens on port 8443.");
    insta::assert_json_snapshot!(api.get(&format!("{path}history/")).await.json());
    insta::assert_json_snapshot!(api.get("/mem0/v1/entities/").await.json());
    assert_eq!(api.ask("DELETE", &path, Value::Null).await.status, 200);
    assert_eq!(api.get(&path).await.status, 404);
}

#[tokio::test]
async fn memories_come_in_pages_and_are_deleted_together() {
    let api = with_mem0();
    for text in ["One port", "Two ports", "Three ports"] {
        add(&api, text).await;
    }
    api.ask("POST", "/v1/memory/facts", json!({ "statement": "knows ports" })).await;
    let filters = json!({ "filters": { "AND": [{ "user_id": "ana" }] } });
    let (mut path, mut memories) = ("/mem0/v3/memories/?page_size=3".to_owned(), Vec::new());
    loop {
        let page = api.ask("POST", &path, filters.clone()).await.json();
        assert_eq!(page["count"], 4);
        let results = page["results"].as_array().unwrap().clone();
        memories.extend(results.iter().map(|memory| memory["memory"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = next.to_owned();
    }
    assert_eq!(memories, ["knows ports", "Three ports", "Two ports", "One port"]);
    let of_others = api.ask("DELETE", "/mem0/v1/memories/?user_id=bo", Value::Null).await;
    assert_eq!(of_others.status, 403);
    let all = "/mem0/v1/memories/?user_id=ana";
    assert_eq!(api.ask("DELETE", all, Value::Null).await.status, 200);
    assert_eq!(api.ask("DELETE", all, Value::Null).await.status, 200);
    assert_eq!(api.ask("POST", "/mem0/v3/memories/", filters).await.json()["count"], 0);
}

#[tokio::test]
async fn what_is_not_kept_is_refused_and_not_passed_over() {
    let api = with_mem0();
    let messages = json!([{ "role": "user", "content": "Hello" }]);
    for field in ["metadata", "agent_id", "expiration_date", "custom_instructions"] {
        let mut asked = json!({ "messages": messages, "user_id": "ana" });
        asked[field] = json!("x");
        let refused = api.ask("POST", "/mem0/v3/memories/add/", asked).await.refusal();
        assert_eq!(refused, (501, format!("{field} is not kept here")));
    }
    let of_nobody = json!({ "messages": messages });
    assert_eq!(api.ask("POST", "/mem0/v3/memories/add/", of_nobody).await.status, 400);
    let search = json!({ "query": "a", "filters": { "user_id": "bo" } });
    assert_eq!(api.ask("POST", "/mem0/v3/memories/search/", search).await.status, 403);
    for id in ["m1", "t999", "f999"] {
        assert_eq!(api.get(&format!("/mem0/v1/memories/{id}/")).await.status, 404);
    }
    assert_eq!(Api::new().get("/mem0/v1/ping/").await.status, 404);
}
