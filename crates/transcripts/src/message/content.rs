//! The text in a message's content.

use serde_json::Value;

use crate::skip_reason::SkipReason;

/// Joins the text of a message's content, a string or an array of blocks, with blank lines.
///
/// # Errors
/// What the content holds instead of text: a tool's call or result, reasoning, or nothing.
pub(crate) fn content_text(content: &Value) -> Result<String, SkipReason> {
    let text = match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            blocks.iter().filter_map(block_text).collect::<Vec<_>>().join("\n\n")
        }
        _ => String::new(),
    };
    if text.trim().is_empty() { Err(reason_without_text(content)) } else { Ok(text) }
}

fn block_text(block: &Value) -> Option<&str> {
    let text = match block["type"].as_str() {
        Some("text" | "input_text" | "output_text") => block["text"].as_str(),
        _ => block.as_str(),
    };
    text.filter(|text| !text.trim().is_empty())
}

/// Says what stands in a content without text. A message is counted once, under the first of these
/// that any of its blocks is.
fn reason_without_text(content: &Value) -> SkipReason {
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
    fn joins_text_blocks_and_leaves_out_the_others() {
        let blocks = json!([
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": "One."},
            {"type": "tool_use", "name": "Read", "input": {"text": "no"}},
            {"type": "output_text", "text": "Two."},
            "Three.",
            {"type": "text", "text": " "},
            7
        ]);
        assert_eq!(content_text(&blocks).unwrap(), "One.\n\nTwo.\n\nThree.");
        assert_eq!(content_text(&json!(" as it is ")).unwrap(), " as it is ");
    }

    #[test]
    fn says_what_a_content_without_text_holds() {
        let cases = [
            (json!([{"type": "thinking"}, {"type": "server_tool_use"}]), SkipReason::ToolCall),
            (json!([{"type": "web_search_tool_result"}]), SkipReason::ToolResult),
            (json!([{"type": "redacted_thinking"}]), SkipReason::Reasoning),
            (json!([{"type": "image"}]), SkipReason::Empty),
            (json!(null), SkipReason::Empty),
            (json!("\n"), SkipReason::Empty),
        ];
        for (content, reason) in cases {
            assert_eq!(content_text(&content), Err(reason), "{content}");
        }
    }
}
