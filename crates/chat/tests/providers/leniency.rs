//! Streams as servers really send them: odd events, odd forms, odd ends.

use longmem_chat::{Anthropic, Completion, OpenAiCompatible, ProviderError, StopReason};
use serde_json::{Value, json};

use crate::ask;
use crate::stand_in::{Answer, StandIn};

const TEXT: &str = "The port is 7443.";
const DONE: &str = "data: [DONE]\n\n";

fn data(event: &Value) -> String {
    format!("data: {event}\n\n")
}

/// A chunk of an OpenAI-compatible server, with one choice.
fn chunk(delta: &Value, finish_reason: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish_reason});
    data(&json!({"id": "c1", "object": "chat.completion.chunk", "choices": [choice]}))
}

fn said(text: &str) -> String {
    chunk(&json!({"content": text}), &Value::Null)
}

fn stop(reason: &str) -> String {
    chunk(&json!({}), &json!(reason))
}

fn whole_stream() -> String {
    [&said("The port "), &said("is 7443."), &stop("stop"), DONE].concat()
}

async fn of_openai(answer: Answer) -> Result<Completion, ProviderError> {
    let server = StandIn::answering(vec![answer]).await;
    ask(&OpenAiCompatible::new(&format!("{}/v1", server.url), None).unwrap()).await
}

async fn of_anthropic(answer: Answer) -> Result<Completion, ProviderError> {
    let server = StandIn::answering(vec![answer]).await;
    ask(&Anthropic::new(&server.url, None).unwrap()).await
}

/// The streams that hold a whole answer, each by what is odd about it.
fn odd_streams() -> Vec<(&'static str, String)> {
    let (first, second, end) = (said("The port "), said("is 7443."), stop("stop"));
    let answer = [first.as_str(), &second].concat();
    let with = |member: &str, value: Value| {
        let choice = |text: &str, reason: Value| json!([{"index": 0, "delta": {"content": text}, "finish_reason": reason}]);
        let mut chunks = [choice("The port ", Value::Null), choice("is 7443.", json!("stop"))]
            .map(|choices| json!({"choices": choices}));
        for chunk in &mut chunks {
            chunk[member] = value.clone();
        }
        chunks.iter().map(data).collect::<String>() + DONE
    };
    let usage = |usage: Value| data(&json!({"choices": [], "usage": usage}));
    let parts = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": TEXT}]);
    vec![
        ("a comment as data", format!("data: : keepalive\n\n{}", whole_stream())),
        ("data that is no object", format!("data: 7\n\ndata: null\n\n{}", whole_stream())),
        ("junk before the first event", format!("OK, one moment\n\n{}", whole_stream())),
        ("empty data", format!("data:\n\n{first}data: \n\n{second}{end}{DONE}")),
        ("choices that are null", format!("{answer}{end}{}", data(&json!({"choices": null})))),
        ("a usage of nulls", format!("{answer}{end}{}", usage(json!({"prompt_tokens": null})))),
        ("a usage that is a text", format!("{answer}{end}{}{DONE}", usage(json!("none")))),
        ("a usage of floats", format!("{answer}{end}{}", usage(json!({"prompt_tokens": 1.5})))),
        ("content in parts", chunk(&json!({"content": parts}), &json!("stop"))),
        (
            "a second choice",
            format!(
                "{answer}{}{end}{DONE}",
                data(&json!({"choices": [{"index": 1, "delta": {"content": "No."}}]}))
            ),
        ),
        ("an empty error", with("error", json!({}))),
        ("an error without words", with("error", json!({"message": "", "code": null}))),
        ("a model that is null", with("model", Value::Null)),
        ("no empty line at the end", format!("{answer}{}", end.trim_end())),
        ("no empty lines between events", [&first, &second, &end].map(|s| s.trim_end()).join("\n")),
        (
            "an empty finish_reason",
            format!("{}{second}{end}", chunk(&json!({"content": "The port "}), &json!(""))),
        ),
        (
            "a delta that is null",
            format!("{}{}", chunk(&Value::Null, &Value::Null), whole_stream()),
        ),
        (
            "a message instead of a delta",
            data(&json!({"choices": [
            {"message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}]})),
        ),
        (
            "a message that repeats the deltas",
            format!(
                "{answer}{}",
                data(&json!({"choices": [
            {"delta": {}, "message": {"content": TEXT}, "finish_reason": "stop"}]}))
            ),
        ),
        (
            "thinking in the text",
            format!("{}{}", said("<think>\nWalrus.\n</think>\n\n"), whole_stream()),
        ),
        ("empty lines first", format!("{}{}", said("\n\n"), whole_stream())),
        ("NaN", format!("{}{second}{end}", first.replace("\"id\":\"c1\"", "\"logprob\":NaN"))),
        ("a failure behind the end", format!("{answer}{end}{}", data(&json!({"error": "gone"})))),
        ("a word of its own for the end", format!("{answer}{}{DONE}", stop("eos"))),
    ]
}

#[tokio::test]
async fn a_whole_answer_is_read_whatever_is_odd_about_its_stream() {
    for (oddity, stream) in odd_streams() {
        for answer in [Answer::stream(&stream), Answer::stream(&stream).in_pieces_of(7)] {
            let completion = of_openai(answer).await;
            let completion = completion.unwrap_or_else(|error| panic!("{oddity}: {error}"));
            assert_eq!(completion.text, TEXT, "{oddity}");
            assert_eq!(completion.stop_reason, StopReason::EndTurn, "{oddity}");
        }
    }
}

#[tokio::test]
async fn a_character_in_two_halves_is_whole() {
    let half = |half: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{half}\"}}}}]}}\n\n")
    };
    let stream = [&half("Port \\ud83d"), ": ping\n\n", &half("\\ude00"), &stop("stop")].concat();
    assert_eq!(of_openai(Answer::stream(&stream)).await.unwrap().text, "Port 😀");
    let stream = [half("Port \\ud83d"), half("\\ud83d 7"), stop("stop")].concat();
    assert_eq!(of_openai(Answer::stream(&stream)).await.unwrap().text, "Port \u{fffd} 7");
}

#[tokio::test]
async fn a_cut_connection_does_not_spoil_an_answer_that_has_stopped() {
    let stream = [said(TEXT), stop("stop")].concat();
    let completion = of_openai(Answer::stream(&stream).cut()).await.unwrap();
    assert_eq!(completion.text, TEXT);
}

#[tokio::test]
async fn the_body_decides_and_not_the_content_type() {
    let message = json!({"role": "assistant", "content": TEXT});
    let document = json!({"object": "chat.completion", "model": "m-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3}});
    let lines = whole_stream().replace("data: ", "").replace("\n\n", "\n");
    for (content_type, body) in [
        ("x-nothing: 1", whole_stream()),
        ("content-type: Text/Event-Stream;charset=UTF-8", whole_stream()),
        ("content-type: application/x-ndjson", whole_stream()),
        ("content-type: text/plain", format!(": ping\n\n{}", whole_stream())),
        ("content-type: application/json", document.to_string()),
        ("content-type: text/event-stream", format!("\n{document:#}")),
        ("content-type: application/x-ndjson", lines),
    ] {
        let completion = of_openai(Answer::status("200 OK", content_type, &body)).await;
        let completion = completion.unwrap_or_else(|error| panic!("{content_type}: {error}"));
        assert_eq!(completion.text, TEXT, "{content_type}");
    }
    for (body, expected) in [
        ("<html><title>Log in</title></html>", "Log in"),
        ("OK", "OK"),
        ("{\"code\":1113,\"msg\":\"Insufficient balance\"}", "Insufficient balance"),
        ("{\"detail\":\"Unauthorized\"}", "Unauthorized"),
        ("{\"status\":\"ok\"}", "{\"status\":\"ok\"}"),
        ("[]", "[]"),
    ] {
        let answer = Answer::status("200 OK", "content-type: application/json", body);
        let error = of_openai(answer).await.unwrap_err();
        let ProviderError::NotAStream { said: Some(said), .. } = &error else {
            panic!("{body}: {error}")
        };
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn an_error_is_told_by_its_event_or_its_object() {
    let event = "event: error\ndata: {\"code\":400,\"details\":\"logprobs too many\"}\n\n";
    let object = data(&json!({"object": "error", "message": "logprobs too many", "code": "400"}));
    let document = json!([{"error": {"message": "logprobs too many", "code": 400}}]).to_string();
    for body in [format!("{event}{DONE}"), object, document] {
        let error = of_openai(Answer::stream(&body)).await.unwrap_err();
        let ProviderError::Answered { status: 400, message, .. } = &error else {
            panic!("{body}: {error:?}")
        };
        assert_eq!(message, "logprobs too many");
    }
}

#[tokio::test]
async fn what_a_model_only_thinks_is_no_answer() {
    let reasoning =
        |text: &str| chunk(&json!({"content": null, "reasoning_content": text}), &Value::Null);
    let hidden = [reasoning("Walrus."), stop("length")].concat();
    let shown = [said("<think>Walrus."), stop("length")].concat();
    let parts = json!([{"type": "thinking", "thinking": "Walrus."}]);
    let in_parts = chunk(&json!({"content": parts}), &json!("length"));
    for stream in [hidden, shown, in_parts] {
        let completion = of_openai(Answer::stream(&stream)).await.unwrap();
        assert_eq!((completion.text.as_str(), completion.thought), ("", true), "{stream}");
        assert_eq!(completion.stop_reason, StopReason::MaxTokens);
    }
    let silent = of_openai(Answer::stream(&stop("stop"))).await.unwrap();
    assert_eq!((silent.text.as_str(), silent.thought), ("", false));
}

fn event(name: &str, mut members: Value) -> String {
    members["type"] = json!(name);
    format!("event: {name}\ndata: {members}\n\n")
}

fn text_delta(text: &str, index: &Value) -> String {
    let delta = json!({"type": "text_delta", "text": text});
    event("content_block_delta", json!({"index": index, "delta": delta}))
}

#[tokio::test]
async fn the_messages_api_is_read_as_leniently() {
    let start = |usage: Value| {
        let message = json!({"model": "c-1", "content": [], "usage": usage});
        event("message_start", json!({"message": message}))
    };
    let block = |kind: &str| {
        let block = json!({"index": 0, "content_block": {"type": kind, "text": ""}});
        event("content_block_start", block)
    };
    let ends = event("message_delta", json!({"delta": {"stop_reason": "end_turn"}, "usage": null}));
    let stop = event("message_stop", json!({}));
    let text = text_delta(TEXT, &json!(0));
    let no_usage = start(Value::Null);
    for (oddity, stream) in [
        ("a usage that is null", format!("{no_usage}{}{text}{ends}{stop}", block("text"))),
        ("counts that are null", format!("{}{text}{ends}{stop}", start(json!({"input_tokens": null})))),
        ("[DONE] before the end", format!("{no_usage}{text}{ends}{DONE}{stop}")),
        ("no beginning of the block", format!("{no_usage}{text}{ends}")),
        ("no index", format!("{no_usage}{}{ends}", text_delta(TEXT, &Value::Null))),
        ("a comment as data", format!("data: : ping\n\n{no_usage}{text}{ends}")),
        ("an empty error", format!("{no_usage}{text}{ends}").replace('{', "{\"error\":null,")
            .replace("null,}", "null}")),
        ("no type in the data", format!("{no_usage}{text}{ends}")
            .replace(",\"type\":\"message_start\"", "")),
        ("an error behind the end", format!("{no_usage}{text}{ends}{}", event("error",
            json!({"error": {"type": "overloaded_error", "message": "Overloaded"}})))),
        ("no empty line at the end", format!("{no_usage}{text}{}", ends.trim_end())),
        ("one document", json!({"type": "message", "model": "c-1", "stop_reason": "end_turn",
            "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": TEXT}],
        }).to_string()),
    ] {
        let completion = of_anthropic(Answer::stream(&stream)).await;
        let completion = completion.unwrap_or_else(|error| panic!("{oddity}: {error}"));
        assert_eq!(completion.text, TEXT, "{oddity}");
        assert_eq!(completion.stop_reason, StopReason::EndTurn, "{oddity}");
    }
    // Text in a block of another kind is not said.
    let thinking = format!("{no_usage}{}{text}{ends}{stop}", block("thinking"));
    let completion = of_anthropic(Answer::stream(&thinking)).await.unwrap();
    assert_eq!((completion.text.as_str(), completion.thought), ("", true));
}
