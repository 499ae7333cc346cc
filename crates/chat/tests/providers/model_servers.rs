//! What servers say of their models and windows.

use longmem_chat::{Anthropic, Api, ApiKey, ModelServer, OpenAiCompatible, Provider, ServedModel};
use longmem_core::Diagnose;
use serde_json::{Value, json};

use crate::ask;
use crate::stand_in::{Answer, StandIn};

async fn window(documents: Vec<(&'static str, Value)>, model: &str) -> Option<usize> {
    let server = StandIn::with_documents(documents).await;
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap();
    provider.window(model).await
}

fn llama_cpp(meta: &Value) -> Value {
    json!({"object": "list",
        "data": [{"id": "model.gguf", "object": "model", "owned_by": "llamacpp", "meta": meta}]})
}

fn ollama() -> Value {
    json!({"object": "list", "data": [
        {"id": "other:latest", "object": "model", "owned_by": "library"},
        {"id": "llama3.2:latest", "object": "model", "owned_by": "library"},
    ]})
}

#[tokio::test]
async fn llama_cpp_says_its_window_in_either_place() {
    let list = llama_cpp(&json!({"n_ctx": 2048, "n_ctx_train": 8192}));
    assert_eq!(window(vec![("GET /v1/models", list)], "any name").await, Some(2_048));
    let list = llama_cpp(&json!({"n_ctx_train": 8192}));
    let props = json!({"default_generation_settings": {"n_ctx": 1024}});
    let documents = vec![("GET /v1/models", list.clone()), ("GET /props", props)];
    assert_eq!(window(documents, "any name").await, Some(1_024));
    assert_eq!(window(vec![("GET /v1/models", list)], "any name").await, None);
}

#[tokio::test]
async fn ollamas_window_is_that_of_the_loaded_model_or_of_its_settings_or_the_default() {
    let ps = json!({"models": [{"name": "llama3.2:latest", "context_length": 32_768}]});
    let show = |parameters: &str, trained: u64| json!({"parameters": parameters, "model_info": {"llama.context_length": trained}});
    for (documents, expected) in [
        (vec![("GET /api/ps", ps)], Some(32_768)),
        (vec![("POST /api/show", show("stop \"x\"\nnum_ctx    16384", 131_072))], Some(16_384)),
        (vec![("POST /api/show", show("", 131_072))], Some(4_096)),
        (vec![("POST /api/show", show("", 2_048))], Some(2_048)),
        (vec![], None),
    ] {
        let documents = [vec![("GET /v1/models", ollama())], documents].concat();
        assert_eq!(window(documents, "llama3.2").await, expected);
    }
}

#[tokio::test]
async fn a_model_that_the_server_does_not_list_has_no_known_window() {
    assert_eq!(window(vec![("GET /v1/models", ollama())], "unknown").await, None);
    assert_eq!(window(vec![], "unknown").await, None);
}

#[tokio::test]
async fn anthropics_models_are_listed_with_their_windows() {
    let entry = json!({"id": "claude-x", "type": "model", "max_input_tokens": 200_000});
    let documents = vec![
        ("GET /v1/models?limit=1000", json!({"data": [entry]})),
        ("GET /v1/models/claude-x", entry),
    ];
    let server = StandIn::with_documents(documents).await;
    let mut of = ModelServer::new(Api::Anthropic);
    of.base_url.clone_from(&server.url);
    of.key = Some(ApiKey::new("sk-secret").unwrap());
    let expected = ServedModel { name: "claude-x".to_owned(), window: Some(200_000) };
    assert_eq!(of.models().await.unwrap(), [expected]);
    assert!(server.asked()[0].has_header("x-api-key: sk-secret"));
    let provider = Anthropic::new(&server.url, None).unwrap();
    assert_eq!(provider.window("claude-x").await, Some(200_000));
}

#[tokio::test]
async fn a_key_goes_to_no_other_host() {
    let other = StandIn::with_documents(vec![]).await;
    let elsewhere = other.url.replace("127.0.0.1", "localhost");
    let moved = Answer::status("307 Temporary Redirect", &format!("location: {elsewhere}/"), "");
    let server = StandIn::answering(vec![moved]).await;
    let provider = Anthropic::new(&server.url, Some(ApiKey::new("sk-secret").unwrap())).unwrap();
    let error = ask(&provider).await.unwrap_err();
    assert!(error.to_string().contains("answered 307: the server has moved to http"), "{error}");
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn no_request_follows_the_server_to_another_address() {
    let other = StandIn::with_documents(vec![]).await;
    let key = || Some(ApiKey::new("sk-secret").unwrap());
    // Another port of the same host, and another path of the same server.
    for (address, status) in [(other.url.clone(), "307"), ("/elsewhere".to_owned(), "308")] {
        let head = format!("location: {address}");
        let moved = Answer::status(&format!("{status} Moved"), &head, "");
        let server = StandIn::answering(vec![moved]).await;
        let anthropic = Anthropic::new(&server.url, key()).unwrap();
        let openai = OpenAiCompatible::new(&server.url, key()).unwrap();
        let expected = format!("answered {status}: the server has moved to {address}");
        for provider in [&anthropic as &dyn Provider, &openai] {
            let error = ask(provider).await.unwrap_err();
            assert!(error.to_string().contains(&expected), "{error}");
            assert_eq!(provider.window("m").await, None);
            assert!(provider.count_tokens(&crate::request()).await.is_err());
        }
        for api in [Api::Anthropic, Api::OpenAiCompatible] {
            let mut of = ModelServer::new(api);
            (of.base_url, of.key) = (server.url.clone(), key());
            assert!(of.models().await.unwrap_err().to_string().contains(&expected));
        }
        assert!(server.asked().iter().all(|asked| !asked.head.contains("/elsewhere")));
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn a_question_does_not_become_a_look_up() {
    let moved = Answer::status("301 Moved Permanently", "location: /v2/messages", "");
    let server = StandIn::answering(vec![moved]).await;
    let error = ask(&Anthropic::new(&server.url, None).unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("has moved to /v2/messages"), "{error}");
    assert!(!error.remedies().is_empty());
    assert_eq!(server.asked().len(), 1);
}
