//! DeepSeek's export: conversations as trees of messages, each of which consists of fragments.

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{text_or_number, title};
use crate::keys::{fingerprint, session_name, short_id};
use crate::message::branches::{Node, branches};
use crate::message::content::{content_text, said};
use crate::message::time::{has_unreadable_time, time_of};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one conversation a value.
#[derive(Default)]
pub(super) struct DeepSeek;

impl FormatReader for DeepSeek {
    fn description() -> &'static str {
        "a DeepSeek export"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        is_conversation(value)
    }

    fn read_value(&mut self, conversation: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let Some(nodes) = conversation["mapping"].as_object() else {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let title = title(&conversation["title"]);
        let began = time_of(&conversation);
        let id = text_or_number(&conversation["id"]).unwrap_or_else(|| {
            let began = began.map(|time| time.to_string()).unwrap_or_default();
            fingerprint(&[title.as_deref().unwrap_or(""), &began])
        });
        let session = session_name(&id);
        let key_id = short_id(&id);
        let nodes = nodes.iter().map(|(node_id, node)| Node {
            id: node_id,
            parent: node["parent"].as_str(),
            time: time_of(&node["message"]),
            message: &node["message"],
        });
        let tree = branches(nodes.collect(), None);
        tree.count_left_out(output);
        // The root of the tree is a node without a message.
        for Node { id, message, time, .. } in
            tree.shown.into_iter().filter(|node| !node.message.is_null())
        {
            let parsed = parse_message(message).map(|(role, text)| ParsedTurn {
                unreadable_time: has_unreadable_time(message),
                title: title.clone(),
                time,
                session_began: began,
                source_key: Some(output.source_key(&[&key_id, id])),
                ..ParsedTurn::new(session.clone(), role, text)
            });
            output.deliver_or_skip(parsed)?;
        }
        ControlFlow::Continue(())
    }
}

/// Whether a value is a conversation of DeepSeek. ChatGPT's are trees as well, and have other times.
pub(super) fn is_conversation(value: &Value) -> bool {
    value["mapping"].is_object() && value["inserted_at"].is_string()
}

/// Who says what in a message, or why it is skipped: the request is the person's, the response the
/// model's, beside what it thought and what it found.
fn parse_message(message: &Value) -> Result<(Role, String), SkipReason> {
    let fragments = message["fragments"].as_array().ok_or(SkipReason::UnknownContent)?;
    let texts = |kind: &str| {
        let of_kind = fragments.iter().filter(|fragment| fragment["type"] == kind);
        of_kind.filter_map(|fragment| content_text(&fragment["content"]).ok()).collect::<Vec<_>>()
    };
    for (kind, role) in [("REQUEST", Role::User), ("RESPONSE", Role::Assistant)] {
        let texts = texts(kind);
        if !texts.is_empty() {
            return Ok((role, said(role, texts.join("\n\n"))?));
        }
    }
    let kinds: Vec<&str> =
        fragments.iter().filter_map(|fragment| fragment["type"].as_str()).collect();
    Err(match kinds[..] {
        [] => SkipReason::Empty,
        _ if kinds.iter().any(|kind| matches!(*kind, "REQUEST" | "RESPONSE")) => SkipReason::Empty,
        _ if kinds.contains(&"THINK") => SkipReason::Reasoning,
        _ => SkipReason::UnknownContent,
    })
}
