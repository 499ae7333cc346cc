//! The knowledge graph of the MCP server `server-memory`: a file of JSON Lines.

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::title;
use crate::keys::{fingerprint, session_name};
use crate::message::time::time_of;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one entity or relation a line, or the whole graph as one value. What was observed of an
/// entity, and each relation, becomes a note.
#[derive(Default)]
pub(super) struct ServerMemory;

impl FormatReader for ServerMemory {
    fn description() -> &'static str {
        "a knowledge graph of server-memory"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        is_entity(value)
            || is_relation(value)
            || (value["relations"].is_array()
                && value["entities"]
                    .as_array()
                    .is_some_and(|entities| entities.iter().any(is_entity)))
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        if is_entity(&value) {
            return read_entity(&value, output);
        }
        if is_relation(&value) {
            return read_relation(&value, output);
        }
        let Some(entities) = value["entities"].as_array() else {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        };
        let relations = value["relations"].as_array().into_iter().flatten();
        entities.iter().try_for_each(|entity| read_entity(entity, output))?;
        relations.into_iter().try_for_each(|relation| read_relation(relation, output))
    }
}

fn is_entity(value: &Value) -> bool {
    value["name"].is_string() && value["entityType"].is_string() && value["observations"].is_array()
}

fn is_relation(value: &Value) -> bool {
    ["from", "to", "relationType"].iter().all(|field| value[*field].is_string())
}

fn read_entity(entity: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
    let (Some(name), Some(observations)) =
        // The name stands before each observation, so a huge one is cut as a title is.
        (title(&entity["name"]), entity["observations"].as_array())
    else {
        output.skip(SkipReason::Malformed);
        return ControlFlow::Continue(());
    };
    if observations.is_empty() {
        output.skip(SkipReason::Empty);
    }
    observations.iter().try_for_each(|observation| {
        // Some forks of the server keep a time with each observation.
        let text = observation.as_str().or_else(|| observation["content"].as_str());
        match text.map(str::trim) {
            None => output.skip(SkipReason::Malformed),
            Some("") => output.skip(SkipReason::Empty),
            Some(text) => {
                let key = output.source_key(&[&name, &fingerprint(&[text])]);
                return deliver(format!("{name}: {text}"), key, observation, output);
            }
        }
        ControlFlow::Continue(())
    })
}

fn read_relation(relation: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
    let (Some(from), Some(to), Some(kind)) =
        (relation["from"].as_str(), relation["to"].as_str(), relation["relationType"].as_str())
    else {
        output.skip(SkipReason::Malformed);
        return ControlFlow::Continue(());
    };
    // "works_at" is written for programs.
    let text = format!("{from} {} {to}", kind.replace('_', " "));
    let key = output.source_key(&[from, &fingerprint(&[kind, to])]);
    deliver(text, key, relation, output)
}

fn deliver(
    text: String,
    source_key: String,
    value: &Value,
    output: &mut TurnOutput<'_>,
) -> ControlFlow<()> {
    let session = session_name(output.file_stem());
    output.deliver(ParsedTurn {
        time: time_of(value),
        note: true,
        source_key: Some(source_key),
        ..ParsedTurn::new(session, Role::User, text)
    })
}
