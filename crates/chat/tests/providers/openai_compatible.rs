//! The chat completions API as OpenAI, Ollama and llama.cpp speak it.

use longmem_chat::{
    ApiKey, Completion, OpenAiCompatible, Provider, ProviderError, StopReason, Usage,
};
use longmem_core::{Diagnose, Fault, Remedy};
use serde_json::json;
use tokio::net::TcpListener;

use crate::stand_in::{Answer, StandIn};
use crate::{ask, request, request_with_schema};

/// Comment pings, reasoning, null content, the chunk with the usage and no choices.
const STREAM: &str = r#": ping

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"llama-x","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"llama-x","choices":[{"index":0,"delta":{"content":null,"reasoning_content":"Secret."},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"llama-x","choices":[{"index":0,"delta":{"content":"Port "},"finish_reason":null}]}

: ping

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"llama-x","choices":[{"index":0,"delta":{"content":"東京"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"llama-x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"llama-x","choices":[],"usage":{"prompt_tokens":50,"completion_tokens":4,"total_tokens":54,"prompt_tokens_details":{"cached_tokens":30}},"timings":{}}

data: [DONE]

"#;

async fn outcome(answer: Answer) -> Result<Completion, ProviderError> {
    let server = StandIn::answering(vec![answer]).await;
    ask(&OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap()).await
}

#[tokio::test]
async fn a_stream_reads_the_same_however_it_is_cut() {
    for stream in [STREAM.to_owned(), STREAM.replace('\n', "\r\n")] {
        for size in [1, 2, 3, 7, 64, usize::MAX] {
            let completion = outcome(Answer::stream(&stream).in_pieces_of(size)).await.unwrap();
            assert_eq!(
                completion,
                Completion {
                    text: "Port 東京".to_owned(),
                    thought: true,
                    stop_reason: StopReason::EndTurn,
                    usage: Usage { input: 20, cache_read: 30, cache_write: 0, output: 4 },
                    model: "llama-x".to_owned(),
                }
            );
        }
    }
}

#[tokio::test]
async fn asks_with_one_system_message_and_one_text_for_each_message() {
    let server = StandIn::answering(vec![Answer::stream(STREAM)]).await;
    let key = ApiKey::new("sk-secret").unwrap();
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), Some(key)).unwrap();
    provider.complete(&request(), &mut |_| {}).await.unwrap();

    let asked = server.asked().remove(0);
    assert!(asked.head.starts_with("POST /v1/chat/completions HTTP/1.1\n"));
    assert!(asked.has_header("authorization: Bearer sk-secret"));
    assert_eq!(
        asked.body,
        json!({
            "model": "small",
            "messages": [
                {"role": "system", "content": "Be kind.\n\nFacts."},
                {"role": "user", "content": "Hi."},
                {"role": "assistant", "content": "Yes?"},
                {"role": "user", "content": "Which port?\n\n<recalled_memory>"},
            ],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": 64,
        })
    );
}

#[tokio::test]
async fn every_reason_to_stop_is_told_apart() {
    for (name, reason) in [
        ("length", StopReason::MaxTokens),
        ("content_filter", StopReason::Refusal { explanation: None }),
        ("tool_calls", StopReason::Other("tool_calls".to_owned())),
    ] {
        let stream = STREAM.replace("\"stop\"", &format!("\"{name}\""));
        assert_eq!(outcome(Answer::stream(&stream)).await.unwrap().stop_reason, reason);
    }
    let stream = STREAM.replace("\"delta\":{},", "\"delta\":{\"refusal\":\"I won't.\"},");
    let refusal = StopReason::Refusal { explanation: Some("I won't.".to_owned()) };
    assert_eq!(outcome(Answer::stream(&stream)).await.unwrap().stop_reason, refusal);
}

#[tokio::test]
async fn a_stream_without_done_is_whole_if_it_has_stopped_and_broken_if_not() {
    let stopped = STREAM.replace("data: [DONE]\n\n", "");
    assert_eq!(outcome(Answer::stream(&stopped)).await.unwrap().text, "Port 東京");

    let broken = STREAM.split(
        "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\
                               \"model\":\"llama-x\",\"choices\":[{\"index\":0,\"delta\":{},",
    );
    let error = outcome(Answer::stream(broken.into_iter().next().unwrap())).await.unwrap_err();
    assert_eq!(error.partial(), Some("Port 東京"));
}

#[tokio::test]
async fn an_error_in_the_stream_is_told_in_either_shape() {
    for (event, status) in [
        (r#"data: {"error":{"message":"model crashed","code":503}}"#, 503),
        (r#"data: {"error":{"message":"model crashed","code":"odd"}}"#, 500),
        (r#"data: {"error":"model crashed"}"#, 500),
    ] {
        let error = outcome(Answer::stream(&format!("{event}\n\n"))).await.unwrap_err();
        assert!(
            matches!(&error, ProviderError::Answered { status: s, message, .. }
                if *s == status && message == "model crashed"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_asked_after() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&OpenAiCompatible::new(&url, None).unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{url} cannot be reached"));
    assert_eq!(error.remedies(), [Remedy::StartModelServer { address: url }]);
    assert_eq!(error.fault(), Fault::Environment);
    assert!(error.is_transient());
}

#[tokio::test]
async fn an_unknown_model_is_told_with_the_servers_words() {
    let body = r#"{"error":{"message":"model 'x' not found","type":"not_found_error"}}"#;
    let error = outcome(Answer::status("404 Not Found", "content-type: application/json", body))
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("/v1 answered 404: model 'x' not found"), "{error}");
    assert_eq!(
        error.remedies(),
        [
            Remedy::CheckModelName,
            Remedy::CheckBaseUrl { path: "/chat/completions", usual_end: "/v1" }
        ]
    );
}

#[test]
fn a_base_url_must_be_one_for_http() {
    for url in ["localhost:11434", "file:///etc/passwd", "", "http://"] {
        let error = OpenAiCompatible::new(url, None).unwrap_err();
        assert!(matches!(error, ProviderError::InvalidBaseUrl { .. }), "{url}");
        assert_eq!(error.fault(), Fault::Caller);
    }
}

#[tokio::test]
async fn asks_for_an_answer_by_a_schema() {
    let server = StandIn::answering(vec![Answer::stream(STREAM)]).await;
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap();
    provider.complete(&request_with_schema(), &mut |_| {}).await.unwrap();
    let schema = json!({"type": "object", "properties": {}});
    assert_eq!(
        server.asked()[0].body["response_format"],
        json!({"type": "json_schema",
            "json_schema": {"name": "answer", "strict": true, "schema": schema}})
    );
}

fn refused(message: &str) -> Answer {
    let body = json!({"error": {"message": message, "code": 400}}).to_string();
    Answer::status("400 Bad Request", "content-type: application/json", &body)
}

#[tokio::test]
async fn what_a_server_refuses_is_left_out_and_that_is_remembered() {
    let server = StandIn::answering(vec![
        refused("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        refused("body.stream_options: Extra inputs are not permitted"),
        refused("System role not supported"),
        Answer::stream(STREAM),
    ])
    .await;
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap();
    ask(&provider).await.unwrap();
    ask(&provider).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 5, "three refusals, and none for the second request");
    assert_eq!(
        asked[4].body,
        json!({
            "model": "small",
            "messages": [
                {"role": "user", "content": "Be kind.\n\nFacts.\n\nHi."},
                {"role": "assistant", "content": "Yes?"},
                {"role": "user", "content": "Which port?\n\n<recalled_memory>"},
            ],
            "stream": true,
            "max_completion_tokens": 64,
        })
    );
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_not_asked_for_ever() {
    let all = "Unsupported: max_tokens, max_completion_tokens, stream_options, system role, \
               streaming, response_format; roles must alternate";
    let server = StandIn::answering(vec![refused(all)]).await;
    let provider = OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap();
    ask(&provider).await.unwrap_err();
    assert_eq!(server.asked().len(), 7);
}

#[tokio::test]
async fn a_key_without_quota_is_not_tried_again() {
    let body = json!({"error": {"message": "You exceeded your current quota, please check your \
        plan and billing details.", "code": "insufficient_quota"}});
    let json = "content-type: application/json";
    let answer = Answer::status("429 Too Many Requests", json, &body.to_string());
    let error = outcome(answer).await.unwrap_err();
    assert!(!error.is_transient() && !error.is_too_long());
    assert_eq!(error.remedies(), [Remedy::AddCredit]);
}
