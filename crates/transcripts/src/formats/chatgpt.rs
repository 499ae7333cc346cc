//! ChatGPT's export: conversations as trees of messages, of which one branch is shown.

mod canvas;
mod marks;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::slice;

use longmem_core::Role;
use serde_json::{Map, Value};

use self::canvas::Canvas;
pub(super) use self::marks::without_marks;
use super::deepseek;
use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{text_or_number, title};
use crate::keys::{fingerprint, session_name, short_id};
use crate::message::branches::{Node, branches};
use crate::message::content::said;
use crate::message::time::{has_unreadable_time, parse_time};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one conversation a value.
#[derive(Default)]
pub(super) struct ChatGpt;

impl FormatReader for ChatGpt {
    fn description() -> &'static str {
        "a ChatGPT export"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        value["mapping"].is_object() && !deepseek::is_conversation(value)
    }

    fn read_value(&mut self, conversation: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let Some(nodes) = conversation["mapping"].as_object() else {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let title = title(&conversation["title"]);
        let create_time = &conversation["create_time"];
        let id = text_or_number(&conversation["conversation_id"])
            .or_else(|| text_or_number(&conversation["id"]))
            .unwrap_or_else(|| {
                fingerprint(&[title.as_deref().unwrap_or(""), &create_time.to_string()])
            });
        let session = session_name(&id);
        let key_id = short_id(&id);
        let began = parse_time(create_time);
        let named_by = parents_by_child(nodes);
        let nodes = nodes.iter().map(|(node_id, node)| Node {
            id: node_id,
            parent: parent_of(node_id, node, nodes, &named_by),
            time: parse_time(&node["message"]["create_time"]),
            message: &node["message"],
        });
        let tree = branches(nodes.collect(), conversation["current_node"].as_str());
        let mut canvas = Canvas::default();
        tree.count_left_out(output);
        for Node { id, message, time, .. } in tree.shown {
            // The root of the tree is a node without a message.
            if message.is_null() {
                continue;
            }
            let message_id = message["id"].as_str().unwrap_or(id);
            let parsed = parse_message(message, &mut canvas).map(|(role, text)| ParsedTurn {
                unreadable_time: time.is_none() && has_unreadable_time(message),
                title: title.clone(),
                time,
                session_began: began,
                source_key: Some(output.source_key(&[&key_id, message_id])),
                ..ParsedTurn::new(session.clone(), role, text)
            });
            output.deliver_or_skip(parsed)?;
        }
        ControlFlow::Continue(())
    }
}

/// The node before another one: the one that it names as its parent, or, where that is not in the
/// file, the one that names it as its child.
fn parent_of<'a>(
    id: &str,
    node: &'a Value,
    nodes: &Map<String, Value>,
    named_by: &HashMap<&str, &'a str>,
) -> Option<&'a str> {
    let parent = node["parent"].as_str();
    parent
        .filter(|parent| nodes.contains_key(*parent))
        .or_else(|| named_by.get(id).copied())
        .or(parent)
}

/// The node that names another one as its child, by the child's id.
fn parents_by_child(nodes: &Map<String, Value>) -> HashMap<&str, &str> {
    let mut parents = HashMap::new();
    for (id, node) in nodes {
        for child in node["children"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            parents.insert(child, id.as_str());
        }
    }
    parents
}

/// Who says what in a message, or why it is skipped.
fn parse_message(message: &Value, canvas: &mut Canvas) -> Result<(Role, String), SkipReason> {
    if message["metadata"]["is_visually_hidden_from_conversation"] == true {
        return Err(SkipReason::Hidden);
    }
    if message["metadata"]["is_user_system_message"] == true {
        return Err(SkipReason::CustomInstructions);
    }
    let role = match message["author"]["role"].as_str().unwrap_or("").parse() {
        Ok(role @ (Role::User | Role::Assistant)) => role,
        Ok(Role::System) => return Err(SkipReason::SystemMessage),
        Ok(Role::Tool) => return Err(SkipReason::ToolResult),
        Err(_) => return Err(SkipReason::UnknownRole),
    };
    // What the model sends to a tool has the tool's name here.
    if message["recipient"].as_str().is_some_and(|recipient| recipient != "all") {
        let document = canvas.document(message).ok_or(SkipReason::ToolCall)?;
        return Ok((role, document));
    }
    // What a model writes for itself. Its other channels, "commentary" and "final", are shown.
    if message["channel"] == "analysis" {
        return Err(SkipReason::Reasoning);
    }
    let text = message_text(&message["content"])?;
    let text = match without_marks(&text, &message["metadata"]["content_references"]) {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text,
    };
    if text.trim().is_empty() {
        return Err(SkipReason::Empty);
    }
    Ok((role, said(role, text)?))
}

fn message_text(content: &Value) -> Result<String, SkipReason> {
    match content["content_type"].as_str().unwrap_or("text") {
        "text" | "code" | "multimodal_text" => {}
        "thoughts" | "reasoning_recap" => return Err(SkipReason::Reasoning),
        "model_editable_context" | "user_editable_context" => {
            return Err(SkipReason::CustomInstructions);
        }
        "execution_output" | "tether_browsing_display" | "tether_quote" => {
            return Err(SkipReason::ToolResult);
        }
        "system_error" => return Err(SkipReason::ErrorMessage),
        _ => return Err(SkipReason::UnknownContent),
    }
    // "parts" where any part has text; else "text", which code and some older messages use.
    let has_text = |parts: &[Value]| parts.iter().any(|part| part_text(part).is_some());
    let parts = content["parts"].as_array().map_or(&[][..], Vec::as_slice);
    let parts = if has_text(parts) { parts } else { slice::from_ref(&content["text"]) };
    if !has_text(parts) {
        return Err(SkipReason::Empty);
    }
    let parts: Vec<&str> =
        parts.iter().filter_map(|part| part_text(part).or_else(|| placeholder(part))).collect();
    Ok(parts.join("\n"))
}

/// The text of a part: a string, or the transcription of a recording.
fn part_text(part: &Value) -> Option<&str> {
    part.as_str().or_else(|| part["text"].as_str()).filter(|text| !text.trim().is_empty())
}

/// Stands for a part without text, so that what the message says about it can be understood.
fn placeholder(part: &Value) -> Option<&'static str> {
    let kind = part["content_type"].as_str()?;
    if kind.starts_with("image") {
        Some("[image]")
    } else if kind.contains("audio") || kind.starts_with("video") {
        // Beside a recording stands its transcription, as a part of its own.
        None
    } else {
        Some("[attachment]")
    }
}
