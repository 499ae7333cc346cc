//! The log of the command line tool `llm`: its database, and what `llm logs --json` prints.
//!
//! Both give the same rows, one a call of a model, so one reader reads them: the SQL statement names
//! its columns as the JSON does. Turns have the same source keys in both.

mod query;

use std::ops::ControlFlow;

use longmem_core::Role;
use serde_json::{Value, json};

use super::reader::FormatReader;
use crate::content::Content;
use crate::json::JsonShape;
use crate::json::fields::{text_or_number, title};
use crate::keys::{fingerprint, session_name, short_id};
use crate::message::content::{content_text, said};
use crate::message::injected::without_own_blocks;
use crate::message::time::parse_time;
use crate::message::tool_calls::ToolCalls;
use crate::parsed_turn::ParsedTurn;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one row of the database a value.
#[derive(Default)]
pub(super) struct LlmDatabase {
    rows: RowReader,
}

/// Reads one element of what `llm logs --json` prints a value.
#[derive(Default)]
pub(super) struct LlmJson {
    rows: RowReader,
}

impl FormatReader for LlmDatabase {
    fn description() -> &'static str {
        "a log of llm"
    }

    fn content() -> Content {
        Content::Database
    }

    fn recognizes(value: &Value, _shape: JsonShape) -> bool {
        query::of_tables(value).is_some()
    }

    fn query(&self, tables: &Value) -> Option<String> {
        query::of_tables(tables)
    }

    fn read_value(&mut self, row: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.rows.read_row(&row, output)
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.rows.finish(output)
    }
}

impl FormatReader for LlmJson {
    fn description() -> &'static str {
        "what `llm logs --json` prints"
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        let fields = ["conversation_id", "datetime_utc", "prompt", "response"];
        shape == JsonShape::Array && fields.iter().all(|field| value.get(field).is_some())
    }

    fn read_value(&mut self, row: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.rows.read_row(&row, output)
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.rows.finish(output)
    }
}

/// Reads calls of a model: what was asked, what its tools said, what it answered.
#[derive(Default)]
struct RowReader {
    tool_calls: ToolCalls,
}

impl RowReader {
    fn read_row(&mut self, row: &Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        if !row["response"].is_string() && !row["prompt"].is_string() {
            output.skip(SkipReason::Malformed);
            return ControlFlow::Continue(());
        }
        let time_text = row["datetime_utc"].as_str().unwrap_or_default();
        let prompt = without_own_blocks(&typed_prompt(row)).into_owned();
        let id = text_or_number(&row["id"]).unwrap_or_else(|| fingerprint(&[time_text, &prompt]));
        let id = short_id(&id);
        let session = text_or_number(&row["conversation_id"]).unwrap_or_else(|| id.to_string());
        let turn = |role: Role, part: &str, text: String| ParsedTurn {
            title: title(&row["conversation_name"]),
            source_key: Some(format!("llm:{id}:{part}")),
            ..ParsedTurn::new(session_name(&session), role, text)
        };
        let began = parse_time(&row["datetime_utc"]);
        let results =
            self.tool_calls.take_results(&as_result_blocks(&entries(&row["tool_results"])));
        if !prompt.trim().is_empty() {
            output.deliver(ParsedTurn { time: began, ..turn(Role::User, "prompt", prompt) })?;
        } else if results.is_empty() {
            output.skip(SkipReason::Empty);
        }
        for result in results {
            match result.text {
                Some(text) => {
                    let part = format!("tool:{}", short_id(&result.call_id));
                    output.deliver(ParsedTurn { time: began, ..turn(Role::Tool, &part, text) })?;
                }
                None => output.skip(SkipReason::ToolResult),
            }
        }
        let calls = as_call_blocks(&entries(&row["tool_calls"]));
        let has_calls = self.tool_calls.add_calls(&calls);
        let answer = content_text(&row["response"]).and_then(|text| said(Role::Assistant, text));
        match answer {
            // It comes after what was asked, by a millisecond.
            Ok(text) => output.deliver(ParsedTurn {
                session_began: began,
                ..turn(Role::Assistant, "response", text)
            }),
            Err(_) if has_calls => ControlFlow::Continue(()),
            Err(reason) => {
                output.skip(reason);
                ControlFlow::Continue(())
            }
        }
    }

    fn finish(&mut self, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        for _ in 0..self.tool_calls.unanswered() {
            output.skip(SkipReason::ToolCall);
        }
        ControlFlow::Continue(())
    }
}

/// The prompt without the files that the person put before it ("fragments"): these would be the same
/// long text in many prompts.
fn typed_prompt(row: &Value) -> String {
    let mut prompt = row["prompt"].as_str().unwrap_or_default().to_owned();
    for fragment in entries(&row["prompt_fragments"]) {
        if let Some(content) = fragment["content"].as_str().filter(|content| !content.is_empty())
            && let Some(rest) = prompt.strip_prefix(content)
        {
            prompt = rest.trim_start_matches('\n').to_owned();
        }
    }
    // In a database, the files are gone already, and the line end after them is left.
    prompt.trim_start_matches('\n').to_owned()
}

/// The entries of a list, which a database holds as text.
fn entries(list: &Value) -> Vec<Value> {
    match list {
        Value::Array(entries) => entries.clone(),
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn as_call_blocks(calls: &[Value]) -> Value {
    let block = |call: &Value| {
        let input = match &call["arguments"] {
            Value::String(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| text.clone().into())
            }
            arguments => arguments.clone(),
        };
        json!({"type": "tool_use", "id": call["tool_call_id"], "name": call["name"], "input": input})
    };
    calls.iter().map(block).collect()
}

fn as_result_blocks(results: &[Value]) -> Value {
    let block = |result: &Value| json!({"type": "tool_result", "tool_use_id": result["tool_call_id"], "content": result["output"]});
    results.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_no_part_of_what_was_typed() {
        let fragments = json!([{"content": "A long file"}, {"content": "Another"}]);
        for (prompt, typed) in
            [("A long file\nAnother\nWhich day?", "Which day?"), ("Which day?", "Which day?")]
        {
            let row = json!({"prompt": prompt, "prompt_fragments": fragments});
            assert_eq!(typed_prompt(&row), typed);
        }
    }

    #[test]
    fn only_rows_of_the_log_are_recognised() {
        let row = json!({"id": "r", "conversation_id": null, "datetime_utc": "2026-01-02T10:00:00",
            "prompt": "Hi", "response": "Hello"});
        assert!(LlmJson::recognizes(&row, JsonShape::Array));
        assert!(!LlmJson::recognizes(&row, JsonShape::Lines));
        assert!(!LlmJson::recognizes(&json!({"prompt": "a", "response": "b"}), JsonShape::Array));
    }
}
