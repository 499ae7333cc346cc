//! The embedding model in the shapes of other programs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fixture::Api;

const EMBEDDINGS: &str = "/v1/embeddings";

/// The name of the model of these tests.
async fn model(api: &Api) -> String {
    let models = api.get("/v1/models").await.json();
    models["data"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn base64_and_numbers_are_the_engines_vector() {
    let api = Api::new();
    let model = model(&api).await;
    let input = json!({ "model": model, "input": ["A port.", "A street."] });
    let numbers = api.ask("POST", EMBEDDINGS, input).await.json();
    let input =
        json!({ "model": model, "input": "A port.", "encoding_format": "base64", "user": "x" });
    let encoded = api.ask("POST", EMBEDDINGS, input).await.json();
    let bytes = STANDARD.decode(encoded["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let decoded: Vec<f32> =
        bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let listed: Vec<f32> = serde_json::from_value(numbers["data"][0]["embedding"].clone()).unwrap();
    assert_eq!(decoded, listed);
    let engine = api.shared.memory.read(|memory| {
        memory.embedder().embed_query("A port.").map_err(longmem_memory::MemoryError::Embed)
    });
    assert_eq!(engine.await.unwrap().as_slice(), decoded);
    assert_eq!(numbers["data"][1]["index"], 1);
    assert_eq!(numbers["object"], "list");
    assert_eq!(numbers["model"], model);

    let ollama = json!({ "model": model, "input": ["A port."], "keep_alive": "5m" });
    let ollama = api.ask("POST", "/api/embed", ollama).await.json();
    assert_eq!(ollama["embeddings"][0], numbers["data"][0]["embedding"]);
    let tei = api.ask("POST", "/embed", json!({ "inputs": "A port." })).await.json();
    assert_eq!(tei[0], numbers["data"][0]["embedding"]);
}

#[tokio::test]
async fn what_cannot_be_embedded_is_refused_in_the_clients_shape() {
    let api = Api::new();
    let model = model(&api).await;
    let cases = [
        (json!({ "model": "text-embedding-3-small", "input": "a" }), 404, "model_not_found"),
        (json!({ "model": model, "input": "a", "dimensions": 256 }), 400, "invalid_request"),
        (json!({ "model": model, "input": [1, 2, 3] }), 400, "invalid_request"),
        (json!({ "model": model, "input": [[1, 2, 3]] }), 400, "invalid_request"),
        (json!({ "model": model, "input": [] }), 422, "out_of_range"),
        (json!({ "model": model, "input": "" }), 422, "out_of_range"),
        (json!({ "model": model, "input": [" "] }), 422, "out_of_range"),
        (json!({ "model": model, "input": vec!["a"; 257] }), 422, "out_of_range"),
        (json!({ "model": model }), 400, "invalid_request"),
        (json!({ "input": "a" }), 400, "invalid_request"),
    ];
    for (body, status, code) in cases {
        let refused = api.ask("POST", EMBEDDINGS, body.clone()).await;
        assert_eq!(refused.status, status, "{body}");
        assert_eq!(refused.json()["error"]["code"], code, "{body}: {}", refused.json());
        assert_eq!(refused.headers["content-type"], "application/json");
    }
    let unknown = json!({ "model": "nomic-embed-text", "input": "a" });
    let refused = api.ask("POST", "/api/embed", unknown).await;
    assert_eq!(refused.status, 404);
    assert!(refused.json()["error"].as_str().unwrap().contains("nomic-embed-text"));
    let other = api.ask("POST", "/embed", json!({ "inputs": "a", "normalize": false })).await;
    assert_eq!(
        (other.status.as_u16(), other.json()["error_type"].clone()),
        (422, Value::from("out-of-range"))
    );
}
