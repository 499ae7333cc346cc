//! The events of a streamed answer.

use serde::Deserialize;

use super::super::api::RequestKind;
use super::Answer;

/// What ends a stream of OpenAI's.
const DONE: &str = "[DONE]";

/// Reads one event. What is not understood says nothing.
pub(super) fn read(kind: RequestKind, data: &str, answer: &mut Answer) {
    // What is not understood changes nothing.
    let _ = match kind {
        RequestKind::Messages | RequestKind::CountTokens => {
            serde_json::from_str(data).map(|event| anthropic(event, answer))
        }
        RequestKind::ChatCompletions if data.trim() == DONE => {
            answer.is_whole = true;
            Ok(())
        }
        RequestKind::ChatCompletions => {
            serde_json::from_str(data).map(|chunk| chat_completions(chunk, answer))
        }
        RequestKind::Responses => serde_json::from_str(data).map(|event| responses(event, answer)),
    };
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum AnthropicEvent {
    ContentBlockStart {
        content_block: Piece,
    },
    ContentBlockDelta {
        delta: Piece,
    },
    MessageStop,
    #[serde(other)]
    Other,
}

/// A block of content, or a part of one.
#[derive(Deserialize)]
struct Piece {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

fn anthropic(event: AnthropicEvent, answer: &mut Answer) {
    match event {
        AnthropicEvent::ContentBlockStart { content_block } if content_block.kind != "text" => {
            answer.is_interrupted = true;
        }
        AnthropicEvent::ContentBlockStart { content_block } => answer.say(&content_block.text),
        AnthropicEvent::ContentBlockDelta { delta } if delta.kind == "text_delta" => {
            answer.say(&delta.text);
        }
        AnthropicEvent::MessageStop => answer.is_whole = true,
        AnthropicEvent::ContentBlockDelta { .. } | AnthropicEvent::Other => {}
    }
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

fn chat_completions(chunk: Chunk, answer: &mut Answer) {
    // Of several answers to one question the first is kept.
    for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
        answer.say(&choice.delta.and_then(|delta| delta.content).unwrap_or_default());
        answer.is_whole |= choice.finish_reason.is_some();
    }
}

#[derive(Deserialize)]
struct ResponsesEvent {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    delta: Option<serde_json::Value>,
    response: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
}

fn responses(event: ResponsesEvent, answer: &mut Answer) {
    match event.kind.as_str() {
        "response.output_text.delta" => {
            answer
                .say(event.delta.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default());
        }
        "response.output_item.added" => answer.is_interrupted = true,
        "response.completed" | "response.incomplete" => {
            answer.is_whole = true;
            answer.id = event.response.and_then(|response| response.id);
        }
        _ => {}
    }
}
