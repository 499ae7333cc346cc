use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn answer(kind: RequestKind, is_stream: bool, pieces: &[&[u8]]) -> (String, bool) {
    let mut reader = AnswerReader::new(kind, is_stream);
    for piece in pieces {
        reader.push(piece);
    }
    let Answer { text, is_whole, .. } = reader.finish();
    (text, is_whole)
}

fn events(events: &[Value]) -> String {
    let line = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"]);
    events.iter().map(line).collect()
}

fn delta(text: &str) -> Value {
    json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
}

fn anthropic_stream() -> String {
    events(&[
        json!({"type": "message_start", "message": {"content": []}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        delta("I lo"),
        json!({"type": "ping"}),
        delta("ok. 東京"),
        json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "name": "look"}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
        json!({"type": "content_block_start", "index": 3, "content_block": {"type": "text", "text": ""}}),
        delta("Done."),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ])
}

#[test]
fn a_stream_says_its_texts_and_whether_it_ended() {
    let stream = anthropic_stream();
    let read = |stream: &str| answer(RequestKind::Messages, true, &[stream.as_bytes()]);
    assert_eq!(read(&stream), ("I look. 東京\n\nDone.".to_owned(), true));
    let half = &stream[..stream.find("Done").unwrap()];
    assert_eq!(read(half), ("I look. 東京".to_owned(), false));
    let failed =
        events(&[delta("I"), json!({"type": "error", "error": {"type": "overloaded_error"}})]);
    assert_eq!(read(&failed), ("I".to_owned(), false));
    assert_eq!(read("data: {\n\ndata: [DONE]\n\n"), (String::new(), false));
}

#[test]
fn openais_streams_are_read_too() {
    let chunk = |index: u64, content: Value, reason: Value| {
        let choice =
            json!({"index": index, "delta": {"content": content}, "finish_reason": reason});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let said = [
        chunk(0, json!(""), json!(null)),
        chunk(0, json!("It "), json!(null)),
        chunk(1, json!("That"), json!(null)),
        chunk(0, json!("is."), json!(null)),
        chunk(0, json!(null), json!(null)),
    ]
    .concat();
    let read =
        |end: &str| answer(RequestKind::ChatCompletions, true, &[said.as_bytes(), end.as_bytes()]);
    let whole = "It is.".to_owned();
    assert_eq!(read(""), (whole.clone(), false));
    assert_eq!(read("data: [DONE]"), (whole.clone(), true));
    assert_eq!(read(&chunk(0, json!(null), json!("stop"))), (whole, true));

    let stream = events(&[
        json!({"type": "response.output_item.added", "item": {"type": "reasoning"}}),
        json!({"type": "response.reasoning_summary_text.delta", "delta": "hm"}),
        json!({"type": "response.output_item.added", "item": {"type": "message"}}),
        json!({"type": "response.output_text.delta", "delta": "It "}),
        json!({"type": "response.output_text.delta", "delta": "is."}),
        json!({"type": "response.function_call_arguments.delta", "delta": "{}"}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "output": []}}),
    ]);
    let mut reader = AnswerReader::new(RequestKind::Responses, true);
    reader.push(stream.as_bytes());
    let answer = reader.finish();
    assert_eq!(
        (answer.text.as_str(), answer.is_whole, answer.id.as_deref()),
        ("It is.", true, Some("resp_1"))
    );
}

#[test]
fn a_document_says_its_texts() {
    let read = |kind, document: &Value| answer(kind, false, &[document.to_string().as_bytes()]);
    let message = json!({"type": "message", "content": [
        {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "It "}, {"type": "text", "text": "is."},
        {"type": "tool_use", "name": "look", "input": {}}]});
    assert_eq!(read(RequestKind::Messages, &message), ("It is.".to_owned(), true));
    let completion =
        json!({"choices": [{"message": {"content": "It is."}}, {"message": {"content": "No."}}]});
    assert_eq!(read(RequestKind::ChatCompletions, &completion), ("It is.".to_owned(), true));
    let calls = json!({"choices": [{"message": {"content": null, "tool_calls": []}}]});
    assert_eq!(read(RequestKind::ChatCompletions, &calls), (String::new(), true));
    let response = json!({"status": "completed", "output": [
        {"type": "reasoning", "content": null, "summary": []},
        {"type": "message", "content": [{"type": "output_text", "text": "It is."}]},
        {"type": "function_call"}, {"type": "message", "content": [{"type": "output_text", "text": "Yes."}]}]});
    assert_eq!(read(RequestKind::Responses, &response), ("It is.\n\nYes.".to_owned(), true));
    for (kind, other) in [
        (RequestKind::Messages, json!({"type": "error", "error": {}})),
        (RequestKind::ChatCompletions, json!({"error": {}})),
        (RequestKind::Responses, json!({"status": "failed", "output": []})),
        (RequestKind::Responses, json!({"status": "queued", "output": []})),
        (RequestKind::Messages, json!(7)),
    ] {
        assert_eq!(read(kind, &other), (String::new(), false), "{other}");
    }
}

#[test]
fn what_is_too_long_is_a_part() {
    let mut reader = AnswerReader::new(RequestKind::Messages, false);
    reader.push(&vec![b' '; MOST_BYTES]);
    reader.push(br#"{"type": "message", "content": []}"#);
    assert_eq!((reader.held(), reader.finish()), (0, Answer::default()));
    let mut reader = AnswerReader::new(RequestKind::Messages, true);
    reader.push(events(&[delta("I")]).as_bytes());
    reader.push(&vec![b'x'; MOST_BYTES]);
    reader.push(events(&[delta("see"), json!({"type": "message_stop"})]).as_bytes());
    let answer = reader.finish();
    assert_eq!((answer.text.as_str(), answer.is_whole), ("I", false));
}

proptest! {
    #[test]
    fn where_a_stream_is_cut_does_not_matter(cuts in prop::collection::vec(1_usize..200, 1..40)) {
        let stream = anthropic_stream();
        let (mut pieces, mut rest, mut cuts) = (Vec::new(), stream.as_bytes(), cuts.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        let whole = ("I look. 東京\n\nDone.".to_owned(), true);
        prop_assert_eq!(answer(RequestKind::Messages, true, &pieces), whole);
    }

    #[test]
    fn whatever_comes_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), is_stream: bool) {
        for kind in [RequestKind::Messages, RequestKind::ChatCompletions, RequestKind::Responses] {
            answer(kind, is_stream, &[&bytes]);
        }
    }
}
