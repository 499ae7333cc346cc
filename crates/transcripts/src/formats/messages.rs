//! Messages with a role and content: an array of them, or conversations that hold them.

use std::ops::ControlFlow;

use longmem_core::{Role, SessionName, Timestamp, UserName};
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{first_present, text_or_number, title};
use crate::keys::session_name;
use crate::message::content::content_text;
use crate::message::injected::without_recalled_memory;
use crate::message::time::parse_time;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one message a value, or one conversation `{"messages": […]}` a value.
#[derive(Default)]
pub(super) struct Messages {
    conversations: u64,
}

/// What a conversation states for all its messages.
struct Conversation {
    session: SessionName,
    title: Option<String>,
    began: Option<Timestamp>,
    /// The user that it names; an error if that is no valid name.
    user: Result<Option<UserName>, SkipReason>,
}

impl FormatReader for Messages {
    fn description() -> &'static str {
        "an array of messages with \"role\" and \"content\""
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        let messages = value["messages"].as_array();
        // Other programs have "messages", too, which have no role.
        messages.is_some_and(|messages| messages.iter().any(|message| message["role"].is_string()))
            || (shape == JsonShape::Array && is_message(value))
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let Some(messages) = value["messages"].as_array() else {
            let session = session_name(output.file_stem());
            let file = Conversation { session, title: None, began: None, user: Ok(None) };
            return output.deliver_or_skip(parse_message(&value, &file, output));
        };
        self.conversations += 1;
        let session = session_of(&value)
            .or_else(|| text_or_number(&value["id"]))
            .unwrap_or_else(|| self.numbered_session(output.file_stem()));
        let conversation = Conversation {
            session: session_name(&session),
            title: title(&value["title"]),
            began: time_of(&value),
            user: user_of(&value),
        };
        messages.iter().try_for_each(|message| {
            output.deliver_or_skip(parse_message(message, &conversation, output))
        })
    }
}

impl Messages {
    /// Names a conversation that has no name after the file and its place in it.
    fn numbered_session(&self, file_stem: &str) -> String {
        match self.conversations {
            1 => file_stem.to_owned(),
            number => format!("{file_stem}-{number}"),
        }
    }
}

/// Whether a value is a message with a role and content.
pub(super) fn is_message(value: &Value) -> bool {
    value["role"].is_string() && (value.get("content").is_some() || value.get("text").is_some())
}

fn session_of(value: &Value) -> Option<String> {
    text_or_number(first_present(value, &["session", "session_id", "conversation_id"]))
}

fn time_of(value: &Value) -> Option<Timestamp> {
    parse_time(first_present(value, &["timestamp", "ts", "time", "created_at"]))
}

fn parse_message(
    message: &Value,
    conversation: &Conversation,
    output: &TurnOutput<'_>,
) -> Result<ParsedTurn, SkipReason> {
    let role = message["role"].as_str().ok_or(SkipReason::Malformed)?;
    let role: Role = role.parse().map_err(|_| SkipReason::UnknownRole)?;
    let own_session = session_of(message).map(|name| session_name(&name));
    let session = own_session.unwrap_or_else(|| conversation.session.clone());
    // Only longmem writes "key". What it exported is stored text, to be taken unchanged.
    let exported_key = message["key"].as_str().filter(|key| !key.is_empty()).map(str::to_owned);
    let mut text = message_text(message)?;
    if exported_key.is_none() {
        text = without_recalled_memory(&text);
        if text.trim().is_empty() {
            return Err(SkipReason::Empty);
        }
    }
    let user = match user_of(message)? {
        None => conversation.user.clone()?,
        own => own,
    };
    let id = text_or_number(&message["id"]);
    let source_key =
        exported_key.or_else(|| id.map(|id| output.source_key(&[session.as_str(), &id])));
    Ok(ParsedTurn {
        user,
        title: title(&message["title"]).or_else(|| conversation.title.clone()),
        speaker: text_or_number(first_present(message, &["speaker", "name"])),
        time: time_of(message),
        session_began: conversation.began,
        note: message["note"] == true,
        source_key,
        ..ParsedTurn::new(session, role, text)
    })
}

fn message_text(message: &Value) -> Result<String, SkipReason> {
    content_text(first_present(message, &["content", "text"])).map_err(|reason| {
        let calls = message["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty());
        if calls || message["function_call"].is_object() { SkipReason::ToolCall } else { reason }
    })
}

/// The user that a message or a conversation names. An invalid name is an error: left out, the turn
/// would go into the memory of somebody else.
fn user_of(value: &Value) -> Result<Option<UserName>, SkipReason> {
    if value["user"].is_null() {
        return Ok(None);
    }
    let name = text_or_number(&value["user"]).ok_or(SkipReason::InvalidUser)?;
    UserName::new(name).map(Some).map_err(|_| SkipReason::InvalidUser)
}
