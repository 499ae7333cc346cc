//! The memories of mem0, as its list of memories and its exports have them.

use std::ops::ControlFlow;

use longmem_core::{Role, UserName};
use serde_json::Value;

use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::json::fields::{first_present, text_or_number};
use crate::keys::{fingerprint, session_name};
use crate::message::time::{parse_time, time_of};
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// The session of memories that name no run.
const SESSION: &str = "mem0";

/// Reads one memory a value; each becomes a note.
#[derive(Default)]
pub(super) struct Mem0;

impl FormatReader for Mem0 {
    fn description() -> &'static str {
        "memories of mem0"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        const OTHER_FIELDS: [&str; 4] = ["user_id", "agent_id", "hash", "created_at"];
        value["memory"].is_string()
            && value["id"].is_string()
            && OTHER_FIELDS.iter().any(|field| value.get(field).is_some())
    }

    fn read_value(&mut self, memory: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let parsed = parse_memory(&memory, output);
        output.deliver_or_skip(parsed)
    }
}

/// Reads a memory. Its field `user_id` names whose it is; the memories of an agent have none.
fn parse_memory(memory: &Value, output: &TurnOutput<'_>) -> Result<ParsedTurn, SkipReason> {
    let text = memory["memory"].as_str().ok_or(SkipReason::Malformed)?.trim();
    if text.is_empty() {
        return Err(SkipReason::Empty);
    }
    let user = match text_or_number(&memory["user_id"]) {
        Some(name) => Some(UserName::new(name).map_err(|_| SkipReason::InvalidUser)?),
        None => None,
    };
    let run = text_or_number(first_present(memory, &["run_id", "session_id"]));
    // mem0 changes a memory in place. What it says now is another note, of the time of the change.
    let source_key =
        text_or_number(&memory["id"]).map(|id| output.source_key(&[&id, &fingerprint(&[text])]));
    Ok(ParsedTurn {
        user,
        time: parse_time(&memory["updated_at"]).or_else(|| time_of(memory)),
        note: true,
        source_key,
        ..ParsedTurn::new(
            session_name(run.as_deref().unwrap_or(SESSION)),
            Role::User,
            text.to_owned(),
        )
    })
}
