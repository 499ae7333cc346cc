//! The tool calls in a Codex rollout, and what the tools printed.

use serde_json::{Value, json};

use super::messages::joined_text;
use crate::json::fields::first_present;
use crate::message::tool_calls::ToolCall;

/// The id of a call, or of the call that an output belongs to.
pub(super) fn call_id(item: &Value) -> Option<&str> {
    first_present(item, &["call_id", "id"]).as_str()
}

/// A call by an item of the model's answer.
pub(super) fn call_of(item: &Value) -> ToolCall {
    let name = first_present(item, &["name", "tool", "type"]).as_str().unwrap_or_default();
    // A tool of an MCP server: Codex names the server apart.
    let group = first_present(item, &["namespace", "server", "server_label"]).as_str();
    let name = match group {
        Some(group) if group.ends_with("__") => format!("{group}{name}"),
        Some(group) => format!("{group}__{name}"),
        None => name.to_owned(),
    };
    match first_present(item, &["arguments", "input"]) {
        // Arguments are JSON within a string; what a custom tool is given is plain text.
        Value::String(text) => match serde_json::from_str(text) {
            Ok(arguments) => ToolCall::new(&name, &arguments),
            Err(_) => ToolCall::new(&name, &json!(text)),
        },
        Value::Null => {
            let arguments = first_present(item, &["action", "command"]);
            ToolCall::new(&name, arguments)
        }
        arguments => ToolCall::new(&name, arguments),
    }
}

/// What a tool printed, by the value of an output or a result.
pub(super) fn printed_text(output: &Value) -> String {
    match output {
        // Earlier versions wrote the result as JSON within a string.
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner) if is_result(&inner) => printed_text(&inner),
            _ => text.clone(),
        },
        Value::Array(_) => joined_text(output),
        Value::Object(_) => {
            let fields = ["output", "content", "aggregated_output", "stdout", "Ok", "message"];
            match first_present(output, &fields) {
                // Only a string within a string is JSON again.
                Value::String(text) => text.clone(),
                inner => printed_text(inner),
            }
        }
        _ => String::new(),
    }
}

/// Whether a value is a result as Codex writes it, and not JSON that a tool printed.
fn is_result(value: &Value) -> bool {
    let is_blocks = |blocks: &Value| {
        let blocks = blocks.as_array().filter(|blocks| !blocks.is_empty());
        blocks.is_some_and(|blocks| blocks.iter().all(|block| block["type"].is_string()))
    };
    (value["output"].is_string() && value["metadata"].is_object())
        || is_blocks(value)
        || is_blocks(&value["content"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_every_kind_are_one_line() {
        let cases = [
            (
                json!({"name": "shell", "arguments": "{\"command\":[\"ls\"]}"}),
                r#"shell {"command":["ls"]}"#,
            ),
            (
                json!({"name": "apply_patch", "input": "*** Begin\n+a"}),
                r#"apply_patch "*** Begin\n+a""#,
            ),
            (
                json!({"type": "local_shell_call", "action": {"type": "exec", "command": ["ls"]}}),
                r#"local_shell_call {"type":"exec","command":["ls"]}"#,
            ),
            (
                json!({"name": "search", "namespace": "mcp__docs", "arguments": "{}"}),
                "mcp__docs__search {}",
            ),
            (
                json!({"server": "docs", "tool": "search", "arguments": {"q": 1}}),
                r#"docs__search {"q":1}"#,
            ),
        ];
        for (item, line) in cases {
            assert_eq!(call_of(&item).text_with("").as_deref(), Some(line));
        }
    }

    #[test]
    fn calls_of_longmem_itself_are_not_remembered() {
        for item in [
            json!({"name": "memory_search", "namespace": "mcp__longmem", "arguments": "{}"}),
            json!({"server": "longmem", "tool": "memory_search", "arguments": {}}),
            json!({"name": "exec_command", "arguments": "{\"cmd\":\"longmem recall port\"}"}),
            json!({"name": "shell", "arguments": "{\"command\":[\"bash\",\"-lc\",\"longmem recall x\"]}"}),
            json!({"type": "local_shell_call", "action": {"command": ["longmem", "recall", "x"]}}),
        ] {
            assert_eq!(call_of(&item).text_with("7443"), None, "{item}");
        }
    }

    #[test]
    fn outputs_of_every_kind_are_read() {
        for output in [
            json!("a.rs"),
            json!("{\"output\":\"a.rs\",\"metadata\":{\"exit_code\":0}}"),
            json!([{"type": "input_text", "text": "a.rs"}]),
            json!("[{\"type\":\"text\",\"text\":\"a.rs\"}]"),
            json!({"content": "a.rs", "success": true}),
            json!({"content": [{"type": "text", "text": "a.rs"}]}),
            json!({"Ok": {"content": [{"type": "text", "text": "a.rs"}]}}),
        ] {
            assert_eq!(printed_text(&output), "a.rs", "{output}");
        }
        for printed in ["{\"port\": 7443}", "{\"output\": \"a\", \"b\": 1}", "[1, 2]", "[]"] {
            assert_eq!(printed_text(&json!(printed)), printed);
        }
        assert_eq!(printed_text(&json!(null)), "");
    }
}
