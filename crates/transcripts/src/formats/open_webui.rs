//! open-webui's export: chats as trees of messages, of which one branch is shown.

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{first_present, text_or_number, title};
use crate::keys::{fingerprint, session_name, short_id};
use crate::message::branches::{Node, branches};
use crate::message::content::{content_text, said};
use crate::message::time::parse_time;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// What open-webui writes into an answer besides the answer.
const ASIDES: [&str; 3] = ["reasoning", "tool_calls", "code_interpreter"];

/// Reads one chat a value: a chat with its title and times around it, or the inner chat alone.
#[derive(Default)]
pub(super) struct OpenWebUi;

impl FormatReader for OpenWebUi {
    fn description() -> &'static str {
        "an open-webui export"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        let chat = &value["chat"];
        value["history"]["messages"].is_object()
            || chat["history"]["messages"].is_object()
            || (chat["models"].is_array() && chat["messages"].is_array())
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let chat = if value["chat"].is_object() { &value["chat"] } else { &value };
        let nodes = nodes_of(chat);
        if nodes.is_empty() {
            let is_chat = chat["messages"].is_array() || chat["history"]["messages"].is_object();
            output.skip(if is_chat { SkipReason::Empty } else { SkipReason::Malformed });
            return ControlFlow::Continue(());
        }
        let title = title(&value["title"]).or_else(|| title(&chat["title"]));
        let created_at = first_present(&value, &["created_at", "timestamp"]);
        let id =
            text_or_number(&value["id"]).or_else(|| text_or_number(&chat["id"])).unwrap_or_else(
                || fingerprint(&[title.as_deref().unwrap_or(""), &created_at.to_string()]),
            );
        let session = session_name(&id);
        let key_id = short_id(&id);
        let began = parse_time(created_at).or_else(|| parse_time(&chat["timestamp"]));
        let tree = branches(nodes, chat["history"]["currentId"].as_str());
        tree.count_left_out(output);
        for Node { id, message, time, .. } in tree.shown {
            let parsed = parse_message(message).map(|(role, text)| ParsedTurn {
                title: title.clone(),
                time,
                session_began: began,
                source_key: (!id.is_empty()).then(|| output.source_key(&[&key_id, id])),
                ..ParsedTurn::new(session.clone(), role, text)
            });
            output.deliver_or_skip(parsed)?;
        }
        ControlFlow::Continue(())
    }
}

/// The messages of a chat: its tree, or else the list that older versions have instead.
fn nodes_of(chat: &Value) -> Vec<Node<'_, &Value>> {
    let tree = chat["history"]["messages"].as_object().into_iter().flatten();
    let nodes: Vec<_> = tree.map(|(id, message)| node_of(id, message)).collect();
    if !nodes.is_empty() {
        return nodes;
    }
    let list = chat["messages"].as_array().into_iter().flatten();
    list.map(|message| node_of(message["id"].as_str().unwrap_or(""), message)).collect()
}

fn node_of<'a>(id: &'a str, message: &'a Value) -> Node<'a, &'a Value> {
    let time = parse_time(&message["timestamp"]);
    Node { id, parent: message["parentId"].as_str(), time, message }
}

/// Who says what in a message, or why it is skipped.
fn parse_message(message: &Value) -> Result<(Role, String), SkipReason> {
    let role = message["role"].as_str().ok_or(SkipReason::Malformed)?;
    let role: Role = role.parse().map_err(|_| SkipReason::UnknownRole)?;
    let text = match content_text(&message["content"]) {
        Err(_) if !message["error"].is_null() && message["error"] != false => {
            return Err(SkipReason::ErrorMessage);
        }
        text => text?,
    };
    if role != Role::Assistant {
        return Ok((role, text));
    }
    let answer = without_asides(&text)?;
    Ok((role, said(role, answer)?))
}

/// An answer without the blocks `<details type="reasoning" …>…</details>` and their like. A block
/// that is never closed reaches to the end.
///
/// # Errors
/// What the blocks hold, where there is nothing else.
fn without_asides(text: &str) -> Result<String, SkipReason> {
    const BEGIN: &str = "<details";
    const END: &str = "</details>";
    let mut kept = String::with_capacity(text.len());
    let mut first_aside = None;
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let Some(tag_end) = rest[at..].find('>').map(|end| at + end + 1) else { break };
        let tag = &rest[at..tag_end];
        let kind = ASIDES.iter().find(|kind| tag.contains(&format!("type=\"{kind}\"")));
        let Some(kind) = kind else {
            kept.push_str(&rest[..tag_end]);
            rest = &rest[tag_end..];
            continue;
        };
        first_aside.get_or_insert(*kind);
        kept.push_str(&rest[..at]);
        rest = match rest[tag_end..].find(END) {
            Some(end) => rest[tag_end + end + END.len()..].trim_start_matches('\n'),
            None => "",
        };
    }
    kept.push_str(rest);
    match first_aside {
        None => Ok(text.to_owned()),
        Some(_) if !kept.trim().is_empty() => Ok(kept),
        Some("reasoning") => Err(SkipReason::Reasoning),
        Some(_) => Err(SkipReason::ToolCall),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_of_the_answer_is_left_out() {
        let reasoning = "<details type=\"reasoning\" done=\"true\" duration=\"3\">\n<summary>Thought \
                         for 3 seconds</summary>\n> 15 * 17\n</details>\n";
        let call = "<details type=\"tool_calls\" done=\"true\" id=\"c\" name=\"look\" \
                    arguments=\"&quot;{}&quot;\">\n<summary>Tool Executed</summary>\n</details>\n";
        for (text, answer) in [
            (format!("{reasoning}255"), Ok("255")),
            (format!("{call}{reasoning}It is 255.\n{call}Yes."), Ok("It is 255.\nYes.")),
            (reasoning.to_owned(), Err(SkipReason::Reasoning)),
            (call.to_owned(), Err(SkipReason::ToolCall)),
            (
                "<details type=\"reasoning\" done=\"false\">\nnever".to_owned(),
                Err(SkipReason::Reasoning),
            ),
        ] {
            assert_eq!(without_asides(&text), answer.map(str::to_owned), "{text}");
        }
        for text in
            ["<details><summary>More</summary>x</details>", "<details type=\"reasoning", "a"]
        {
            assert_eq!(without_asides(text), Ok(text.to_owned()));
        }
        let asides = reasoning.repeat(1 << 12) + &"<details type=\"reasoning\">".repeat(1 << 16);
        assert_eq!(without_asides(&asides), Err(SkipReason::Reasoning));
    }
}
