//! Gemini CLI's chats: one JSON document, or, of later versions, JSON Lines.
//!
//! A line is the session's header, a message, or a change: `{"$set": {…}}` of what the header says,
//! which may hold messages, and `{"$rewindTo": …}`. A message is written again, under its id,
//! whenever it has changed.

mod messages;

use std::collections::HashMap;
use std::ops::ControlFlow;

use longmem_core::{Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::messages::{answered_text, printed_text, typed_text};
use super::reader::{FormatReader, limited_state};
use crate::json::JsonShape;
use crate::json::fields::{text_or_number, title};
use crate::keys::session_name;
use crate::message::time::parse_time;
use crate::message::tool_calls::ToolCall;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Bytes of messages that wait, since they may be written again. Beyond it they are delivered as
/// they are.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Reads a document, or one record a value.
#[derive(Default)]
pub(super) struct GeminiCli {
    header: Header,
    waiting: Vec<ReadMessage>,
    /// Places of the waiting messages by their ids.
    places: HashMap<String, usize>,
    waiting_bytes: usize,
    /// Whether the file is one document, which does not grow line by line.
    is_document: bool,
}

/// What a file says of its session.
#[derive(Default, Serialize, Deserialize)]
struct Header {
    session: Option<String>,
    title: Option<String>,
    began: Option<Timestamp>,
    is_subagent: bool,
}

/// What a message says.
#[derive(Default)]
struct ReadMessage {
    turns: Vec<ParsedTurn>,
    skipped: Vec<SkipReason>,
}

impl FormatReader for GeminiCli {
    fn description() -> &'static str {
        "a chat of Gemini CLI"
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        let is_of_lines = is_message(value) || value["$set"]["lastUpdated"].is_string();
        match shape {
            JsonShape::Array => false,
            // The line with the header may be lost.
            JsonShape::Lines | JsonShape::AfterDamage if is_of_lines => true,
            _ => value["sessionId"].is_string() && is_header(value),
        }
    }

    fn read_value(&mut self, mut value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        if !value.is_object() {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        }
        let change = value.get_mut("$set").map(Value::take);
        let header = change.as_ref().or_else(|| is_header(&value).then_some(&value));
        if let Some(header) = header {
            self.read_header(header);
            if let Some(messages) = header["messages"].as_array() {
                self.is_document |= change.is_none();
                return messages.iter().try_for_each(|message| self.read_message(message, output));
            }
        } else if value.get("$rewindTo").is_none() && value["type"] != "message_update" {
            return self.read_message(&value, output);
        }
        // What a person took back was said all the same, so that nothing is taken away. An update
        // of earlier versions holds a few fields of a message, and not what was said.
        output.skip(SkipReason::MetaLine);
        ControlFlow::Continue(())
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.deliver_waiting(output)
    }

    fn state(&self) -> Option<Value> {
        (!self.is_document).then(|| limited_state(&self.header)).flatten()
    }

    fn restore(&mut self, state: Value) {
        self.header = serde_json::from_value(state).unwrap_or_default();
    }
}

impl GeminiCli {
    fn read_header(&mut self, header: &Value) {
        let own = &mut self.header;
        own.session = text_or_number(&header["sessionId"]).or(own.session.take());
        own.title = title(&header["summary"]).or(own.title.take());
        own.began = own.began.or_else(|| parse_time(&header["startTime"]));
        own.is_subagent |= header["kind"] == "subagent";
    }

    /// Takes in a message, in place of what was read of it before.
    fn read_message(&mut self, message: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let read = self.parse_message(message, output);
        self.waiting_bytes += read.turns.iter().map(ParsedTurn::bytes_in_memory).sum::<usize>();
        let id = text_or_number(&message["id"]);
        match id.as_ref().and_then(|id| self.places.get(id)) {
            Some(place) => self.waiting[*place] = read,
            None => {
                if let Some(id) = id {
                    self.places.insert(id, self.waiting.len());
                }
                self.waiting.push(read);
            }
        }
        if self.waiting_bytes < MAX_WAITING_BYTES {
            ControlFlow::Continue(())
        } else {
            self.deliver_waiting(output)
        }
    }

    fn parse_message(&self, message: &Value, output: &TurnOutput<'_>) -> ReadMessage {
        let mut read = ReadMessage::default();
        let said = match message["type"].as_str() {
            _ if self.header.is_subagent => Err(SkipReason::Subagent),
            Some("user") => typed_text(message).map(|text| (Role::User, text)),
            Some("gemini") => answered_text(message).map(|text| (Role::Assistant, text)),
            Some("error") => Err(SkipReason::ErrorMessage),
            Some(_) => Err(SkipReason::MetaLine),
            None => Err(SkipReason::Malformed),
        };
        let session = session_name(self.header.session.as_deref().unwrap_or(output.file_stem()));
        let id = text_or_number(&message["id"]);
        let turn = |role: Role, text: String, time: &Value, call_id: Option<&str>| ParsedTurn {
            time: parse_time(time).or_else(|| parse_time(&message["timestamp"])),
            session_began: self.header.began,
            source_key: id.as_ref().map(|id| {
                let ids: Vec<&str> = [session.as_str(), id].into_iter().chain(call_id).collect();
                output.source_key(&ids)
            }),
            ..ParsedTurn::new(session.clone(), role, text)
        };
        let is_said = said.is_ok();
        match said {
            Ok((role, text)) => read.turns.push(turn(role, text, &message["timestamp"], None)),
            Err(reason) => read.skipped.push(reason),
        }
        if self.header.is_subagent {
            return read;
        }
        let calls = message["toolCalls"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (place, call) in calls.iter().enumerate() {
            let name = call["name"].as_str().unwrap_or_default();
            let printed = printed_text(call);
            let text = ToolCall::new(name, &call["args"]).text_with(&printed.unwrap_or_default());
            let call_id = text_or_number(&call["id"]).unwrap_or_else(|| place.to_string());
            match text {
                Some(text) => {
                    read.turns.push(turn(Role::Tool, text, &call["timestamp"], Some(&call_id)));
                }
                None => read.skipped.push(SkipReason::ToolResult),
            }
        }
        // A message that only calls tools is their turns.
        if !is_said && !calls.is_empty() {
            read.skipped.remove(0);
        }
        read
    }

    fn deliver_waiting(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.waiting_bytes = 0;
        self.places.clear();
        for message in std::mem::take(&mut self.waiting) {
            message.skipped.into_iter().for_each(|reason| output.skip(reason));
            for turn in message.turns {
                output.deliver(ParsedTurn { title: self.header.title.clone(), ..turn })?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Whether a value says what session a file holds.
fn is_header(value: &Value) -> bool {
    (value["type"].is_null() || value["type"] == "session_metadata")
        && (value["projectHash"].is_string() || value["startTime"].is_string())
}

/// Whether a line is a message, by fields that no other program writes together.
fn is_message(value: &Value) -> bool {
    let has = |field: &str| !value[field].is_null();
    (value["type"] == "user" || value["type"] == "gemini")
        && value["id"].is_string()
        && value["timestamp"].is_string()
        && has("content")
        && !["role", "sessionId", "message", "sender"].iter().any(|field| has(field))
}
