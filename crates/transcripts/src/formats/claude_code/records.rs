//! Whose words a record of Claude Code holds, and which turn it is.

use longmem_core::{Role, Timestamp};
use serde_json::Value;

use super::prompts::typed_text;
use crate::keys::{fingerprint, session_name};
use crate::message::content::content_text;
use crate::message::time::parse_time;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// The name of the session that a record belongs to.
pub(super) fn session_of<'a>(line: &'a Value, output: &'a TurnOutput<'_>) -> &'a str {
    line["sessionId"].as_str().unwrap_or(output.file_stem())
}

/// The turn of a record, or of the result of a call in it.
pub(super) fn turn_of(
    line: &Value,
    role: Role,
    text: String,
    call_id: Option<&str>,
    output: &TurnOutput<'_>,
) -> ParsedTurn {
    let session = session_of(line, output);
    let key = |ids: &[&str]| {
        let ids: Vec<&str> = ids.iter().copied().chain(call_id).collect();
        output.source_key(&ids)
    };
    let mut source_key = None;
    let mut former_keys = Vec::new();
    if let Some(uuid) = line["uuid"].as_str() {
        // A session that is resumed or branched copies its records with their ids.
        source_key = Some(if is_unique(uuid) {
            key(&[uuid])
        } else {
            key(&[uuid, &fingerprint(&[role.as_str(), &text])[..16]])
        });
        // Earlier versions named a turn by its session too.
        former_keys.push(key(&[session, uuid]));
        let origin = &line["forkedFrom"];
        if let Some(origin_session) = origin["sessionId"].as_str() {
            let origin_uuid = origin["messageUuid"].as_str().unwrap_or(uuid);
            former_keys.push(key(&[origin_session, origin_uuid]));
        }
    }
    ParsedTurn {
        time: parse_time(&line["timestamp"]),
        source_key,
        former_keys,
        ..ParsedTurn::new(session_name(session), role, text)
    }
}

/// Whether an id is a UUID, which no two records share. Other ids count the records of one file.
fn is_unique(id: &str) -> bool {
    id.len() == 36
        && id.char_indices().all(|(place, c)| match place {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// The key of a prompt that only the queue tells of. Its operations have no ids.
pub(super) fn queue_key(text: &str, typed: Option<Timestamp>, output: &TurnOutput<'_>) -> String {
    let typed = typed.map(|time| time.to_string()).unwrap_or_default();
    output.source_key(&["queued", &fingerprint(&[&typed, text])])
}

/// Who speaks in a message, or why it is skipped.
pub(super) fn role_of(line: &Value) -> Result<Role, SkipReason> {
    let is = |flag: &str| line[flag] == true;
    if is("isSidechain") {
        return Err(SkipReason::Subagent);
    }
    if is("isCompactSummary") {
        return Err(SkipReason::CompactSummary);
    }
    if is("isVisibleInTranscriptOnly") {
        return Err(SkipReason::Hidden);
    }
    if is_from_elsewhere(line) || line["message"]["model"] == "<synthetic>" {
        return Err(SkipReason::MetaLine);
    }
    Ok(if line["type"] == "user" { Role::User } else { Role::Assistant })
}

/// Whether Claude Code, another program or a task sent a record in the user's place.
pub(super) fn is_from_elsewhere(record: &Value) -> bool {
    let origin = record["origin"]["kind"].as_str().or(record["origin"].as_str());
    let others = ["task-notification", "peer", "teammate", "coordinator", "hook"];
    record["isMeta"] == true
        || record["rowSource"] == "harness"
        || origin.is_some_and(|kind| kind != "human")
        || ["turnOrigin", "promptSource"]
            .iter()
            .any(|field| record[*field].as_str().is_some_and(|from| others.contains(&from)))
}

/// What a line says in words, or why it says nothing.
pub(super) fn line_text(line: &Value, role: Role) -> Result<String, SkipReason> {
    let content = &line["message"]["content"];
    // A tool's result may be written beside the message, whose text is then the tool's.
    let blocks = || content.as_array().into_iter().flatten();
    if !line["toolUseResult"].is_null() && !blocks().any(|block| block["type"] == "tool_result") {
        return Err(SkipReason::ToolResult);
    }
    if role == Role::User {
        return typed_text(content);
    }
    let text = content_text(content)?;
    // Claude Code's own word for an answer without text.
    if text.trim() == "(no content)" { Err(SkipReason::Empty) } else { Ok(text) }
}
