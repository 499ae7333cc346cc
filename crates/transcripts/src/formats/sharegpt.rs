//! Conversations in the form of ShareGPT, which data sets for training use.

use std::ops::ControlFlow;

use longmem_core::{Role, SessionName};
use serde_json::Value;

use super::messages::numbered_session;
use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{first_present, text_or_number, title};
use crate::keys::session_name;
use crate::message::content::{content_text, said};
use crate::message::time::{has_unreadable_time, time_of};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// The names under which a conversation has its messages.
const LISTS: [&str; 4] = ["conversations", "conversation", "items", "messages"];

/// Reads one conversation `{"id": …, "conversations": [{"from": …, "value": …}]}` a value.
#[derive(Default)]
pub(super) struct ShareGpt {
    conversations: u64,
}

impl FormatReader for ShareGpt {
    fn description() -> &'static str {
        "conversations with \"from\" and \"value\" (ShareGPT)"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        messages_of(value).is_some()
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.conversations += 1;
        let Some(messages) = messages_of(&value) else {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let id = text_or_number(first_present(&value, &["id", "conversation_id"]))
            .unwrap_or_else(|| numbered_session(output.file_stem(), self.conversations));
        let session = session_name(&id);
        let (title, began) = (title(&value["title"]), time_of(&value));
        messages.iter().try_for_each(|message| {
            let parsed = parse_message(message, &session);
            output.deliver_or_skip(parsed.map(|turn| ParsedTurn {
                title: title.clone(),
                session_began: began,
                ..turn
            }))
        })
    }
}

/// The messages of a conversation, where they are messages of this form.
fn messages_of(value: &Value) -> Option<&Vec<Value>> {
    let is_message =
        |message: &Value| message["from"].is_string() && message.get("value").is_some();
    LISTS
        .iter()
        .filter_map(|name| value[*name].as_array())
        .find(|messages| messages.iter().any(is_message))
}

/// A message has no id, so that its key is derived from what it says.
fn parse_message(message: &Value, session: &SessionName) -> Result<ParsedTurn, SkipReason> {
    let role = match message["from"].as_str().ok_or(SkipReason::Malformed)? {
        "gpt" | "chatgpt" | "bot" | "bard" | "bing" => Role::Assistant,
        "observation" | "function_response" => Role::Tool,
        "function_call" => return Err(SkipReason::ToolCall),
        other => other.parse().map_err(|_| SkipReason::UnknownRole)?,
    };
    let text = said(role, content_text(&message["value"])?)?;
    Ok(ParsedTurn {
        time: time_of(message),
        unreadable_time: has_unreadable_time(message),
        ..ParsedTurn::new(session.clone(), role, text)
    })
}
