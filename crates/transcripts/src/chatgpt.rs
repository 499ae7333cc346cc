//! ChatGPT's export: conversations as trees of messages, of which one branch is shown.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::slice;

use longmem_core::Role;
use serde_json::{Map, Value};

use crate::SkipReason;
use crate::intake::{Draft, Intake};
use crate::json::label;
use crate::key::{fingerprint, session_name};
use crate::moment::moment;
use crate::read::ValueReader;

/// Reads one conversation a value.
pub(crate) struct ChatGpt;

impl ValueReader for ChatGpt {
    fn value(&mut self, conversation: Value, intake: &mut Intake<'_>) -> ControlFlow<()> {
        let Some(mapping) = conversation["mapping"].as_object() else {
            intake.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let title = label(&conversation["title"]);
        let began = &conversation["create_time"];
        let id = label(&conversation["conversation_id"])
            .or_else(|| label(&conversation["id"]))
            .unwrap_or_else(|| fingerprint(&[title.as_deref().unwrap_or(""), &began.to_string()]));
        for (node_id, node) in branch(mapping, conversation["current_node"].as_str()) {
            let message = &node["message"];
            if message.is_null() {
                continue;
            }
            match said(message) {
                Err(reason) => intake.skip(reason),
                Ok((role, text)) => {
                    let message_id = message["id"].as_str().unwrap_or(node_id);
                    intake.deliver(Draft {
                        user: None,
                        session: session_name(&id),
                        title: title.clone(),
                        role,
                        speaker: None,
                        text,
                        time: moment(&message["create_time"]),
                        session_time: moment(began),
                        key: Some(intake.key(&[&id, message_id])),
                    })?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// The nodes from the root to the current one; to the newest leaf where none is current.
fn branch<'a>(
    mapping: &'a Map<String, Value>,
    current: Option<&'a str>,
) -> Vec<(&'a str, &'a Value)> {
    let parents = parents(mapping);
    let mut next =
        current.filter(|id| mapping.contains_key(*id)).or_else(|| newest_leaf(mapping, &parents));
    let mut seen = HashSet::new();
    let mut nodes = Vec::new();
    while let Some(id) = next
        && let Some(node) = mapping.get(id)
        && seen.insert(id)
    {
        nodes.push((id, node));
        next = parents.get(id).copied();
    }
    nodes.reverse();
    nodes
}

/// Each node's parent, by its own word or else by its parent's.
fn parents(mapping: &Map<String, Value>) -> HashMap<&str, &str> {
    let mut parents = HashMap::new();
    for (id, node) in mapping {
        for child in node["children"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            parents.insert(child, id.as_str());
        }
    }
    for (id, node) in mapping {
        if let Some(parent) = node["parent"].as_str() {
            parents.insert(id, parent);
        }
    }
    parents
}

/// The node that nobody follows and whose message is newest; where all are followed, which takes a
/// cycle, the newest of all.
fn newest_leaf<'a>(
    mapping: &'a Map<String, Value>,
    parents: &HashMap<&str, &str>,
) -> Option<&'a str> {
    let followed: HashSet<&str> = parents.values().copied().collect();
    let time = |id: &str| mapping[id]["message"]["create_time"].as_f64().unwrap_or(f64::MIN);
    let newest = |leaves_only: bool| {
        mapping
            .keys()
            .map(String::as_str)
            .filter(|id| !leaves_only || !followed.contains(id))
            .max_by(|a, b| time(a).total_cmp(&time(b)))
    };
    newest(true).or_else(|| newest(false))
}

/// Who said what in a message, or why it is nothing that was said.
fn said(message: &Value) -> Result<(Role, String), SkipReason> {
    if message["metadata"]["is_visually_hidden_from_conversation"] == true {
        return Err(SkipReason::Hidden);
    }
    let role = match message["author"]["role"].as_str().unwrap_or("").parse() {
        Ok(role @ (Role::User | Role::Assistant)) => role,
        Ok(Role::System) => return Err(SkipReason::SystemMessage),
        Ok(Role::Tool) => return Err(SkipReason::ToolResult),
        Err(_) => return Err(SkipReason::UnknownRole),
    };
    if message["recipient"].as_str().is_some_and(|recipient| recipient != "all") {
        return Err(SkipReason::ToolCall);
    }
    Ok((role, words(&message["content"])?))
}

fn words(content: &Value) -> Result<String, SkipReason> {
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
    let has_words = |parts: &[Value]| parts.iter().any(|part| part_text(part).is_some());
    let parts = content["parts"].as_array().map_or(&[][..], Vec::as_slice);
    let parts = if has_words(parts) { parts } else { slice::from_ref(&content["text"]) };
    if !has_words(parts) {
        return Err(SkipReason::Empty);
    }
    let parts: Vec<&str> =
        parts.iter().filter_map(|part| part_text(part).or_else(|| placeholder(part))).collect();
    let text = without_citation_marks(&parts.join("\n"));
    if text.trim().is_empty() { Err(SkipReason::Empty) } else { Ok(text) }
}

/// The words of a part: a string, or what was understood of a recording.
fn part_text(part: &Value) -> Option<&str> {
    part.as_str().or_else(|| part["text"].as_str()).filter(|text| !text.trim().is_empty())
}

/// Stands for a part without words, so that what is said about it can be understood.
fn placeholder(part: &Value) -> Option<&'static str> {
    let kind = part["content_type"].as_str()?;
    if kind.starts_with("image") {
        Some("[image]")
    } else if kind.contains("audio") || kind.starts_with("video") {
        // A recording comes beside its own words.
        None
    } else {
        Some("[attachment]")
    }
}

/// Takes out the marks for footnotes, which stand between U+E200 and U+E201.
fn without_citation_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, mark)) = rest.split_once('\u{e200}') {
        kept.push_str(before);
        rest = mark.split_once('\u{e201}').map_or(mark, |(_, after)| after);
    }
    kept + rest
}
