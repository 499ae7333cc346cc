//! Claude.ai's export: conversations as lists of messages, of which one branch is shown.

mod artifacts;

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use self::artifacts::Artifacts;
use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{first_present, text_or_number, title};
use crate::keys::{fingerprint, session_name};
use crate::message::branches::{Branches, Node, branches};
use crate::message::content::{content_text, said};
use crate::message::time::{has_unreadable_time, parse_time};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one conversation a value.
#[derive(Default)]
pub(super) struct ClaudeAi;

impl FormatReader for ClaudeAi {
    fn description() -> &'static str {
        "a Claude.ai export"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        value.get("chat_messages").is_some()
            || (value.get("messages").is_some() && value["uuid"].is_string())
    }

    fn read_value(&mut self, conversation: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let messages = first_present(&conversation, &["chat_messages", "messages"]);
        let Some(messages) = messages.as_array() else {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let title = title(&conversation["name"]);
        let created_at = &conversation["created_at"];
        let id = text_or_number(&conversation["uuid"]).unwrap_or_else(|| {
            fingerprint(&[title.as_deref().unwrap_or(""), &created_at.to_string()])
        });
        let session = session_name(&id);
        let began = parse_time(created_at);
        let tree = shown_messages(messages, &conversation["current_leaf_message_uuid"]);
        let mut artifacts = Artifacts::default();
        tree.count_left_out(output);
        for Node { message, time, .. } in tree.shown {
            let parsed = parse_message(message, &mut artifacts).map(|(role, text)| ParsedTurn {
                unreadable_time: time.is_none() && has_unreadable_time(message),
                title: title.clone(),
                time,
                session_began: began,
                source_key: text_or_number(&message["uuid"]).map(|id| output.source_key(&[&id])),
                ..ParsedTurn::new(session.clone(), role, text)
            });
            output.deliver_or_skip(parsed)?;
        }
        ControlFlow::Continue(())
    }
}

/// The messages of the branch that ends in the message named `last`; all of them, in the order of the
/// file, where no message has that name.
fn shown_messages<'a>(messages: &'a [Value], last: &Value) -> Branches<'a, &'a Value> {
    let nodes: Vec<_> = messages
        .iter()
        .map(|message| Node {
            id: message["uuid"].as_str().unwrap_or(""),
            parent: message["parent_message_uuid"].as_str(),
            time: parse_time(&message["created_at"]),
            message,
        })
        .collect();
    let last = last.as_str().filter(|last| nodes.iter().any(|node| node.id == *last));
    let is_linked = nodes.iter().any(|node| node.parent.is_some());
    match last {
        Some(last) if is_linked => branches(nodes, Some(last)),
        _ => Branches { shown: nodes, abandoned: Vec::new(), unlinked: Vec::new() },
    }
}

/// Who says what in a message, with the documents that belong to it, or why it is skipped.
fn parse_message(message: &Value, artifacts: &mut Artifacts) -> Result<(Role, String), SkipReason> {
    let role = first_present(message, &["sender", "role"]).as_str().ok_or(SkipReason::Malformed)?;
    let role = role.parse().map_err(|_| SkipReason::UnknownRole)?;
    let text = content_text(&message["content"]).or_else(|reason| match reason {
        SkipReason::Empty => content_text(&message["text"]),
        // Beside blocks of other kinds, "text" may only repeat that they cannot be shown.
        _ => Err(reason),
    });
    let mut documents = attached_texts(message);
    let text = if role == Role::Assistant {
        documents.extend(artifacts.written_in(&message["content"]));
        text.and_then(|text| said(role, artifacts::without_tags(&text)))
    } else {
        text
    };
    match text {
        Err(reason) if documents.is_empty() => Err(reason),
        text => Ok((role, text.into_iter().chain(documents).collect::<Vec<_>>().join("\n\n"))),
    }
}

/// The texts of attached files and long pastes, each under its name.
fn attached_texts(message: &Value) -> Vec<String> {
    let attachments = message["attachments"].as_array().into_iter().flatten();
    attachments
        .filter_map(|attachment| {
            let text = attachment["extracted_content"].as_str()?.trim();
            let name = attachment["file_name"].as_str().filter(|name| !name.is_empty());
            (!text.is_empty()).then(|| format!("[{}]\n{text}", name.unwrap_or("attachment")))
        })
        .collect()
}
