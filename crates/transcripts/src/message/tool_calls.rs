//! Joins what a tool was asked with what it printed.
//!
//! A call says little without its result, and a result less without its call. So both become one
//! turn: the tool's name and its arguments on the first line, what it printed below.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::content::content_text;
use super::injected::{without_blocks, without_own_blocks};
use super::own_tools::reads_memory;

/// Bytes of the calls that may wait for their results. With more, all that wait are given up: only
/// a transcript full of calls without results comes that far.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Tags around what Claude Code adds to what a tool printed.
const ADDED_TO_RESULTS: [&str; 1] = ["system-reminder"];

/// Calls that wait for their results, by the id that a call shares with its result.
///
/// As JSON it is these calls, so that a file that has grown is read on with them.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "HashMap<String, ToolCall>")]
pub(crate) struct ToolCalls {
    waiting: HashMap<String, ToolCall>,
    waiting_bytes: usize,
    given_up: usize,
}

impl From<HashMap<String, ToolCall>> for ToolCalls {
    fn from(waiting: HashMap<String, ToolCall>) -> Self {
        let waiting_bytes = waiting.iter().map(|(id, call)| bytes_of(id, call)).sum();
        Self { waiting, waiting_bytes, given_up: 0 }
    }
}

impl Serialize for ToolCalls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.waiting.serialize(serializer)
    }
}

/// What a tool was asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ToolCall {
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

impl ToolCall {
    /// A call of a tool by this name.
    pub(crate) fn new(name: &str, arguments: &Value) -> Self {
        Self { line: format!("{name} {arguments}"), reads_memory: reads_memory(name, arguments) }
    }

    /// The text of the call with what the tool printed; `None` where it is not to be remembered.
    pub(crate) fn text_with(&self, printed: &str) -> Option<String> {
        if self.reads_memory {
            return None;
        }
        without_echo(&format!("{}\n{}", self.line, printed.trim_end()))
    }
}

impl ToolCalls {
    /// Takes in the calls in a message's content; returns whether there are any.
    pub(crate) fn add_calls(&mut self, content: &Value) -> bool {
        let mut any = false;
        for block in blocks_of_type(content, "tool_use") {
            let (Some(id), Some(name)) = (block["id"].as_str(), block["name"].as_str()) else {
                continue;
            };
            self.add(id, ToolCall::new(name, &block["input"]));
            any = true;
        }
        any
    }

    /// Takes the results in a message's content, in order, each joined with its call.
    pub(crate) fn take_results(&mut self, content: &Value) -> Vec<ToolResult> {
        blocks_of_type(content, "tool_result")
            .filter_map(|block| {
                let printed = content_text(&block["content"]).unwrap_or_default();
                let printed = without_blocks(&printed, &ADDED_TO_RESULTS);
                Some(self.take(block["tool_use_id"].as_str()?, &printed))
            })
            .collect()
    }

    /// Takes in a call, which waits for its result.
    pub(crate) fn add(&mut self, id: &str, call: ToolCall) {
        let bytes = bytes_of(id, &call);
        if self.waiting_bytes + bytes > MAX_WAITING_BYTES {
            self.give_up_waiting();
        }
        self.waiting_bytes += bytes;
        let replaced = self.waiting.insert(id.to_owned(), call);
        self.waiting_bytes -= replaced.map_or(0, |replaced| bytes_of(id, &replaced));
    }

    /// Whether a call waits for its result.
    pub(crate) fn is_waiting(&self, id: &str) -> bool {
        self.waiting.contains_key(id)
    }

    /// Joins what a tool printed with its call, if the call is known.
    pub(crate) fn take(&mut self, id: &str, printed: &str) -> ToolResult {
        let call = self.waiting.remove(id);
        self.waiting_bytes -= call.as_ref().map_or(0, |call| bytes_of(id, call));
        let text = match &call {
            Some(call) => call.text_with(printed),
            None => without_echo(printed),
        };
        ToolResult { call_id: id.to_owned(), text }
    }

    /// How many calls got no result.
    pub(crate) fn unanswered(&self) -> usize {
        self.given_up + self.waiting.len()
    }

    fn give_up_waiting(&mut self) {
        self.given_up += self.waiting.len();
        self.waiting.clear();
        self.waiting_bytes = 0;
    }
}

/// A tool's text without recalled memory; `None` if nothing is left.
fn without_echo(text: &str) -> Option<String> {
    let text = without_own_blocks(text).trim().to_owned();
    Some(text).filter(|text| !text.is_empty())
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
        assert_eq!(calls.unanswered(), usize::from(results.is_empty()));
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
        assert_eq!(calls.unanswered(), 69);
    }

    #[test]
    fn what_was_read_from_this_memory_is_not_remembered_again() {
        let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": "You said …"});
        for call in [call("mcp__longmem__recall", ""), call("Bash", "longmem recall port")] {
            assert_eq!(result_of(&call, &result)[0].text, None);
        }
        let log = "port 1 &lt;recalled_memory note=\"b\"&gt;x&lt;/recalled_memory&gt; end";
        let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": log});
        let text = result_of(&call("Bash", "cat log"), &result)[0].text.clone();
        assert_eq!(text.as_deref(), Some("Bash {\"command\":\"cat log\"}\nport 1  end"));
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
