//! LibreChat's export of one conversation as JSON: a list of messages, or a tree of them.

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use super::chatgpt::without_marks;
use super::reader::FormatReader;
use crate::json::fields::{text_or_number, title};
use crate::json::{JsonShape, Limits, parse_text};
use crate::keys::{session_name, short_id};
use crate::message::branches::{Node, branches};
use crate::message::content::{content_text, said};
use crate::message::time::{has_unreadable_time, time_of};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Bytes of deeply nested messages that are parsed, again for each level of some 60 messages.
const MAX_REPARSED_BYTES: usize = 1 << 30;

/// Reads one conversation a value.
#[derive(Default)]
pub(super) struct LibreChat;

impl FormatReader for LibreChat {
    fn description() -> &'static str {
        "a LibreChat export"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        let first = messages_of(value).and_then(|messages| messages.first());
        first.is_some_and(|message| message["isCreatedByUser"].is_boolean())
    }

    fn read_value(
        &mut self,
        mut conversation: Value,
        output: &mut TurnOutput<'_>,
    ) -> ControlFlow<()> {
        if messages_of(&conversation).is_none() {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        }
        let messages = ["messagesTree", "messages"]
            .iter()
            .find(|list| conversation[**list].is_array())
            .map_or(Value::Null, |list| conversation[*list].take());
        let title = title(&conversation["title"]);
        let id = text_or_number(&conversation["conversationId"])
            .unwrap_or_else(|| output.file_stem().to_owned());
        let session = session_name(&id);
        let key_id = short_id(&id);
        let flat = flattened(messages);
        for reason in flat.cut {
            output.skip(reason);
        }
        let nodes = flat.messages.iter().map(|(message, above)| Node {
            id: message["messageId"].as_str().unwrap_or(""),
            parent: above.as_deref().or_else(|| message["parentMessageId"].as_str()),
            time: time_of(message),
            message,
        });
        let tree = branches(nodes.collect(), None);
        tree.count_left_out(output);
        for Node { id, message, time, .. } in tree.shown {
            let parsed = parse_message(message).map(|(role, text)| ParsedTurn {
                unreadable_time: has_unreadable_time(message),
                title: title.clone(),
                time,
                source_key: (!id.is_empty()).then(|| output.source_key(&[&key_id, id])),
                ..ParsedTurn::new(session.clone(), role, text)
            });
            output.deliver_or_skip(parsed)?;
        }
        ControlFlow::Continue(())
    }
}

fn messages_of(conversation: &Value) -> Option<&Vec<Value>> {
    conversation["messagesTree"].as_array().or_else(|| conversation["messages"].as_array())
}

/// The messages of a tree.
#[derive(Default)]
struct Flattened {
    /// Each message, in the order of the file, with the id of the message that it is a child of.
    messages: Vec<(Value, Option<String>)>,
    /// Why children could not be read.
    cut: Vec<SkipReason>,
}

/// Takes the messages of a list with their "children" apart.
///
/// A chain of messages is nested as deep as it is long. What is too deep for the parser comes as
/// text, and is parsed by itself.
fn flattened(messages: Value) -> Flattened {
    let mut flat = Flattened::default();
    let mut bytes_left = MAX_REPARSED_BYTES;
    let mut waiting = vec![(messages, None)];
    while let Some((mut next, above)) = waiting.pop() {
        if let Value::String(deep) = &next {
            let rest = bytes_left.checked_sub(deep.len());
            bytes_left = rest.unwrap_or(bytes_left);
            match rest.map_or(Err(SkipReason::TooLong), |_| parse_text(deep, Limits::default())) {
                Ok(value @ (Value::Array(_) | Value::Object(_))) => next = value,
                Ok(_) => continue,
                Err(reason) => {
                    flat.cut.push(reason);
                    continue;
                }
            }
        }
        if let Value::Array(list) = next {
            waiting.extend(list.into_iter().rev().map(|message| (message, above.clone())));
            continue;
        }
        let children = next.get_mut("children").map_or(Value::Null, Value::take);
        if !children.is_null() {
            waiting.push((children, next["messageId"].as_str().map(str::to_owned)));
        }
        flat.messages.push((next, above));
    }
    flat
}

/// Who says what in a message, or why it is skipped.
fn parse_message(message: &Value) -> Result<(Role, String), SkipReason> {
    let is_person = message["isCreatedByUser"].as_bool().ok_or(SkipReason::Malformed)?;
    if message["error"] == true {
        return Err(SkipReason::ErrorMessage);
    }
    let text = content_text(&message["content"]).or_else(|reason| match reason {
        SkipReason::Empty => content_text(&message["text"]),
        _ => Err(reason),
    })?;
    if is_person {
        return Ok((Role::User, text));
    }
    let text = with_signs(&text);
    let text = without_marks(&text, &Value::Null).into_owned();
    let text = said(Role::Assistant, text)?;
    if text.trim().is_empty() { Err(SkipReason::Empty) } else { Ok((Role::Assistant, text)) }
}

/// A text whose marks of sources are the signs themselves. LibreChat asks its models to write them as
/// escapes: `\ue202turn0search1`.
fn with_signs(text: &str) -> String {
    let mut text = text.to_owned();
    for sign in '\u{e200}'..='\u{e206}' {
        let escape = format!("\\u{:x}", u32::from(sign));
        if text.contains(&escape) {
            text = text.replace(&escape, &sign.to_string());
        }
    }
    text
}
