//! What tools were asked and what they printed, one turn for both.
//!
//! A call without its result says little, and a result without its call less; together they are one
//! turn that nothing can tear apart: the tool's name and its arguments in the first line, what it
//! printed below.

use std::collections::HashMap;

use serde_json::Value;

use crate::content::words;
use crate::injected::without_claude_code_blocks;

/// Calls that wait for their results, by the id that both bear.
#[derive(Debug, Default)]
pub(crate) struct ToolCalls(HashMap<String, Call>);

#[derive(Debug)]
struct Call {
    /// Name and arguments, on one line.
    line: String,
    /// Whether it reads this very memory, whose words must not be remembered again.
    reads_memory: bool,
}

/// What came of one call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ToolResult {
    /// The id of the call.
    pub(crate) call_id: String,
    /// Call and result; none where it is not to be remembered.
    pub(crate) text: Option<String>,
}

impl ToolCalls {
    /// Notes the calls in a message's content; says whether there are any.
    pub(crate) fn note(&mut self, content: &Value) -> bool {
        let mut any = false;
        for block in blocks(content, "tool_use") {
            let (Some(id), Some(name)) = (block["id"].as_str(), block["name"].as_str()) else {
                continue;
            };
            let line = format!("{name} {}", block["input"]);
            let command = block["input"]["command"].as_str().unwrap_or_default();
            let reads_memory = name.contains("longmem") || command.contains("longmem ");
            self.0.insert(id.to_owned(), Call { line, reads_memory });
            any = true;
        }
        any
    }

    /// Takes the results out of a message's content, in order.
    pub(crate) fn results(&mut self, content: &Value) -> Vec<ToolResult> {
        blocks(content, "tool_result")
            .filter_map(|block| {
                let call_id = block["tool_use_id"].as_str()?.to_owned();
                let call = self.0.remove(&call_id);
                let printed = words(&block["content"]).unwrap_or_default();
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

    /// Forgets the calls that got no result, and says how many there were.
    pub(crate) fn take_unanswered(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }
}

fn blocks<'a>(content: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    content.as_array().into_iter().flatten().filter(move |block| block["type"] == kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result_of(call: &Value, result: &Value) -> Vec<ToolResult> {
        let mut calls = ToolCalls::default();
        assert!(calls.note(&json!([{"type": "text", "text": "So."}, call])));
        let results = calls.results(&json!([result]));
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
        assert_eq!(ToolCalls::default().results(&lost)[0].text.as_deref(), Some("late"));
    }
}
