//! Messages with a role and content: an array of them, or conversations that hold them.

use std::collections::HashMap;
use std::ops::ControlFlow;

use longmem_core::{Role, SessionName, Timestamp, UserName};
use serde_json::{Value, json};

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{first_present, text_or_number, title};
use crate::keys::{fingerprint, session_name};
use crate::message::content::{content_text, said};
use crate::message::injected::without_own_blocks;
use crate::message::time::{had_time_in_first_version, has_unreadable_time, time_of};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Digits of the fingerprints by which a message is told from another one with its id.
const FINGERPRINT_DIGITS: usize = 16;

/// Ids that [`state`](FormatReader::state) holds. A file with more is read from its beginning.
const MAX_IDS_IN_STATE: usize = 200_000;

/// Reads one message a value, or one conversation `{"messages": […]}` a value.
#[derive(Default)]
pub(super) struct Messages {
    conversations: u64,
    /// The fingerprint of each id in its session, with that of the message that has it.
    ids: HashMap<String, String>,
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
        // Other programs have "messages", too, which have no role.
        messages_of(value)
            .is_some_and(|messages| messages.iter().any(|message| role_of(message).is_some()))
            || (shape == JsonShape::Array && is_message(value))
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let Some(messages) = messages_of(&value) else {
            let session = session_name(output.file_stem());
            let file = Conversation { session, title: None, began: None, user: Ok(None) };
            let parsed = self.parse_message(&value, &file, output);
            return output.deliver_or_skip(parsed);
        };
        self.conversations += 1;
        let session = session_of(&value)
            .or_else(|| text_or_number(&value["id"]))
            .unwrap_or_else(|| numbered_session(output.file_stem(), self.conversations));
        let conversation = Conversation {
            session: session_name(&session),
            title: title(first_present(&value, &["title", "chatTitle", "name"])),
            began: time_of(&value),
            user: user_of(&value),
        };
        messages.iter().try_for_each(|message| {
            let parsed = self.parse_message(message, &conversation, output);
            output.deliver_or_skip(parsed)
        })
    }

    fn holds_nothing_back(&self) -> bool {
        true
    }

    fn state(&self) -> Option<Value> {
        (self.ids.len() <= MAX_IDS_IN_STATE)
            .then(|| json!({"conversations": self.conversations, "ids": self.ids}))
    }

    fn restore(&mut self, state: Value) {
        self.conversations = state["conversations"].as_u64().unwrap_or(0);
        self.ids = serde_json::from_value(state["ids"].clone()).unwrap_or_default();
    }
}

impl Messages {
    fn parse_message(
        &mut self,
        message: &Value,
        conversation: &Conversation,
        output: &TurnOutput<'_>,
    ) -> Result<ParsedTurn, SkipReason> {
        let (outer, message) = (message, inner_message(message));
        let role = role_of(message).ok_or(SkipReason::Malformed)?;
        let role: Role = role.parse().map_err(|_| SkipReason::UnknownRole)?;
        let own_session = session_of(outer).map(|name| session_name(&name));
        let session = own_session.unwrap_or_else(|| conversation.session.clone());
        if message["isThought"] == true {
            return Err(SkipReason::Reasoning);
        }
        let mut text = message_text(message)?;
        let mut time = time_of(message).or_else(|| time_of(outer));
        // Only longmem writes "key". What it exported is stored already, and is taken unchanged.
        let exported_key = message["key"].as_str().filter(|key| !key.is_empty()).map(str::to_owned);
        if exported_key.is_some() {
            time = message["time"].as_str().and_then(|time| time.parse().ok()).or(time);
        } else {
            text = said(role, without_own_blocks(&text).into_owned())?;
            if text.trim().is_empty() {
                return Err(SkipReason::Empty);
            }
        }
        let user = match user_of(outer)? {
            None => conversation.user.clone()?,
            own => own,
        };
        let id = text_or_number(&message["id"]).or_else(|| text_or_number(&outer["id"]));
        let source_key = match (exported_key, id) {
            (Some(key), _) => Some(key),
            (None, Some(id)) => Some(self.key_of(&session, &id, role, &text, output)),
            (None, None) => None,
        };
        Ok(ParsedTurn {
            user,
            title: title(&message["title"]).or_else(|| conversation.title.clone()),
            speaker: text_or_number(first_present(message, &["speaker", "name"])),
            time,
            was_without_time: time.is_some() && !had_time_in_first_version(message),
            unreadable_time: has_unreadable_time(message) || has_unreadable_time(outer),
            session_began: conversation.began,
            note: message["note"] == true,
            source_key,
            ..ParsedTurn::new(session, role, text)
        })
    }

    /// The key of a message with an id. Some files number their messages anew in the middle: the
    /// first message with an id has the id's key, and one that says something else has its own.
    fn key_of(
        &mut self,
        session: &SessionName,
        id: &str,
        role: Role,
        text: &str,
        output: &TurnOutput<'_>,
    ) -> String {
        let short = |texts: &[&str]| {
            let mut digits = fingerprint(texts);
            digits.truncate(FINGERPRINT_DIGITS);
            digits
        };
        let said = short(&[role.as_str(), text]);
        let first = self.ids.entry(short(&[session.as_str(), id])).or_insert_with(|| said.clone());
        if *first == said {
            output.source_key(&[session.as_str(), id])
        } else {
            output.source_key(&[session.as_str(), id, &said])
        }
    }
}

/// Names a conversation that has no name after the file and its place in it, from 1 on.
pub(super) fn numbered_session(file_stem: &str, number: u64) -> String {
    match number {
        0 | 1 => file_stem.to_owned(),
        _ => format!("{file_stem}-{number}"),
    }
}

/// The messages of a conversation: of an array of messages, of an object that has them under one of
/// the usual names, or of a prompt that Google AI Studio saved.
fn messages_of(value: &Value) -> Option<&Vec<Value>> {
    const OTHER_NAMES: [&str; 8] =
        ["conversation", "conversations", "contents", "chat", "data", "turns", "history", "items"];
    let named = value["messages"].as_array();
    named.or_else(|| value["chunkedPrompt"]["chunks"].as_array()).or_else(|| {
        let arrays = OTHER_NAMES.iter().filter_map(|name| value[*name].as_array());
        value.as_array().into_iter().chain(arrays).find(|messages| messages.iter().any(is_message))
    })
}

/// The names under which programs keep what a message says.
const TEXT_NAMES: [&str; 8] =
    ["content", "text", "message", "body", "value", "msg", "parts", "refusal"];

/// Whether a value is a message with a role and content.
pub(super) fn is_message(value: &Value) -> bool {
    let message = inner_message(value);
    role_of(message).is_some() && TEXT_NAMES.iter().any(|name| message.get(name).is_some())
}

/// The message in a record around it, as `{"message": {"role": "user", …}, "timestamp": …}`.
fn inner_message(record: &Value) -> &Value {
    let inner = &record["message"];
    if record["role"].is_null() && inner["role"].is_string() { inner } else { record }
}

/// Who said a message. Under another name than "role" it has to be the user or the assistant, since
/// such fields hold anything.
fn role_of(message: &Value) -> Option<&str> {
    const OTHER_NAMES: [&str; 4] = ["sender", "author", "from", "speaker"];
    let is_speaker = |name: &&str| matches!(name.parse(), Ok(Role::User | Role::Assistant));
    message["role"]
        .as_str()
        .or_else(|| message["author"]["role"].as_str())
        .or_else(|| OTHER_NAMES.iter().filter_map(|name| message[*name].as_str()).find(is_speaker))
}

fn session_of(value: &Value) -> Option<String> {
    const NAMES: [&str; 8] = [
        "session",
        "session_id",
        "sessionId",
        "conversation_id",
        "conversationId",
        "thread_id",
        "threadId",
        "chat_id",
    ];
    text_or_number(first_present(value, &NAMES))
}

fn message_text(message: &Value) -> Result<String, SkipReason> {
    content_text(first_present(message, &TEXT_NAMES)).map_err(|reason| {
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
