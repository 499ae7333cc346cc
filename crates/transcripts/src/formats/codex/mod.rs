//! Codex CLI's rollouts: one line for everything that happens in a session.
//!
//! A rollout is two logs in one file: events, which are what the person saw, and response items,
//! which are what the model was sent and what it answered. Messages are in both. They are taken from
//! the events; a file without events, as the first versions wrote them, gives those of its response
//! items, and so does such a beginning of a file to which a later version has added. Tool calls are
//! taken from the response items.

mod messages;
mod session;
mod tools;

use std::ops::ControlFlow;

use longmem_core::{Role, Timestamp};
use serde_json::Value;

use self::messages::{Log, answered_text, is_written_by_codex, typed_text};
use self::session::Known;
use self::tools::{call_id, call_of, printed_text};
use super::reader::{FormatReader, limited_state};
use crate::json::JsonShape;
use crate::json::fields::{first_present, title};
use crate::keys::{fingerprint, session_name};
use crate::message::time::parse_time;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Bytes of turns that wait until it is known which log the file has. Beyond it they are delivered
/// by what is known so far.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Reads one record a value, or the one document of the first versions.
#[derive(Default)]
pub(super) struct Codex {
    known: Known,
    waiting: Vec<WaitingTurn>,
    waiting_bytes: usize,
    /// Whether the file is one document, which does not grow line by line.
    is_document: bool,
}

struct WaitingTurn {
    turn: ParsedTurn,
    /// The log of a message; none for a tool call.
    log: Option<Log>,
}

impl FormatReader for Codex {
    fn description() -> &'static str {
        "a Codex rollout"
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        const RECORDS: [&str; 4] = ["session_meta", "response_item", "event_msg", "turn_context"];
        let is_record = value["payload"].is_object()
            && value["type"].as_str().is_some_and(|kind| RECORDS.contains(&kind));
        let is_header = value["id"].is_string()
            && value["timestamp"].is_string()
            && value.get("instructions").is_some()
            && value["role"].is_null();
        let is_document = value["session"]["id"].is_string() && value["items"].is_array();
        shape != JsonShape::Array
            && (is_record || is_header || is_document || value["record_type"].is_string())
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        if let (Some(items), true) = (value["items"].as_array(), value["session"].is_object()) {
            self.is_document = true;
            self.known.read_session(&value["session"], &value["session"]["timestamp"]);
            return items.iter().try_for_each(|item| self.read_record(item, output));
        }
        self.read_record(&value, output)
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        for _ in 0..self.known.tool_calls.unanswered() {
            output.skip(SkipReason::ToolCall);
        }
        self.deliver_waiting(output)
    }

    fn state(&self) -> Option<Value> {
        (!self.is_document).then(|| limited_state(&self.known)).flatten()
    }

    fn restore(&mut self, state: Value) {
        self.known = serde_json::from_value(state).unwrap_or_default();
    }
}

impl Codex {
    fn read_record(&mut self, record: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        let payload = &record["payload"];
        let time = parse_time(&record["timestamp"]);
        let read = match record["type"].as_str() {
            _ if !record.is_object() => Err(SkipReason::Malformed),
            Some("session_meta") => {
                self.known.read_session(payload, &record["timestamp"]);
                Err(SkipReason::MetaLine)
            }
            Some("event_msg") => self.read_event(payload, time, output),
            Some("response_item") => self.read_item(payload, time, output),
            Some("compacted") => Err(SkipReason::CompactSummary),
            Some(_) if payload.is_object() => Err(SkipReason::MetaLine),
            // The first versions wrote the items as they are, after a line with the session's id.
            Some(_) => self.read_item(record, time, output),
            None => {
                if record["id"].is_string() {
                    self.known.read_session(record, &record["timestamp"]);
                }
                Err(SkipReason::MetaLine)
            }
        };
        if let Err(reason) = read {
            output.skip(reason);
        }
        if self.waiting_bytes < MAX_WAITING_BYTES {
            ControlFlow::Continue(())
        } else {
            self.deliver_waiting(output)
        }
    }

    fn read_event(
        &mut self,
        event: &Value,
        time: Option<Timestamp>,
        output: &mut TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        let kind = event["type"].as_str().unwrap_or_default();
        let (message, role) = match kind {
            "user_message" => {
                // Some versions tell what no person typed by the kind of the message.
                let kind = event["kind"].as_str().unwrap_or("plain");
                if kind != "plain" {
                    return Err(SkipReason::SystemMessage);
                }
                (&event["message"], Role::User)
            }
            "agent_message" => (&event["message"], Role::Assistant),
            "item_completed" => {
                let item = &event["item"];
                match item["type"].as_str().unwrap_or_default() {
                    "UserMessage" => (&item["content"], Role::User),
                    "AgentMessage" => (&item["content"], Role::Assistant),
                    // What the model proposes in plan mode is taken out of its message.
                    "Plan" => (&item["text"], Role::Assistant),
                    "Reasoning" => return Err(SkipReason::Reasoning),
                    "McpToolCall" | "DynamicToolCall" | "CommandExecution" => {
                        return self.read_whole_call(item, event, time, output);
                    }
                    _ => return Err(SkipReason::MetaLine),
                }
            }
            "mcp_tool_call_end" => {
                return self.read_whole_call(&event["invocation"], event, time, output);
            }
            "exec_command_end" => return self.read_whole_call(event, event, time, output),
            kind if kind.starts_with("agent_reasoning") => return Err(SkipReason::Reasoning),
            "error" | "stream_error" => return Err(SkipReason::ErrorMessage),
            "thread_name_updated" => {
                let name = title(&event["thread_name"]);
                self.known.title = name.or_else(|| self.known.title.take());
                return Err(SkipReason::MetaLine);
            }
            _ => return Err(SkipReason::MetaLine),
        };
        if self.known.is_told_again(kind == "item_completed", role, message) {
            return Err(SkipReason::MetaLine);
        }
        self.add_message(message, role, Log::Events, event["turn_id"].as_str(), time, output)
    }

    fn read_item(
        &mut self,
        item: &Value,
        time: Option<Timestamp>,
        output: &mut TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        let exchange = item["internal_chat_message_metadata_passthrough"]["turn_id"].as_str();
        match item["type"].as_str().unwrap_or_default() {
            "message" => {
                let role = match item["role"].as_str() {
                    Some("user") => Role::User,
                    Some("assistant") => Role::Assistant,
                    Some("developer" | "system") => return Err(SkipReason::SystemMessage),
                    _ => return Err(SkipReason::UnknownRole),
                };
                if is_written_by_codex(item) {
                    return Err(SkipReason::SystemMessage);
                }
                let content = &item["content"];
                self.add_message(content, role, Log::Responses, exchange, time, output)
            }
            "mcp_call" => self.read_whole_call(item, item, time, output),
            kind if kind.ends_with("_output") => {
                let id = call_id(item).ok_or(SkipReason::ToolResult)?;
                let printed = printed_text(first_present(item, &["output", "tools", "result"]));
                let result = self.known.tool_calls.take(id, &printed);
                let text = result.text.ok_or(SkipReason::ToolResult)?;
                self.add_tool_turn(id, text, exchange, time, output)
            }
            // The search runs at the model's provider, and its results are not written down.
            "web_search_call" => Err(SkipReason::ToolCall),
            kind if kind.ends_with("_call") => {
                let id = call_id(item).ok_or(SkipReason::ToolCall)?;
                if self.known.is_subagent {
                    return Err(SkipReason::Subagent);
                }
                self.known.tool_calls.add(id, call_of(item));
                Ok(())
            }
            "reasoning" => Err(SkipReason::Reasoning),
            "compaction" | "compaction_summary" => Err(SkipReason::CompactSummary),
            _ => Err(SkipReason::MetaLine),
        }
    }

    /// Reads a call that stands in one record with its result, unless it has response items of its
    /// own.
    fn read_whole_call(
        &mut self,
        call: &Value,
        record: &Value,
        time: Option<Timestamp>,
        output: &mut TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        let id = call_id(record).or_else(|| call_id(call)).ok_or(SkipReason::ToolCall)?;
        if self.known.tool_calls.is_waiting(id) {
            return Err(SkipReason::MetaLine);
        }
        let fields = ["result", "output", "content_items", "aggregated_output", "error"];
        let result = first_present(call, &fields);
        let result = if result.is_null() { first_present(record, &fields) } else { result };
        let text = call_of(call).text_with(&printed_text(result));
        let text = text.ok_or(SkipReason::ToolResult)?;
        self.add_tool_turn(id, text, record["turn_id"].as_str(), time, output)
    }

    fn add_message(
        &mut self,
        content: &Value,
        role: Role,
        log: Log,
        exchange: Option<&str>,
        time: Option<Timestamp>,
        output: &mut TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        if self.known.is_subagent {
            return Err(SkipReason::Subagent);
        }
        let text = match role {
            Role::User => typed_text(content, log)?,
            _ => answered_text(content)?,
        };
        let counts = match role {
            Role::User => &mut self.known.user_messages,
            _ => &mut self.known.assistant_messages,
        };
        let text_fingerprint = fingerprint(&[text.trim()]);
        let message = Some(format!("{role} {text_fingerprint}"));
        let is_told = self.known.last_response == message;
        let number = counts.count(log, exchange, is_told);
        self.known.last_response = message.filter(|_| log == Log::Responses);
        // Both logs give a message the same key, and so does a session that copies it.
        let scope = exchange.unwrap_or_else(|| self.known.scope(time, output)).to_owned();
        let ids = [&scope, role.as_str(), &number.to_string(), &text_fingerprint[..16]];
        let source_key = output.source_key(&ids);
        // The first version of longmem took the lines of the first versions of Codex for JSON Lines.
        let former_key = time.is_none().then(|| output.key_as_json_line(role, &text));
        self.add_waiting(role, text, time, source_key, Some(log), output);
        if let Some(waiting) = self.waiting.last_mut() {
            waiting.turn.former_keys.extend(former_key);
        }
        Ok(())
    }

    fn add_tool_turn(
        &mut self,
        call_id: &str,
        text: String,
        exchange: Option<&str>,
        time: Option<Timestamp>,
        output: &TurnOutput<'_>,
    ) -> Result<(), SkipReason> {
        if self.known.is_subagent {
            return Err(SkipReason::Subagent);
        }
        // Some providers number their calls from the start in every exchange.
        let scope = exchange.unwrap_or_else(|| self.known.scope(time, output));
        let source_key = output.source_key(&[scope, call_id, &fingerprint(&[&text])[..16]]);
        self.add_waiting(Role::Tool, text, time, source_key, None, output);
        Ok(())
    }

    fn add_waiting(
        &mut self,
        role: Role,
        text: String,
        time: Option<Timestamp>,
        source_key: String,
        log: Option<Log>,
        output: &TurnOutput<'_>,
    ) {
        let session = session_name(self.known.session.as_deref().unwrap_or(output.file_stem()));
        let turn = ParsedTurn {
            time,
            session_began: self.known.began,
            source_key: Some(source_key),
            ..ParsedTurn::new(session, role, text)
        };
        self.waiting_bytes += turn.bytes_in_memory();
        self.waiting.push(WaitingTurn { turn, log });
    }

    fn deliver_waiting(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.waiting_bytes = 0;
        let before_events = self.end_of_part_without_events();
        self.known.had_events |= self.known.has_events();
        for (place, WaitingTurn { turn, log }) in
            std::mem::take(&mut self.waiting).into_iter().enumerate()
        {
            let counts = match turn.role {
                Role::User => &self.known.user_messages,
                _ => &self.known.assistant_messages,
            };
            let is_told = counts.has_events && place >= before_events;
            if log == Some(Log::Responses) && is_told {
                continue;
            }
            output.deliver(ParsedTurn { title: self.known.title.clone(), ..turn })?;
        }
        ControlFlow::Continue(())
    }

    /// How many of the waiting turns an early version wrote, without events, before a later one went
    /// on. They end with an answer: a later version tells what the person said before the model
    /// answers.
    fn end_of_part_without_events(&self) -> usize {
        if self.known.had_events {
            return 0;
        }
        let first = self.waiting.iter().position(|waiting| waiting.log == Some(Log::Events));
        let before = &self.waiting[..first.unwrap_or(self.waiting.len())];
        let is_answer = |waiting: &WaitingTurn| {
            waiting.log == Some(Log::Responses) && waiting.turn.role == Role::Assistant
        };
        before.iter().rposition(is_answer).map_or(0, |place| place + 1)
    }
}
