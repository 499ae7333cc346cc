//! What a person, the model or a tool said, in a message of Gemini CLI.

use serde_json::Value;

use crate::message::commands::is_command_alone;
use crate::message::injected::without_blocks;
use crate::skip_reason::SkipReason;

/// The tag around what hooks add to a prompt. Their text in it is HTML-escaped.
const ADDED_TAGS: [&str; 1] = ["hook_context"];

/// Beginnings of what Gemini CLI tells the model of where it runs.
const SESSION_CONTEXT: [&str; 2] =
    ["<session_context>", "This is the Gemini CLI. We are setting up"];

/// The beginning of the summary by which Gemini CLI replaces a long conversation, and the answer that
/// it gives to it in the model's place.
const SUMMARY: &str = "<state_snapshot>";
const ANSWER_TO_SUMMARY: &str = "Got it. Thanks for the additional context!";

/// Between what a person typed and the files that it names.
const NAMED_FILES: &str = "--- Content from referenced files ---";

/// What a person typed in a message.
///
/// # Errors
/// Why there is nothing.
pub(super) fn typed_text(message: &Value) -> Result<String, SkipReason> {
    // What was shown to the person is without the files that Gemini CLI added.
    match typed_in(&message["displayContent"]) {
        Ok(text) => Ok(text),
        Err(_) => typed_in(&message["content"]),
    }
}

/// What the model said in a message.
///
/// # Errors
/// Why there is nothing.
pub(super) fn answered_text(message: &Value) -> Result<String, SkipReason> {
    let said = |part: &&Value| part["thought"] != true;
    let text = parts_of(&message["content"]).filter(said).filter_map(text_of).collect::<String>();
    let thinks = message["thoughts"].as_array().is_some_and(|thoughts| !thoughts.is_empty());
    if text.trim() == ANSWER_TO_SUMMARY {
        Err(SkipReason::CompactSummary)
    } else if !text.trim().is_empty() {
        Ok(text)
    } else if thinks {
        Err(SkipReason::Reasoning)
    } else {
        Err(SkipReason::Empty)
    }
}

/// What a tool printed, if it has printed anything.
pub(super) fn printed_text(call: &Value) -> Option<String> {
    let responses = parts_of(&call["result"]).filter_map(|part| {
        let response = &part["functionResponse"]["response"];
        let fields = ["output", "error", "result", "content"];
        let text = fields.iter().find_map(|field| match &response[*field] {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) => {
                Some(parts.iter().filter_map(text_of).collect::<Vec<_>>().join("\n"))
            }
            _ => None,
        });
        let whole = || (!response.is_null()).then(|| response.to_string());
        text.or_else(|| text_of(part).map(str::to_owned)).or_else(whole)
    });
    let printed = responses.collect::<Vec<_>>().join("\n");
    let shown = || call["resultDisplay"].as_str().map(str::to_owned);
    Some(printed).filter(|printed| !printed.is_empty()).or_else(shown)
}

fn typed_in(content: &Value) -> Result<String, SkipReason> {
    if parts_of(content).any(|part| !part["functionResponse"].is_null()) {
        return Err(SkipReason::ToolResult);
    }
    let mut typed = Vec::new();
    let mut instead = SkipReason::Empty;
    for text in parts_of(content).filter_map(text_of) {
        let text = without_blocks(text, &ADDED_TAGS);
        let (text, files) = match text.split_once(NAMED_FILES) {
            Some((text, _)) => (text.trim(), true),
            None => (text.trim(), false),
        };
        if SESSION_CONTEXT.iter().any(|beginning| text.starts_with(beginning)) {
            instead = SkipReason::SystemMessage;
        } else if text.starts_with(SUMMARY) {
            instead = SkipReason::CompactSummary;
        } else if is_command_alone(text) {
            instead = SkipReason::MetaLine;
        } else if !text.is_empty() {
            typed.push(text.to_owned());
        }
        if files {
            break;
        }
    }
    if typed.is_empty() { Err(instead) } else { Ok(typed.join("\n\n")) }
}

/// The parts of a content: a string, one part, or a list of them.
fn parts_of(content: &Value) -> impl Iterator<Item = &Value> {
    match content {
        Value::Array(parts) => parts.as_slice(),
        Value::Null => &[],
        part => std::slice::from_ref(part),
    }
    .iter()
}

fn text_of(part: &Value) -> Option<&str> {
    part.as_str().or_else(|| part["text"].as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_hooks_and_the_program_add_is_not_the_persons() {
        let hook = "<hook_context>&lt;recalled_memory note=\"x\"&gt;\n- 7443\n\
                    &lt;/recalled_memory&gt;</hook_context>";
        let own = json!([{"text": format!("{hook}\n\nand which database?")}, {"text": hook}]);
        let message = json!({"content": own.clone(), "displayContent": own});
        assert_eq!(typed_text(&message).as_deref(), Ok("and which database?"));
        for context in
            ["<session_context>\nThis is", "This is the Gemini CLI. We are setting up the"]
        {
            let message = json!({"content": [{"text": context}]});
            assert_eq!(typed_text(&message), Err(SkipReason::SystemMessage));
        }
        let bare = json!({"content": "&lt;recalled_memory note=\"x\"&gt;\n- 7443\n&lt;/recalled_memory&gt;"});
        assert_eq!(typed_text(&bare), Err(SkipReason::Empty));
        let quoted = json!({"content": "What does <hook_context> mean?"});
        assert_eq!(typed_text(&quoted).as_deref(), Ok("What does <hook_context> mean?"));
    }

    #[test]
    fn the_files_that_a_prompt_names_are_not_its_words() {
        let content = json!([
            {"text": "What is in @a.txt?"},
            {"text": "\n--- Content from referenced files ---"},
            {"text": "\nContent from @a.txt:\n"},
            {"text": "secret"},
            {"text": "\n--- End of content ---"}
        ]);
        let message = json!({ "content": content });
        assert_eq!(typed_text(&message).as_deref(), Ok("What is in @a.txt?"));
    }

    #[test]
    fn a_summary_and_a_command_alone_are_not_said() {
        let of = |text: &str| typed_text(&json!({"content": [{"text": text}]}));
        let summary = "<state_snapshot>\n<overall_goal>x</overall_goal>\n</state_snapshot>";
        assert_eq!(of(summary), Err(SkipReason::CompactSummary));
        assert_eq!(of("/help"), Err(SkipReason::MetaLine));
        assert_eq!(of("/memory add tabs").as_deref(), Ok("/memory add tabs"));
        let answer = json!({"content": ANSWER_TO_SUMMARY});
        assert_eq!(answered_text(&answer), Err(SkipReason::CompactSummary));
    }

    #[test]
    fn thoughts_are_left_out() {
        let message = json!({"content": [{"text": "hm", "thought": true}, {"text": "Rack 4."}]});
        assert_eq!(answered_text(&message).as_deref(), Ok("Rack 4."));
        let only = json!({"content": "", "thoughts": [{"subject": "x"}]});
        assert_eq!(answered_text(&only), Err(SkipReason::Reasoning));
        assert_eq!(answered_text(&json!({"content": ""})), Err(SkipReason::Empty));
    }

    #[test]
    fn what_a_tool_printed_is_found_wherever_it_stands() {
        let response = |response: Value| json!({"result": [{"functionResponse": {"id": "1", "response": response}}]});
        for call in [
            response(json!({"output": "a.rs"})),
            response(json!({"error": "a.rs"})),
            response(json!({"content": [{"text": "a.rs"}]})),
            json!({"result": "a.rs"}),
            json!({"result": null, "resultDisplay": "a.rs"}),
        ] {
            assert_eq!(printed_text(&call).as_deref(), Some("a.rs"), "{call}");
        }
        assert_eq!(printed_text(&response(json!({"port": 1}))).as_deref(), Some("{\"port\":1}"));
        assert_eq!(printed_text(&json!({"result": null})), None);
    }
}
