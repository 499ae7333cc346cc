//! An answer that is one JSON document.

use serde::Deserialize;

use super::super::api::RequestKind;
use super::Answer;

/// Reads a document. What is not understood says nothing.
pub(super) fn read(kind: RequestKind, document: &[u8], answer: &mut Answer) {
    // What is not understood changes nothing.
    let _ = match kind {
        RequestKind::Messages | RequestKind::CountTokens => {
            serde_json::from_slice(document).map(|message| anthropic(message, answer))
        }
        RequestKind::ChatCompletions => {
            serde_json::from_slice(document).map(|completion| chat_completion(completion, answer))
        }
        RequestKind::Responses => {
            serde_json::from_slice(document).map(|response| response_of(response, answer))
        }
    };
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    content: Vec<Part>,
}

/// A part of what was said.
#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

fn anthropic(message: Message, answer: &mut Answer) {
    if message.kind != "message" {
        return;
    }
    for part in message.content {
        match part.text.filter(|_| part.kind == "text") {
            Some(text) => answer.say(&text),
            None => answer.is_interrupted = true,
        }
    }
    answer.is_whole = true;
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
}

fn chat_completion(completion: Completion, answer: &mut Answer) {
    // Of several answers to one question the first is kept.
    if let Some(choice) = completion.choices.into_iter().next() {
        answer.say(&choice.message.content.unwrap_or_default());
        answer.is_whole = true;
    }
}

#[derive(Deserialize)]
struct Response {
    id: Option<String>,
    status: Option<String>,
    output: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    content: Option<Vec<Part>>,
}

fn response_of(response: Response, answer: &mut Answer) {
    for item in response.output {
        answer.is_interrupted = true;
        let parts = item.content.filter(|_| item.kind == "message").unwrap_or_default();
        for part in parts.into_iter().filter(|part| part.kind == "output_text") {
            answer.say(&part.text.unwrap_or_default());
        }
    }
    let status = response.status.as_deref();
    answer.is_whole = matches!(status, None | Some("completed" | "incomplete"));
    answer.id = response.id;
}
