//! Claude Code's transcripts: one line for everything that happens in a session.

use std::collections::HashMap;
use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::Value;

use super::claude_code_titles::SessionTitles;
use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::keys::session_name;
use crate::message::content::content_text;
use crate::message::injected::without_claude_code_blocks;
use crate::message::time::parse_time;
use crate::message::tool_calls::ToolCalls;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Bytes of turns that wait for their title, which often comes last. Beyond it they are delivered
/// with the titles known so far.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Reads one line a value, or the lines of `{"loglines": […]}`.
#[derive(Default)]
pub(super) struct ClaudeCode {
    tool_calls: ToolCalls,
    titles: SessionTitles,
    waiting: Vec<ParsedTurn>,
    waiting_bytes: usize,
}

impl FormatReader for ClaudeCode {
    fn description() -> &'static str {
        "a Claude Code transcript"
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        let of_session = value["sessionId"].is_string() || value.get("parentUuid").is_some();
        value.get("loglines").is_some()
            || value["leafUuid"].is_string()
            || (value["type"].is_string() && of_session)
    }

    fn read_value(&mut self, mut value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        match value.get_mut("loglines").map(Value::take) {
            Some(Value::Array(lines)) => {
                lines.into_iter().try_for_each(|line| self.read_line(&line, output))
            }
            _ => self.read_line(&value, output),
        }
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        for _ in 0..self.tool_calls.take_unanswered() {
            output.skip(SkipReason::ToolCall);
        }
        self.deliver_waiting(output)
    }
}

impl ClaudeCode {
    fn read_line(&mut self, line: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let role = match role_of(line) {
            Ok(role) => role,
            Err(reason) => {
                self.titles.add(line);
                output.skip(reason);
                return ControlFlow::Continue(());
            }
        };
        let content = &line["message"]["content"];
        let has_calls = self.tool_calls.add_calls(content);
        let results = self.tool_calls.take_results(content);
        let uses_tools = has_calls || !results.is_empty();
        for result in results {
            match result.text {
                Some(text) => {
                    // A line can hold several results, so the key of each needs the call's id too.
                    self.add_waiting(line, Role::Tool, text, Some(&result.call_id), output);
                }
                None => output.skip(SkipReason::ToolResult),
            }
        }
        match line_text(line, role) {
            Ok(text) => self.add_waiting(line, role, text, None, output),
            // The call is stored with its result, or counted at the end.
            Err(SkipReason::ToolCall | SkipReason::ToolResult) if uses_tools => {}
            Err(reason) => output.skip(reason),
        }
        if self.waiting_bytes < MAX_WAITING_BYTES {
            ControlFlow::Continue(())
        } else {
            self.deliver_waiting(output)
        }
    }

    fn add_waiting(
        &mut self,
        line: &Value,
        role: Role,
        text: String,
        call_id: Option<&str>,
        output: &TurnOutput<'_>,
    ) {
        let session = line["sessionId"].as_str().unwrap_or(output.file_stem());
        let source_key = line["uuid"].as_str().map(|uuid| match call_id {
            None => output.source_key(&[session, uuid]),
            Some(call_id) => output.source_key(&[session, uuid, call_id]),
        });
        let turn = ParsedTurn {
            time: parse_time(&line["timestamp"]),
            source_key,
            ..ParsedTurn::new(session_name(session), role, text)
        };
        self.waiting_bytes += turn.bytes_in_memory();
        self.waiting.push(turn);
    }

    /// Delivers the waiting turns, session by session, in the order in which the sessions began.
    fn deliver_waiting(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let mut order = HashMap::new();
        for turn in &self.waiting {
            let next = order.len();
            order.entry(turn.session.clone()).or_insert(next);
        }
        // The sort is stable: within a session the order of the file stays.
        self.waiting.sort_by_key(|turn| order[&turn.session]);
        self.waiting_bytes = 0;
        for turn in std::mem::take(&mut self.waiting) {
            let title = self.titles.of(&turn.session).map(str::to_owned);
            output.deliver(ParsedTurn { title, ..turn })?;
        }
        ControlFlow::Continue(())
    }
}

/// Who speaks in a line, or why it is skipped.
fn role_of(line: &Value) -> Result<Role, SkipReason> {
    let role = match line["type"].as_str() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some(_) => return Err(SkipReason::MetaLine),
        None => return Err(SkipReason::Malformed),
    };
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
    // Messages that another program or a task sent in the user's place.
    let from_elsewhere = line["origin"]["kind"].as_str().is_some_and(|kind| kind != "human");
    if is("isMeta") || from_elsewhere || line["message"]["model"] == "<synthetic>" {
        return Err(SkipReason::MetaLine);
    }
    Ok(role)
}

/// What a line says in words, or why it says nothing.
fn line_text(line: &Value, role: Role) -> Result<String, SkipReason> {
    if !line["toolUseResult"].is_null() {
        return Err(SkipReason::ToolResult);
    }
    let text = content_text(&line["message"]["content"])?;
    if role == Role::Assistant {
        return Ok(text);
    }
    let text = without_claude_code_blocks(&text).trim().to_owned();
    if text.is_empty() {
        Err(SkipReason::Empty)
    } else if text.starts_with("[Request interrupted by user") {
        Err(SkipReason::MetaLine)
    } else {
        Ok(text)
    }
}
