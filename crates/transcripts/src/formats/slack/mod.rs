//! Slack's export: a folder a channel with a file a day, and lists of people and channels beside.

mod text;
mod workspace;

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use self::text::message_text;
use self::workspace::{LISTS, Workspace, person_name};
use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::text_or_number;
use crate::keys::session_name;
use crate::message::time::{has_unreadable_time, parse_time};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one message a value.
#[derive(Default)]
pub(super) struct Slack {
    workspace: Workspace,
}

impl FormatReader for Slack {
    fn description() -> &'static str {
        "a Slack export"
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        shape == JsonShape::Array
            && value["type"] == "message"
            && value["ts"].as_str().is_some_and(is_message_time)
    }

    fn companions() -> &'static [&'static str] {
        LISTS
    }

    fn read_companion(&mut self, name: &str, value: &Value) {
        self.workspace.add_list(name, value);
    }

    fn read_value(&mut self, message: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        output.deliver_or_skip(self.parse_message(&message, output))
    }
}

impl Slack {
    fn parse_message(
        &self,
        message: &Value,
        output: &TurnOutput<'_>,
    ) -> Result<ParsedTurn, SkipReason> {
        let ts = message["ts"].as_str().ok_or(SkipReason::Malformed)?;
        check_kind(message)?;
        let text = message_text(message, &self.workspace);
        if text.trim().is_empty() {
            return Err(SkipReason::Empty);
        }
        let (session, title) = self.session_and_title(output);
        let author = message["user"].as_str().or_else(|| message["bot_id"].as_str());
        Ok(ParsedTurn {
            title,
            speaker: self.speaker(message),
            time: parse_time(&message["ts"]),
            unreadable_time: has_unreadable_time(message),
            // The time of a message names it within its channel. With who wrote it, it names it in
            // the workspace, wherever the file of the day lies.
            source_key: Some(output.source_key(&[ts, author.unwrap_or_default()])),
            ..ParsedTurn::new(session_name(&session), Role::User, text)
        })
    }

    /// The session of the file's messages: the channel whose folder the file lies in.
    fn session_and_title(&self, output: &TurnOutput<'_>) -> (String, Option<String>) {
        let Some(folder) = output.folder_name() else {
            return (output.file_stem().to_owned(), None);
        };
        match self.workspace.channel(folder) {
            Some(channel) => (format!("Slack {}", channel.id), self.workspace.title(channel)),
            None => (format!("Slack {folder}"), Some(format!("#{folder}"))),
        }
    }

    fn speaker(&self, message: &Value) -> Option<String> {
        let known = message["user"].as_str().and_then(|id| self.workspace.person(id));
        known
            .map(str::to_owned)
            .or_else(|| person_name(&message["user_profile"]))
            .or_else(|| text_or_number(&message["username"]))
            .or_else(|| text_or_number(&message["bot_profile"]["name"]))
            .or_else(|| text_or_number(&message["user"]))
    }
}

/// Whether a text is a time as Slack writes it: seconds, a dot and six digits, "1700000000.000100".
fn is_message_time(text: &str) -> bool {
    text.split_once('.').is_some_and(|(seconds, micros)| {
        seconds.len() == 10
            && micros.len() == 6
            && seconds.bytes().chain(micros.bytes()).all(|byte| byte.is_ascii_digit())
    })
}

/// Whether somebody said something: other entries note who joined, what was renamed or pinned.
fn check_kind(message: &Value) -> Result<(), SkipReason> {
    if message["type"] != "message" {
        return Err(SkipReason::MetaLine);
    }
    if message["hidden"] == true {
        return Err(SkipReason::Hidden);
    }
    match message["subtype"].as_str() {
        None
        | Some(
            "bot_message"
            | "me_message"
            | "thread_broadcast"
            | "reply_broadcast"
            | "file_share"
            | "file_comment"
            | "assistant_app_thread"
            | "document_mention",
        ) => Ok(()),
        Some(_) => Err(SkipReason::MetaLine),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_people_is_no_talk() {
        for (value, expected) in [
            (
                json!({"type": "message", "user": "U1", "text": "Hi", "ts": "1700000000.000100"}),
                true,
            ),
            (
                json!({"type": "message", "subtype": "channel_join", "ts": "1700000000.000100"}),
                true,
            ),
            (json!({"type": "message", "date": "2026-03-01", "text": "Hi"}), false),
            (json!({"type": "message", "ts": 1_700_000_000}), false),
            (json!({"id": "U1", "name": "ana", "profile": {}}), false),
        ] {
            assert_eq!(Slack::recognizes(&value, JsonShape::Array), expected, "{value}");
            assert!(!Slack::recognizes(&value, JsonShape::Lines), "{value}");
        }
    }

    #[test]
    fn only_what_somebody_said_is_a_turn() {
        for (subtype, expected) in [
            (json!(null), Ok(())),
            (json!("thread_broadcast"), Ok(())),
            (json!("bot_message"), Ok(())),
            (json!("channel_join"), Err(SkipReason::MetaLine)),
            (json!("channel_topic"), Err(SkipReason::MetaLine)),
            (json!("tombstone"), Err(SkipReason::MetaLine)),
        ] {
            let message = json!({"type": "message", "subtype": subtype});
            assert_eq!(check_kind(&message), expected, "{subtype}");
        }
    }
}
