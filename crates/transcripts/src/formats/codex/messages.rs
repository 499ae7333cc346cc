//! What a person or the model said, in a message of a Codex rollout.

use serde_json::Value;

use crate::message::injected::{without_blocks, without_own_blocks};
use crate::skip_reason::SkipReason;

/// Tags around what Codex tells the model in the person's place. Only the log of what the model was
/// sent holds them.
const CONTEXT_TAGS: [&str; 12] = [
    "environment_context",
    "user_instructions",
    "INSTRUCTIONS",
    "turn_aborted",
    "user_shell_command",
    "user_action",
    "skill",
    "subagent_notification",
    "collaboration_mode",
    "hook_context",
    "hook_prompt",
    "image",
];

/// What a message begins with that holds the project's instructions.
const PROJECT_INSTRUCTIONS: &str = "# AGENTS.md instructions";

/// Beginnings of what Codex tells the model after it has summed up a long conversation.
const COMPACTED: [&str; 2] = [
    "Another language model started to solve this problem and produced a summary",
    "You were originally given instructions from a user over one or more turns.",
];

/// Between what an editor adds to a prompt and the prompt itself.
const EDITOR_CONTEXT: &str = "# Context from my IDE setup:";
const EDITOR_REQUEST: &str = "## My request for Codex:";

/// Which of the two logs of a rollout a message stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    /// What the person saw.
    Events,
    /// What the model was sent, and what it answered.
    Responses,
}

/// What a person said in a message.
///
/// # Errors
/// Why there is nothing.
pub(super) fn typed_text(content: &Value, log: Log) -> Result<String, SkipReason> {
    let text = joined_text(content);
    let text = match log {
        Log::Events => without_own_blocks(&text).into_owned(),
        Log::Responses => without_context(&text)?,
    };
    let text = text.trim();
    let request = text
        .starts_with(EDITOR_CONTEXT)
        .then(|| text.split_once(EDITOR_REQUEST))
        .flatten()
        .map_or(text, |(_, request)| request.trim());
    if request.is_empty() { Err(SkipReason::Empty) } else { Ok(request.to_owned()) }
}

/// What the model said in a message.
///
/// # Errors
/// Why there is nothing.
pub(super) fn answered_text(content: &Value) -> Result<String, SkipReason> {
    let text = joined_text(content);
    if text.trim().is_empty() { Err(SkipReason::Empty) } else { Ok(text) }
}

/// The text of a message, of its parts or of the content of a tool's result.
pub(super) fn joined_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| match part {
                Value::String(text) => Some(text.as_str()),
                part => part["text"].as_str(),
            });
            texts.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
        }
        _ => String::new(),
    }
}

/// Whether Codex itself or a hook wrote a message to the model.
pub(super) fn is_written_by_codex(item: &Value) -> bool {
    let parts = &item["internal_chat_message_metadata_passthrough"]["content_item_metadata"];
    parts.as_array().is_some_and(|parts| {
        !parts.is_empty() && parts.iter().all(|part| part["provenance"]["type"] == "harness")
    })
}

fn without_context(text: &str) -> Result<String, SkipReason> {
    let text = text.trim();
    if COMPACTED.iter().any(|beginning| text.starts_with(beginning)) {
        return Err(SkipReason::CompactSummary);
    }
    // The heading of the instructions names their folder; the instructions themselves are a block.
    let body = match text.strip_prefix(PROJECT_INSTRUCTIONS) {
        Some(rest) if rest.contains("<INSTRUCTIONS>") => {
            rest.split_once('\n').map_or("", |(_, body)| body)
        }
        _ => text,
    };
    let left = without_blocks(body, &CONTEXT_TAGS);
    let left = left.trim();
    if left.is_empty() || is_one_block(left) {
        return Err(if text.is_empty() { SkipReason::Empty } else { SkipReason::SystemMessage });
    }
    Ok(left.to_owned())
}

/// Whether a text is one block between tags whose name has several words, as Codex writes them:
/// later versions write other ones.
fn is_one_block(text: &str) -> bool {
    let name = text.strip_prefix('<').and_then(|rest| rest.split(['>', ' ', '\n']).next());
    name.is_some_and(|name| name.contains('_') && text.ends_with(&format!("</{name}>")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_codex_tells_the_model_is_not_the_persons() {
        for text in [
            "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>",
            "<user_instructions>\nBe brief.\n</user_instructions>",
            "# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\nBe brief.\n</INSTRUCTIONS>",
            "# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\na\n</INSTRUCTIONS>\n\
             <environment_context>b</environment_context>",
            "<turn_aborted>\nThe user interrupted.\n</turn_aborted>",
            "<recommended_plugins>\nx\n</recommended_plugins>",
            "<skill>\n<name>deploy</name>\n</skill>",
        ] {
            let content = json!([{"type": "input_text", "text": text}]);
            assert_eq!(
                typed_text(&content, Log::Responses),
                Err(SkipReason::SystemMessage),
                "{text}"
            );
        }
        let summary = "Another language model started to solve this problem and produced a summary \
                       of its thinking process.";
        assert_eq!(typed_text(&json!(summary), Log::Responses), Err(SkipReason::CompactSummary));
        let recalled = "<recalled_memory note=\"x\">\n- 7443\n</recalled_memory>";
        for log in [Log::Responses, Log::Events] {
            assert!(typed_text(&json!(recalled), log).is_err());
        }
    }

    #[test]
    fn what_a_person_says_about_such_texts_stays() {
        let quoted = "<environment_context> is what?";
        let about = "The AGENTS.md instructions for /w are wrong.";
        let markup = "<b>bold</b>";
        for text in [quoted, about, markup] {
            for log in [Log::Responses, Log::Events] {
                assert_eq!(typed_text(&json!(text), log).as_deref(), Ok(text));
            }
        }
        let block = "<environment_context>a</environment_context>";
        assert_eq!(typed_text(&json!(block), Log::Events).as_deref(), Ok(block));
    }

    #[test]
    fn an_editors_context_is_not_the_request() {
        let text = "# Context from my IDE setup:\n\n## Active file: a.rs\n\n\
                    ## My request for Codex:\nRename it.\n";
        assert_eq!(typed_text(&json!(text), Log::Events).as_deref(), Ok("Rename it."));
    }

    #[test]
    fn text_is_joined_whatever_the_parts_are_called() {
        let parts = json!([{"type": "text", "text": "a"}, {"type": "Text", "text": "b"},
            {"type": "output_text", "text": "c"}, {"type": "image", "url": "x"}, "d"]);
        assert_eq!(joined_text(&parts), "a\n\nb\n\nc\n\nd");
        assert_eq!(answered_text(&json!([])), Err(SkipReason::Empty));
    }
}
