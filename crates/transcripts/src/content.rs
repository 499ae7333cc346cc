//! The words of a message, out of its content blocks.

use serde_json::Value;

use crate::SkipReason;

/// Joins the text of a message's content, a string or an array of blocks, with blank lines.
///
/// # Errors
/// Why there are no words: the blocks are a tool's call or result, reasoning, or nothing.
pub(crate) fn words(content: &Value) -> Result<String, SkipReason> {
    let text = match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().filter_map(text_of).collect::<Vec<_>>().join("\n\n"),
        _ => String::new(),
    };
    if text.trim().is_empty() { Err(what_else(content)) } else { Ok(text) }
}

fn text_of(block: &Value) -> Option<&str> {
    let text = match block["type"].as_str() {
        Some("text" | "input_text" | "output_text") => block["text"].as_str(),
        _ => block.as_str(),
    };
    text.filter(|text| !text.trim().is_empty())
}

fn what_else(content: &Value) -> SkipReason {
    let kinds = || content.as_array().into_iter().flatten().filter_map(|b| b["type"].as_str());
    if kinds().any(|kind| kind.ends_with("tool_use")) {
        SkipReason::ToolCall
    } else if kinds().any(|kind| kind.ends_with("tool_result")) {
        SkipReason::ToolResult
    } else if kinds().any(|kind| matches!(kind, "thinking" | "redacted_thinking" | "reasoning")) {
        SkipReason::Reasoning
    } else {
        SkipReason::Empty
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_text_and_leaves_the_rest() {
        let blocks = json!([
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": "One."},
            {"type": "tool_use", "name": "Read", "input": {"text": "no"}},
            {"type": "output_text", "text": "Two."},
            "Three.",
            {"type": "text", "text": " "},
            7
        ]);
        assert_eq!(words(&blocks).unwrap(), "One.\n\nTwo.\n\nThree.");
        assert_eq!(words(&json!(" as it is ")).unwrap(), " as it is ");
    }

    #[test]
    fn says_why_there_are_no_words() {
        let cases = [
            (json!([{"type": "thinking"}, {"type": "server_tool_use"}]), SkipReason::ToolCall),
            (json!([{"type": "web_search_tool_result"}]), SkipReason::ToolResult),
            (json!([{"type": "redacted_thinking"}]), SkipReason::Reasoning),
            (json!([{"type": "image"}]), SkipReason::Empty),
            (json!(null), SkipReason::Empty),
            (json!("\n"), SkipReason::Empty),
        ];
        for (content, reason) in cases {
            assert_eq!(words(&content), Err(reason), "{content}");
        }
    }
}
