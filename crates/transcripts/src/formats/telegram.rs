//! Telegram's export as JSON: `result.json` of one chat, or of the whole account.

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{first_present, text_or_number, title};
use crate::keys::{fingerprint, session_name, short_id};
use crate::message::time::{has_unreadable_time, parse_time};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one chat a value.
#[derive(Default)]
pub(super) struct Telegram;

impl FormatReader for Telegram {
    fn description() -> &'static str {
        "a Telegram export"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        is_chat(value)
    }

    fn read_value(&mut self, chat: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        read_chat(&chat, output)
    }
}

/// Whether a value is a chat as Telegram exports it. Other programs write a list of messages too,
/// but not with these fields.
fn is_chat(value: &Value) -> bool {
    const KINDS: [&str; 5] = ["chat", "group", "supergroup", "channel", "messages"];
    let kind = value["type"].as_str().unwrap_or_default();
    let Some(messages) = value["messages"].as_array() else { return false };
    let are_messages = messages
        .first()
        .is_none_or(|message| message["type"].is_string() && message["date"].is_string());
    KINDS.iter().any(|name| kind.ends_with(name)) && value["id"].is_number() && are_messages
}

fn read_chat(chat: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
    let Some(messages) = chat["messages"].as_array() else {
        output.skip(SkipReason::Malformed);
        return ControlFlow::Continue(());
    };
    let title = title(&chat["name"])
        .or_else(|| (chat["type"] == "saved_messages").then(|| "Saved Messages".to_owned()));
    let id = text_or_number(&chat["id"])
        .unwrap_or_else(|| fingerprint(&[title.as_deref().unwrap_or_default()]));
    let id = short_id(&id);
    let session = session_name(&format!("Telegram {id}"));
    for message in messages {
        let parsed = message_text(message).map(|text| ParsedTurn {
            title: title.clone(),
            speaker: text_or_number(&message["from"]),
            time: parse_time(first_present(message, &["date_unixtime", "date"])),
            unreadable_time: has_unreadable_time(message),
            source_key: text_or_number(&message["id"])
                .map(|number| output.source_key(&[&id, &number])),
            ..ParsedTurn::new(session.clone(), Role::User, text)
        });
        output.deliver_or_skip(parsed)?;
    }
    ControlFlow::Continue(())
}

/// The words of a message, or why it has none.
fn message_text(message: &Value) -> Result<String, SkipReason> {
    match message["type"].as_str() {
        Some("message") => {}
        // "joined by link", "phone_call"
        Some("service") => return Err(SkipReason::MetaLine),
        Some(_) => return Err(SkipReason::UnknownContent),
        None => return Err(SkipReason::Malformed),
    }
    // Older exports have only "text", where plain strings and entities alternate.
    let mut text = entities_text(&message["text"]);
    if text.trim().is_empty() {
        text = entities_text(&message["text_entities"]);
    }
    if text.trim().is_empty() {
        text = poll_text(&message["poll"]);
    }
    if text.trim().is_empty() {
        return Err(SkipReason::Empty);
    }
    // Who forwards a message passes on what somebody else said.
    match text_or_number(&message["forwarded_from"]) {
        Some(author) => Ok(format!("[forwarded from {author}]\n{text}")),
        None => Ok(text),
    }
}

/// Joins a text in pieces; a link that stands behind other words comes after them.
fn entities_text(text: &Value) -> String {
    let Some(pieces) = text.as_array() else {
        return text.as_str().unwrap_or_default().to_owned();
    };
    let mut joined = String::new();
    for piece in pieces {
        let words = piece.as_str().or_else(|| piece["text"].as_str()).unwrap_or_default();
        joined.push_str(words);
        if let Some(link) = piece["href"].as_str().filter(|link| *link != words) {
            joined.extend([" (", link, ")"]);
        }
    }
    joined
}

/// A poll's question with its answers, one a line.
fn poll_text(poll: &Value) -> String {
    let question = entities_text(&poll["question"]);
    let answers = poll["answers"].as_array().into_iter().flatten();
    let answers = answers.map(|answer| format!("\n- {}", entities_text(&answer["text"])));
    if question.is_empty() { question } else { question + &answers.collect::<String>() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_telegrams_chats_are_recognised() {
        let message = json!({"id": 1, "type": "message", "date": "2026-03-01T10:00:00"});
        let chat = |kind: &str, messages: Value| json!({"name": "Mira", "type": kind, "id": 77, "messages": messages});
        for (value, expected) in [
            (chat("personal_chat", json!([message])), true),
            (chat("private_supergroup", json!([message])), true),
            (chat("saved_messages", json!([])), true),
            (chat("personal_chat", json!([{"role": "user", "content": "Hi"}])), false),
            (chat("dm", json!([message])), false),
            (json!({"messages": [message]}), false),
        ] {
            assert_eq!(Telegram::recognizes(&value, JsonShape::Documents), expected, "{value}");
        }
    }

    #[test]
    fn a_message_is_the_words_that_it_shows() {
        let link = json!({"type": "text_link", "text": "the map", "href": "https://m.example/"});
        for (fields, expected) in [
            (json!({"text": "Hi"}), Ok("Hi")),
            (json!({"text": ["See ", link, "."]}), Ok("See the map (https://m.example/).")),
            (json!({"text": ["at ", {"type": "link", "text": "x.example"}]}), Ok("at x.example")),
            (json!({"text": "", "text_entities": [{"type": "bold", "text": "Now"}]}), Ok("Now")),
            (json!({"text": "Hi", "forwarded_from": "Jon"}), Ok("[forwarded from Jon]\nHi")),
            (
                json!({"text": "", "poll": {"question": "Oslo?", "answers": [{"text": "Yes"}]}}),
                Ok("Oslo?\n- Yes"),
            ),
            (json!({"text": "The harbour", "photo": "photos/1.jpg"}), Ok("The harbour")),
            (json!({"text": "", "media_type": "voice_message"}), Err(SkipReason::Empty)),
            (json!({"text": "", "sticker_emoji": "👍"}), Err(SkipReason::Empty)),
            (json!({"type": "service", "action": "phone_call"}), Err(SkipReason::MetaLine)),
            (json!({"type": "unsupported", "text": ""}), Err(SkipReason::UnknownContent)),
            (json!({"type": null}), Err(SkipReason::Malformed)),
        ] {
            let mut message = json!({"type": "message"});
            for (name, value) in fields.as_object().unwrap() {
                message[name] = value.clone();
            }
            let text = message_text(&message);
            assert_eq!(text.as_deref().map_err(|reason| *reason), expected, "{message}");
        }
    }
}
