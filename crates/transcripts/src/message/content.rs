//! The text in a message's content.

use std::borrow::Cow;

use longmem_core::Role;
use longmem_text::without_thinking;
use serde_json::Value;

use crate::skip_reason::SkipReason;

/// Joins the text of a message's content with blank lines: of a string, of an array of blocks, or of
/// one block, which may be `{"parts": […]}`.
///
/// # Errors
/// What the content holds instead of text: a tool's call or result, reasoning, or nothing.
pub(crate) fn content_text(content: &Value) -> Result<String, SkipReason> {
    let text = match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            blocks.iter().filter_map(block_text).collect::<Vec<_>>().join("\n\n")
        }
        Value::Object(fields) => match fields.get("parts") {
            Some(parts @ Value::Array(_)) => return content_text(parts),
            _ => block_text(content).unwrap_or_default().to_owned(),
        },
        _ => String::new(),
    };
    if text.trim().is_empty() { Err(reason_without_text(content)) } else { Ok(text) }
}

/// What somebody said: an assistant's text without the thinking at its beginning.
///
/// # Errors
/// The text was only thinking.
pub(crate) fn said(role: Role, text: String) -> Result<String, SkipReason> {
    if role != Role::Assistant {
        return Ok(text);
    }
    match without_thinking(&text) {
        Cow::Borrowed(unchanged) if unchanged.len() == text.len() => Ok(text),
        answer if answer.trim().is_empty() => Err(SkipReason::Reasoning),
        answer => Ok(answer.into_owned()),
    }
}

/// The text of a block: a string, or a typed block whose "text" is a string or holds one as "value".
/// The words of a voice note are a message like any other.
fn block_text(block: &Value) -> Option<&str> {
    let text = match block["type"].as_str() {
        Some("text" | "input_text" | "output_text" | "voice_note") => {
            block["text"].as_str().or_else(|| block["text"]["value"].as_str())
        }
        Some(_) => None,
        // Gemini marks a part that it thinks.
        None if block["thought"] == true => None,
        None => block
            .as_str()
            .or_else(|| block["text"].as_str())
            .or_else(|| block["text"]["value"].as_str())
            .or_else(|| block["value"].as_str()),
    };
    text.filter(|text| !text.trim().is_empty())
}

/// Says what stands in a content without text. A message is counted once, under the first of these
/// that any of its blocks is.
fn reason_without_text(content: &Value) -> SkipReason {
    let kinds = || content.as_array().into_iter().flatten().filter_map(|b| b["type"].as_str());
    if kinds().any(|kind| kind.ends_with("tool_use") || kind == "tool_call") {
        SkipReason::ToolCall
    } else if kinds().any(|kind| kind.ends_with("tool_result")) {
        SkipReason::ToolResult
    } else if kinds()
        .any(|kind| matches!(kind, "thinking" | "redacted_thinking" | "reasoning" | "think"))
    {
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
    fn reads_voice_notes_values_and_blocks_without_a_type() {
        let blocks = json!([
            {"type": "voice_note", "title": "Voice note", "text": "Pier nine."},
            {"type": "text", "text": {"value": "At ten.", "annotations": []}},
            {"text": "Bring rope."},
            {"type": "think", "think": "hm", "text": "no"}
        ]);
        assert_eq!(content_text(&blocks).unwrap(), "Pier nine.\n\nAt ten.\n\nBring rope.");
    }

    #[test]
    fn reads_a_content_that_is_one_block() {
        for content in [
            json!({"text": "At ten."}),
            json!({"text": {"value": "At ten."}}),
            json!({"type": "text", "text": "At ten."}),
            json!({"content_type": "text", "parts": ["At ten."]}),
            json!({"parts": [{"text": "So many.", "thought": true}, {"text": "At ten."}]}),
        ] {
            assert_eq!(content_text(&content).unwrap(), "At ten.", "{content}");
        }
        assert_eq!(content_text(&json!({"type": "image", "text": "x"})), Err(SkipReason::Empty));
    }

    #[test]
    fn only_an_assistants_thinking_is_left_out() {
        let text = "<think>Ports.</think>\nIt is 7443.".to_owned();
        assert_eq!(said(Role::Assistant, text.clone()).unwrap(), "It is 7443.");
        assert_eq!(said(Role::User, text.clone()).unwrap(), text);
        assert_eq!(said(Role::Assistant, "<think>Ports".to_owned()), Err(SkipReason::Reasoning));
        assert_eq!(said(Role::Assistant, " as it is ".to_owned()).unwrap(), " as it is ");
    }

    #[test]
    fn says_what_a_content_without_text_holds() {
        let cases = [
            (json!([{"type": "thinking"}, {"type": "server_tool_use"}]), SkipReason::ToolCall),
            (json!([{"type": "web_search_tool_result"}]), SkipReason::ToolResult),
            (json!([{"type": "redacted_thinking"}]), SkipReason::Reasoning),
            (json!([{"type": "think", "think": "hm"}]), SkipReason::Reasoning),
            (json!([{"type": "tool_call", "tool_call": {}}]), SkipReason::ToolCall),
            (json!([{"type": "image"}]), SkipReason::Empty),
            (json!(null), SkipReason::Empty),
            (json!("\n"), SkipReason::Empty),
        ];
        for (content, reason) in cases {
            assert_eq!(content_text(&content), Err(reason), "{content}");
        }
    }
}
