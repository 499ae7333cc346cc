//! The Messages API as documented, and as it fails.

use std::time::Duration;

use longmem_chat::{
    Anthropic, ApiKey, CacheControl, Completion, Provider, ProviderError, StopReason, Usage,
};
use longmem_core::{Diagnose, Fault, Remedy};
use serde_json::{Value, json};

use crate::stand_in::{Answer, StandIn};
use crate::{ask, request, request_with_schema};

const START: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_x","type":"message","role":"assistant","model":"claude-haiku-5-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_read_input_tokens":100,"cache_creation_input_tokens":7,"output_tokens":1}}}

"#;

/// Thinking, a ping, unknown events and deltas, and text in two blocks of several alphabets.
const MIDDLE: &str = r#"event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Secret."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: ping
data: {"type": "ping"}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Port 7443, "}}

event: brand_new_event
data: {"type":"brand_new_event","text":"not for us"}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"東京 — né "}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":"🦀"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

"#;

fn end(stop_reason: &str) -> String {
    let stop = json!({"type": "message_delta", "delta": stop_reason_json(stop_reason),
        "usage": {"output_tokens": 33}});
    format!(
        "event: message_delta\ndata: {stop}\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
    )
}

fn stop_reason_json(name: &str) -> Value {
    let details = json!({"type": "refusal", "category": "x", "explanation": "Not that."});
    let details = if name == "refusal" { details } else { json!(null) };
    json!({"stop_reason": name, "stop_sequence": null, "stop_details": details})
}

async fn outcome(answer: Answer) -> Result<Completion, ProviderError> {
    let server = StandIn::answering(vec![answer]).await;
    ask(&Anthropic::new(&server.url, Some(ApiKey::new("sk-secret").unwrap())).unwrap()).await
}

#[tokio::test]
async fn a_stream_reads_the_same_however_it_is_cut() {
    let unix = [START, MIDDLE, &end("end_turn")].concat();
    for stream in [unix.clone(), unix.replace('\n', "\r\n")] {
        for size in [1, 2, 3, 7, 64, usize::MAX] {
            let completion = outcome(Answer::stream(&stream).in_pieces_of(size)).await.unwrap();
            assert_eq!(
                completion,
                Completion {
                    text: "Port 7443, 東京 — né 🦀".to_owned(),
                    thought: true,
                    stop_reason: StopReason::EndTurn,
                    usage: Usage { input: 12, cache_read: 100, cache_write: 7, output: 33 },
                    model: "claude-haiku-5-5".to_owned(),
                }
            );
        }
    }
}

#[tokio::test]
async fn asks_as_documented() {
    let server =
        StandIn::answering(vec![Answer::stream(&[START, &end("end_turn")].concat())]).await;
    // A slash too many in the base URL does no harm.
    let url = format!("{}/", server.url);
    let provider = Anthropic::new(&url, Some(ApiKey::new("sk-secret").unwrap())).unwrap();
    let mut request = request();
    request.system[1].cache_control = Some(CacheControl::Ephemeral);
    provider.complete(&request, &mut |_| {}).await.unwrap();

    let asked = server.asked().remove(0);
    assert!(asked.head.starts_with("POST /v1/messages HTTP/1.1\n"));
    assert!(asked.has_header("x-api-key: sk-secret"));
    assert!(asked.has_header("anthropic-version: 2023-06-01"));
    assert!(asked.has_header("content-type: application/json"));
    assert_eq!(
        asked.body,
        json!({
            "model": "small",
            "max_tokens": 64,
            "stream": true,
            "system": [
                {"type": "text", "text": "Be kind."},
                {"type": "text", "text": "Facts.", "cache_control": {"type": "ephemeral"}},
            ],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi."}]},
                {"role": "assistant", "content": [{"type": "text", "text": "Yes?"}]},
                {"role": "user", "content": [
                    {"type": "text", "text": "Which port?"},
                    {"type": "text", "text": "<recalled_memory>"},
                ]},
            ],
        })
    );
}

#[tokio::test]
async fn without_a_key_no_key_is_sent() {
    let server =
        StandIn::answering(vec![Answer::stream(&[START, &end("end_turn")].concat())]).await;
    ask(&Anthropic::new(&server.url, None).unwrap()).await.unwrap();
    assert!(!server.asked()[0].head.contains("x-api-key"));
}

#[tokio::test]
async fn every_reason_to_stop_is_told_apart() {
    let refusal = StopReason::Refusal { explanation: Some("Not that.".to_owned()) };
    for (name, reason) in [
        ("max_tokens", StopReason::MaxTokens),
        ("refusal", refusal),
        ("model_context_window_exceeded", StopReason::ContextWindowExceeded),
        ("pause_turn", StopReason::Other("pause_turn".to_owned())),
    ] {
        let stream = [START, MIDDLE, &end(name)].concat();
        assert_eq!(outcome(Answer::stream(&stream)).await.unwrap().stop_reason, reason);
    }
}

#[tokio::test]
async fn an_answer_that_has_stopped_needs_no_last_event() {
    let stream = [START, MIDDLE, &end("end_turn")].concat();
    let stream = stream.split("event: message_stop").next().unwrap();
    let completion = outcome(Answer::stream(stream).cut()).await.unwrap();
    assert_eq!(completion.stop_reason, StopReason::EndTurn);
}

#[tokio::test]
async fn a_cut_connection_keeps_what_came() {
    let stream = [START, MIDDLE].concat();
    for answer in [Answer::stream(&stream).cut(), Answer::stream(&stream)] {
        let error = outcome(answer).await.unwrap_err();
        assert_eq!(error.partial(), Some("Port 7443, 東京 — né 🦀"));
        assert!(!error.is_transient());
        assert_eq!(error.fault(), Fault::Environment);
    }
}

#[tokio::test]
async fn a_connection_cut_before_the_first_word_may_be_tried_again() {
    let error = outcome(Answer::stream(START).cut()).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Interrupted { partial, .. } if partial.is_empty()));
    assert!(error.is_transient() && error.partial().is_none());
}

const ERROR_EVENT: &str = r#"event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded: sk-secret"}}

"#;

#[tokio::test]
async fn an_error_in_the_stream_keeps_what_came() {
    let error = outcome(Answer::stream(&[START, MIDDLE, ERROR_EVENT].concat())).await.unwrap_err();
    assert_eq!(error.partial(), Some("Port 7443, 東京 — né 🦀"));
    assert!(error.to_string().ends_with("broke off: Overloaded: (the key)"), "{error}");
}

#[tokio::test]
async fn an_error_before_the_first_word_is_like_one_before_the_stream() {
    let error = outcome(Answer::stream(&[START, ERROR_EVENT].concat())).await.unwrap_err();
    assert!(error.is_overloaded() && error.is_transient());
}

#[tokio::test]
async fn what_could_not_be_read_is_counted_where_the_answer_is_not_whole() {
    let error =
        outcome(Answer::stream(&[START, MIDDLE, "data: {\n\n"].concat())).await.unwrap_err();
    assert!(error.partial().is_some());
    assert!(error.to_string().ends_with("ended too early; 1 event could not be read"), "{error}");
}

#[tokio::test]
async fn every_status_has_its_fault_and_its_remedy() {
    let body =
        r#"{"type":"error","error":{"type":"t","message":"Said sk-secret."},"request_id":"r"}"#;
    for (status, transient, fault, remedy) in [
        ("400 Bad Request", false, Fault::Caller, None),
        (
            "401 Unauthorized",
            false,
            Fault::Caller,
            Some(Remedy::ReplaceKey { provider: "anthropic" }),
        ),
        ("402 Payment Required", false, Fault::Caller, Some(Remedy::AddCredit)),
        ("404 Not Found", false, Fault::Caller, Some(Remedy::CheckModelName)),
        ("413 Too Large", false, Fault::Caller, Some(Remedy::LowerBudget)),
        (
            "429 Too Many Requests",
            true,
            Fault::Environment,
            Some(Remedy::Wait { time: Some(Duration::from_millis(2500)) }),
        ),
        ("500 Internal Server Error", true, Fault::Environment, Some(Remedy::AskLaterOrFallBack)),
        ("529 Overloaded", true, Fault::Environment, Some(Remedy::AskLaterOrFallBack)),
    ] {
        let headers =
            "content-type: application/json\r\nretry-after-ms: 2500\r\nrequest-id: r1\r\n";
        let answer = Answer::status(status, headers.trim_end(), body);
        let error = outcome(answer).await.unwrap_err();
        assert!(error.to_string().ends_with("Said (the key)."), "{error}");
        assert!(!format!("{error:?}").contains("sk-secret"));
        assert_eq!(error.is_transient(), transient, "{status}");
        let overloaded = ["429", "529"].iter().any(|code| status.starts_with(code));
        assert_eq!(error.is_overloaded(), overloaded);
        assert_eq!(error.fault(), fault, "{status}");
        assert_eq!(error.remedies().first(), remedy.as_ref(), "{status}");
        assert!(
            matches!(&error, ProviderError::Answered { request_id: Some(id), .. } if id == "r1")
        );
    }
}

#[tokio::test]
async fn a_proxys_web_page_is_told_by_its_title() {
    let page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
    let answer = Answer::status("502 Bad Gateway", "content-type: text/html", page);
    let error = outcome(answer).await.unwrap_err();
    assert!(error.to_string().ends_with("answered 502: 502 Bad Gateway"), "{error}");
    assert!(error.is_transient());

    let answer = Answer::status("200 OK", "content-type: text/html", page);
    let error = outcome(answer).await.unwrap_err();
    assert!(
        error.to_string().contains("text/html where the answer of a model server was expected"),
        "{error}"
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn dropping_the_answer_ends_the_request() {
    // More than the buffers on the way hold, so that the server is still writing when we hang up.
    let endless = [START, MIDDLE, &": ping\n\n".repeat(4_000_000)].concat();
    let server = StandIn::answering(vec![Answer::stream(&endless), Answer::stream(START)]).await;
    let provider = Anthropic::new(&server.url, None).unwrap();
    {
        let request = request();
        let (first_word, mut came) = tokio::sync::mpsc::unbounded_channel();
        let mut on_text = |_: &str| first_word.send(()).unwrap();
        tokio::select! {
            _ = provider.complete(&request, &mut on_text) => panic!("the answer never ends"),
            _ = came.recv() => {}
        }
    }
    // The server takes one connection at a time: a second answer means that it let the first go.
    assert!(ask(&provider).await.unwrap_err().is_transient());
}

/// What counts the cost of prompts sees the same as the server.
#[tokio::test]
async fn the_body_that_is_shown_is_the_body_that_is_sent() {
    let server =
        StandIn::answering(vec![Answer::stream(&format!("{START}{MIDDLE}{}", end("end_turn")))])
            .await;
    let provider = Anthropic::new(&server.url, None).unwrap();
    let _ = ask(&provider).await;
    let body: Value = serde_json::from_str(&Anthropic::request_body(&request())).unwrap();
    assert_eq!(server.asked()[0].body, body);
}

#[tokio::test]
async fn asks_for_an_answer_by_a_schema() {
    let server =
        StandIn::answering(vec![Answer::stream(&format!("{START}{}", end("end_turn")))]).await;
    let provider = Anthropic::new(&server.url, None).unwrap();
    provider.complete(&request_with_schema(), &mut |_| {}).await.unwrap();
    let format = &server.asked()[0].body["output_config"]["format"];
    let schema = json!({"type": "object", "properties": {}});
    assert_eq!(*format, json!({"type": "json_schema", "schema": schema}));
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_known_by_what_servers_say() {
    for (message, too_long) in [
        ("prompt is too long: 210000 tokens > 200000 maximum", true),
        ("input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000", true),
        ("This model's maximum context length is 8192 tokens.", true),
        ("the request exceeds the available context size. try increasing it", true),
        ("messages: roles must alternate", false),
    ] {
        let body = json!({"type": "error", "error": {"type": "x", "message": message}});
        let answer =
            Answer::status("400 Bad Request", "content-type: application/json", &body.to_string());
        assert_eq!(outcome(answer).await.unwrap_err().is_too_long(), too_long, "{message}");
    }
}
