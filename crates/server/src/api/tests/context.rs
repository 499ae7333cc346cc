//! Prompts.

use serde_json::{Value, json};

use super::fixture::Api;

const CONTEXT: &str = "/v1/memory/context";

#[tokio::test]
async fn a_prompt_comes_in_three_shapes() {
    let api = Api::new();
    api.say("move", &["The gateway listens on port 7443"]).await;
    let asked = |format: &str| json!({ "message": "Which port does the gateway use?", "format": format, "system": "Be brief." });
    let anthropic = api.ask("POST", CONTEXT, asked("anthropic")).await.json();
    assert_eq!(anthropic["system"][0]["text"], "Be brief.");
    assert_eq!(anthropic["messages"][0]["role"], "user");
    assert!(anthropic["messages"].to_string().contains("7443"));
    let openai = api.ask("POST", CONTEXT, asked("openai")).await.json();
    assert_eq!(openai["messages"][0], json!({ "role": "system", "content": "Be brief." }));
    assert!(openai["messages"][1]["content"].as_str().unwrap().contains("7443"));
    let text = api.ask("POST", CONTEXT, asked("text")).await.json();
    assert!(text["text"].as_str().unwrap().starts_with("Be brief.\n\nuser: "));
    for made in [&anthropic, &openai, &text] {
        assert_eq!(made["budget"], 4000);
        assert_eq!(made["tokens"], anthropic["tokens"]);
        assert!(made["tokens"].as_u64().unwrap() <= 4000);
        assert!(!made["trace"].as_array().unwrap().is_empty());
    }
    assert_eq!(api.get("/v1/memory/turns").await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_prompt_that_cannot_be_made_is_refused() {
    let api = Api::new();
    let cases = [
        (json!({ "message": "Hello", "format": "xml" }), 422),
        (json!({ "message": "Hello", "budget": 99 }), 422),
        (json!({ "message": "Hello there ".repeat(200), "budget": 100 }), 422),
        (json!({ "message": " " }), 422),
        (json!({}), 400),
    ];
    for (body, status) in cases {
        assert_eq!(api.ask("POST", CONTEXT, body.clone()).await.status, status, "{body}");
    }
    let of_nobody = api.of("bo", "POST", CONTEXT, json!({ "message": "Hello" })).await;
    assert_eq!(of_nobody.json()["messages"][0]["content"][0]["text"], "Hello");
    assert_eq!(of_nobody.json()["system"], Value::Array(Vec::new()));
}
