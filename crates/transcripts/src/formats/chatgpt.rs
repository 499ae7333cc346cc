//! ChatGPT's export: conversations as trees of messages, of which one branch is shown.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::slice;

use longmem_core::Role;
use serde_json::{Map, Value};

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{text_or_number, title};
use crate::keys::{fingerprint, session_name, short_id};
use crate::message::time::parse_time;
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
        value["mapping"].is_object()
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
        for (node_id, node) in shown_branch(nodes, conversation["current_node"].as_str()) {
            let message = &node["message"];
            // The root of the tree is a node without a message.
            if message.is_null() {
                continue;
            }
            let message_id = message["id"].as_str().unwrap_or(node_id);
            let parsed = parse_message(message).map(|(role, text)| ParsedTurn {
                title: title.clone(),
                time: parse_time(&message["create_time"]),
                session_began: began,
                source_key: Some(output.source_key(&[&key_id, message_id])),
                ..ParsedTurn::new(session.clone(), role, text)
            });
            output.deliver_or_skip(parsed)?;
        }
        ControlFlow::Continue(())
    }
}

/// The nodes from the root to the current one, with their ids; where no node is current, those to
/// the newest leaf.
fn shown_branch<'a>(
    nodes: &'a Map<String, Value>,
    current: Option<&'a str>,
) -> Vec<(&'a str, &'a Value)> {
    let parents = parents(nodes);
    let mut next =
        current.filter(|id| nodes.contains_key(*id)).or_else(|| newest_leaf(nodes, &parents));
    // In a damaged tree a node can be its own ancestor.
    let mut visited = HashSet::new();
    let mut branch = Vec::new();
    while let Some(id) = next
        && let Some(node) = nodes.get(id)
        && visited.insert(id)
    {
        branch.push((id, node));
        next = parents.get(id).copied();
    }
    branch.reverse();
    branch
}

/// The parent of each node: the one that the node names, or else one that names it as a child.
fn parents(nodes: &Map<String, Value>) -> HashMap<&str, &str> {
    let mut parents = HashMap::new();
    for (id, node) in nodes {
        for child in node["children"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            parents.insert(child, id.as_str());
        }
    }
    for (id, node) in nodes {
        if let Some(parent) = node["parent"].as_str() {
            parents.insert(id, parent);
        }
    }
    parents
}

/// The leaf with the newest message. Only where every node is another's parent, which takes a cycle,
/// it is the node with the newest message.
fn newest_leaf<'a>(
    nodes: &'a Map<String, Value>,
    parents: &HashMap<&str, &str>,
) -> Option<&'a str> {
    let with_children: HashSet<&str> = parents.values().copied().collect();
    let time = |id: &str| nodes[id]["message"]["create_time"].as_f64().unwrap_or(f64::MIN);
    let newest = |leaves_only: bool| {
        nodes
            .keys()
            .map(String::as_str)
            .filter(|id| !leaves_only || !with_children.contains(id))
            .max_by(|a, b| time(a).total_cmp(&time(b)))
    };
    newest(true).or_else(|| newest(false))
}

/// Who says what in a message, or why it is skipped.
fn parse_message(message: &Value) -> Result<(Role, String), SkipReason> {
    if message["metadata"]["is_visually_hidden_from_conversation"] == true {
        return Err(SkipReason::Hidden);
    }
    let role = match message["author"]["role"].as_str().unwrap_or("").parse() {
        Ok(role @ (Role::User | Role::Assistant)) => role,
        Ok(Role::System) => return Err(SkipReason::SystemMessage),
        Ok(Role::Tool) => return Err(SkipReason::ToolResult),
        Err(_) => return Err(SkipReason::UnknownRole),
    };
    // What the model sends to a tool has the tool's name here.
    if message["recipient"].as_str().is_some_and(|recipient| recipient != "all") {
        return Err(SkipReason::ToolCall);
    }
    Ok((role, message_text(&message["content"])?))
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
    let text = without_citation_marks(&parts.join("\n"));
    if text.trim().is_empty() { Err(SkipReason::Empty) } else { Ok(text) }
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

/// Removes the marks of citations, from U+E200 to U+E201.
fn without_citation_marks(text: &str) -> String {
    const BEGIN: char = '\u{e200}';
    const END: char = '\u{e201}';
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, mark)) = rest.split_once(BEGIN) {
        kept.push_str(before);
        let Some((_, after)) = mark.split_once(END) else {
            // No later mark is closed either, so none of them is searched for its end.
            return kept + &mark.replace(BEGIN, "");
        };
        rest = after;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_citation_marks_are_removed_with_what_they_hold() {
        let text = "Oslo\u{e200}cite\u{e202}1\u{e201} is\u{e200} cold\u{e200}.";
        assert_eq!(without_citation_marks(text), "Oslo is cold.");
    }

    /// With a search to the end of the text for each mark, this would take hours.
    #[test]
    fn millions_of_citation_marks_are_read_in_one_pass() {
        let marks = "\u{e200}".repeat(1 << 22);
        assert_eq!(without_citation_marks(&marks), "");
    }
}
