//! Joins what a tool was asked with what it printed.
//!
//! A call says little without its result, and a result less without its call. So both become one
//! turn: the tool's name and its arguments on the first line, what it printed below.

use std::collections::HashMap;

use serde_json::Value;

use super::content::content_text;
use super::injected::without_claude_code_blocks;

/// Bytes of the calls that may wait for their results. With more, all that wait are given up: only
/// a transcript full of calls without results comes that far.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Calls that wait for their results, by the id that a call shares with its result.
#[derive(Debug, Default)]
pub(crate) struct ToolCalls {
    waiting: HashMap<String, ToolCall>,
    waiting_bytes: usize,
    given_up: usize,
}

#[derive(Debug)]
struct ToolCall {
    /// Name and arguments, on one line.
    line: String,
    /// Whether it reads longmem itself: what it prints is in memory already.
    reads_memory: bool,
}

/// The result of one call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ToolResult {
    /// The id of the call.
    pub(crate) call_id: String,
    /// The text of call and result; `None` where it is not to be remembered.
    pub(crate) text: Option<String>,
}

impl ToolCalls {
    /// Takes in the calls in a message's content; returns whether there are any.
    pub(crate) fn add_calls(&mut self, content: &Value) -> bool {
        let mut any = false;
        for block in blocks_of_type(content, "tool_use") {
            let (Some(id), Some(name)) = (block["id"].as_str(), block["name"].as_str()) else {
                continue;
            };
            let line = format!("{name} {}", block["input"]);
            let command = block["input"]["command"].as_str().unwrap_or_default();
            let reads_memory = name.contains("longmem") || command.contains("longmem ");
            self.wait_for_result(id, ToolCall { line, reads_memory });
            any = true;
        }
        any
    }

    /// Takes the results in a message's content, in order, each joined with its call.
    pub(crate) fn take_results(&mut self, content: &Value) -> Vec<ToolResult> {
        blocks_of_type(content, "tool_result")
            .filter_map(|block| {
                let call_id = block["tool_use_id"].as_str()?.to_owned();
                let call = self.waiting.remove(&call_id);
                self.waiting_bytes -= call.as_ref().map_or(0, |call| bytes_of(&call_id, call));
                let printed = content_text(&block["content"]).unwrap_or_default();
                let printed = without_claude_code_blocks(&printed);
                let text = match &call {
                    Some(call) if call.reads_memory => None,
                    Some(call) => Some(format!("{}\n{}", call.line, printed.trim_end())),
                    None => Some(printed),
                };
                let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
                Some(ToolResult { call_id, text })
            })
            .collect()
    }

    /// Forgets the calls that got no result; returns how many there were.
    pub(crate) fn take_unanswered(&mut self) -> usize {
        self.give_up_waiting();
        std::mem::take(&mut self.given_up)
    }

    fn wait_for_result(&mut self, id: &str, call: ToolCall) {
        let bytes = bytes_of(id, &call);
        if self.waiting_bytes + bytes > MAX_WAITING_BYTES {
            self.give_up_waiting();
        }
        self.waiting_bytes += bytes;
        let replaced = self.waiting.insert(id.to_owned(), call);
        self.waiting_bytes -= replaced.map_or(0, |replaced| bytes_of(id, &replaced));
    }

    fn give_up_waiting(&mut self) {
        self.given_up += self.waiting.len();
        self.waiting.clear();
        self.waiting_bytes = 0;
    }
}

fn bytes_of(id: &str, call: &ToolCall) -> usize {
    size_of::<(String, ToolCall)>() + id.len() + call.line.len()
}

fn blocks_of_type<'a>(content: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    content.as_array().into_iter().flatten().filter(move |block| block["type"] == kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result_of(call: &Value, result: &Value) -> Vec<ToolResult> {
        let mut calls = ToolCalls::default();
        assert!(calls.add_calls(&json!([{"type": "text", "text": "So."}, call])));
        let results = calls.take_results(&json!([result]));
        assert_eq!(calls.take_unanswered(), usize::from(results.is_empty()));
        results
    }

    fn call(name: &str, command: &str) -> Value {
        json!({"type": "tool_use", "id": "t1", "name": name, "input": {"command": command}})
    }

    #[test]
    fn a_call_and_its_result_are_one_text() {
        let printed = "a.rs\nb.rs\n<system-reminder>\nbe nice\n</system-reminder>\n";
        for content in [json!(printed), json!([{"type": "text", "text": printed}])] {
            let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": content});
            let text = Some("Bash {\"command\":\"ls\"}\na.rs\nb.rs".to_owned());
            let expected = ToolResult { call_id: "t1".to_owned(), text };
            assert_eq!(result_of(&call("Bash", "ls"), &result), [expected]);
        }
    }

    #[test]
    fn calls_without_results_take_limited_memory_and_are_all_counted() {
        let mut calls = ToolCalls::default();
        for index in 0..70 {
            let input = "x".repeat(1 << 20);
            let call = json!({"type": "tool_use", "id": index.to_string(), "name": "Write",
                "input": input});
            calls.add_calls(&json!([call]));
            assert!(calls.waiting_bytes <= MAX_WAITING_BYTES);
        }
        let result =
            |id: &str| json!([{"type": "tool_result", "tool_use_id": id, "content": "ok"}]);
        assert_eq!(calls.take_results(&result("0"))[0].text.as_deref(), Some("ok"), "given up");
        let joined = calls.take_results(&result("69"))[0].text.clone().unwrap();
        assert!(joined.starts_with("Write "));
        assert_eq!(calls.take_unanswered(), 69);
        assert_eq!(calls.waiting_bytes, 0);
    }

    #[test]
    fn what_was_read_from_this_memory_is_not_remembered_again() {
        let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": "You said …"});
        for call in [call("mcp__longmem__recall", ""), call("Bash", "longmem recall port")] {
            assert_eq!(result_of(&call, &result)[0].text, None);
        }
    }

    #[test]
    fn a_result_may_be_empty_or_without_a_call() {
        let silent = json!({"type": "tool_result", "tool_use_id": "t1"});
        let text = result_of(&call("Edit", "x"), &silent)[0].text.clone();
        assert_eq!(text.as_deref(), Some("Edit {\"command\":\"x\"}"));
        let lost = json!([{"type": "tool_result", "tool_use_id": "t9", "content": "late"}]);
        assert_eq!(ToolCalls::default().take_results(&lost)[0].text.as_deref(), Some("late"));
    }
}
