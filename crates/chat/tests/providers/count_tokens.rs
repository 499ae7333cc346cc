//! Servers that count the tokens of a prompt, and those that cannot.

use longmem_chat::{Anthropic, OpenAiCompatible, Provider, ProviderError};
use serde_json::json;

use crate::request;
use crate::stand_in::{Answer, StandIn};

fn document(body: &str) -> Answer {
    Answer::status("200 OK", "content-type: application/json", body)
}

fn nothing_there() -> Answer {
    Answer::status("404 Not Found", "content-type: application/json", r#"{"error":"no such path"}"#)
}

#[tokio::test]
async fn anthropic_counts_what_would_be_sent() {
    let server = StandIn::answering(vec![document(r#"{"input_tokens":2095}"#)]).await;
    let provider = Anthropic::new(&server.url, None).unwrap();
    assert_eq!(provider.count_tokens(&request()).await.unwrap(), Some(2_095));
    let asked = server.asked();
    assert!(asked[0].head.starts_with("POST /v1/messages/count_tokens "), "{}", asked[0].head);
    assert_eq!(asked[0].body["model"], "small");
    assert_eq!(asked[0].body["system"][0]["text"], "Be kind.");
    assert_eq!(asked[0].body["messages"].as_array().unwrap().len(), 3);
    assert_eq!(asked[0].body.get("max_tokens"), None, "the API refuses what it does not know");
}

#[tokio::test]
async fn llama_cpp_counts_the_text_that_its_template_makes() {
    let answers = [r#"{"prompt":"<|im_start|>system…"}"#, r#"{"tokens":[1,2,3,4,5]}"#];
    let server = StandIn::answering(answers.map(document).to_vec()).await;
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap();
    assert_eq!(provider.count_tokens(&request()).await.unwrap(), Some(5));
    let asked = server.asked();
    assert!(asked[0].head.starts_with("POST /apply-template "), "{}", asked[0].head);
    assert_eq!(asked[0].body["messages"][0]["role"], "system");
    assert_eq!(asked[0].body["messages"][3]["content"], "Which port?\n\n<recalled_memory>");
    assert!(asked[1].head.starts_with("POST /tokenize "), "{}", asked[1].head);
    let expected = json!({
        "content": "<|im_start|>system…", "add_special": true, "parse_special": true
    });
    assert_eq!(asked[1].body, expected);
}

#[tokio::test]
async fn vllm_counts_the_messages() {
    let count = document(r#"{"count":17,"max_model_len":8192,"tokens":[1,2]}"#);
    let server = StandIn::answering(vec![nothing_there(), count]).await;
    let provider = OpenAiCompatible::new(&format!("{}/v1/", server.url), None).unwrap();
    assert_eq!(provider.count_tokens(&request()).await.unwrap(), Some(17));
    let asked = server.asked();
    assert!(asked[1].head.starts_with("POST /tokenize "), "{}", asked[1].head);
    assert_eq!(asked[1].body["model"], "small");
    assert_eq!(asked[1].body["add_generation_prompt"], true);
}

#[tokio::test]
async fn a_server_that_cannot_count_says_so_and_one_that_fails_is_an_error() {
    let server = StandIn::answering(vec![nothing_there()]).await;
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap();
    assert_eq!(provider.count_tokens(&request()).await.unwrap(), None);
    let provider = Anthropic::new(&server.url, None).unwrap();
    assert_eq!(provider.count_tokens(&request()).await.unwrap(), None);

    let down = Answer::status("503 Service Unavailable", "content-type: text/plain", "busy");
    let server = StandIn::answering(vec![down]).await;
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap();
    let error = provider.count_tokens(&request()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Answered { status: 503, .. }), "{error}");

    let server = StandIn::answering(vec![document("<html>")]).await;
    let provider = Anthropic::new(&server.url, None).unwrap();
    let error = provider.count_tokens(&request()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Interrupted { .. }), "{error}");
}
