//! Recall.

use serde_json::json;

use super::fixture::Api;

const RECALL: &str = "/v1/memory/recall";

#[tokio::test]
async fn what_was_said_is_found() {
    let api = Api::new();
    api.say("move", &["I moved to Lisbon in March", "The gateway listens on port 7443"]).await;
    let found =
        api.ask("POST", RECALL, json!({ "query": "Which port does the gateway use?" })).await;
    assert_eq!(found.json()["results"][0]["text"], "The gateway listens on port 7443");
    let names: Vec<String> =
        found.json().as_object().unwrap().keys().map(ToOwned::to_owned).collect();
    insta::assert_json_snapshot!(names);
}

#[tokio::test]
async fn a_user_finds_only_their_own() {
    let api = Api::new();
    api.say("move", &["The gateway listens on port 7443"]).await;
    let asked = json!({ "query": "Which port does the gateway use?", "threshold": 0 });
    let found = api.of("bo", "POST", RECALL, asked.clone()).await;
    assert_eq!(found.json()["results"], json!([]));
    let mut of_ana = asked;
    of_ana["user"] = "ana".into();
    let refused = api.of("bo", "POST", RECALL, of_ana.clone()).await.refusal();
    assert_eq!(refused, (403, "this key is for the memory of \"bo\" only".to_owned()));
    let found = api.ask("POST", RECALL, of_ana).await;
    assert_eq!(found.json()["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let api = Api::new();
    let cases = [
        (
            json!({ "qurey": "a" }),
            400,
            "there is no field \"qurey\"; the fields are user, sessions,",
        ),
        (json!({ "query": 7 }), 400, "query: expected a string, got 7"),
        (json!({ "query": "a", "limit": 0 }), 422, "limit is 0; it must be at least 1"),
        (json!({ "query": "a", "limit": -1 }), 422, "limit is -1; it must be"),
        (json!({ "query": "a", "time_zone": "Mars" }), 422, "\"Mars\" is not a time zone"),
        (json!({ "query": "a", "since": "yesterday" }), 422, ""),
        (
            json!({ "query": "a", "channels": "vectors" }),
            422,
            "channels is \"vectors\"; it is one of \"both\", \"meaning\", \"words\"",
        ),
        (json!({ "query": " " }), 422, "the question is empty"),
    ];
    for (body, status, detail) in cases {
        let refused = api.ask("POST", RECALL, body.clone()).await.refusal();
        assert_eq!(refused.0, status, "{body}: {}", refused.1);
        assert!(refused.1.starts_with(detail), "{}", refused.1);
    }
}
