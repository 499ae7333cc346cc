//! LM Studio's conversations, of which each message has versions.

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::title;
use crate::keys::session_name;
use crate::message::content::{content_text, said};
use crate::message::time::time_of;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one conversation a value. Its id is the name of its file, and its messages have none.
#[derive(Default)]
pub(super) struct LmStudio;

impl FormatReader for LmStudio {
    fn description() -> &'static str {
        "a conversation of LM Studio"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        value["messages"].as_array().is_some_and(|messages| {
            messages.iter().any(|message| {
                message["versions"].is_array() && message["currentlySelected"].is_u64()
            })
        })
    }

    fn read_value(&mut self, conversation: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let Some(messages) = conversation["messages"].as_array() else {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let (title, began) = (title(&conversation["name"]), time_of(&conversation));
        let id = output.file_stem().trim_end_matches(".conversation");
        let session = session_name(id);
        for message in messages {
            let versions = message["versions"].as_array().map_or(&[][..], Vec::as_slice);
            let selected = message["currentlySelected"].as_u64().unwrap_or(0);
            let selected = usize::try_from(selected).unwrap_or(usize::MAX);
            for _ in 1..versions.len() {
                output.skip(SkipReason::AbandonedBranch);
            }
            let version = versions.get(selected).or(versions.last()).unwrap_or(&Value::Null);
            let parsed = parse_version(version).map(|(role, text)| ParsedTurn {
                title: title.clone(),
                session_began: began,
                ..ParsedTurn::new(session.clone(), role, text)
            });
            output.deliver_or_skip(parsed)?;
        }
        ControlFlow::Continue(())
    }
}

/// Who says what in a version of a message, or why it is skipped.
fn parse_version(version: &Value) -> Result<(Role, String), SkipReason> {
    let role = version["role"].as_str().ok_or(SkipReason::Malformed)?;
    let role: Role = role.parse().map_err(|_| SkipReason::UnknownRole)?;
    let Some(steps) = version["steps"].as_array().filter(|steps| !steps.is_empty()) else {
        return Ok((role, said(role, content_text(&version["content"])?)?));
    };
    let mut reason = SkipReason::Empty;
    let mut texts = Vec::new();
    for step in steps.iter().filter(|step| step["type"] == "contentBlock") {
        if step["style"]["type"] == "thinking" {
            reason = SkipReason::Reasoning;
        } else if let Ok(text) = content_text(&step["content"]) {
            texts.push(text);
        } else if step["content"].as_array().is_some_and(|blocks| !blocks.is_empty()) {
            reason = SkipReason::ToolCall;
        }
    }
    if texts.is_empty() {
        return Err(reason);
    }
    Ok((role, said(role, texts.join("\n\n"))?))
}
