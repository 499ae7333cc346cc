use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::samples::sample;
use crate::{only_format, read_as, sessions, skipped, texts, times};

const NAME: &str = "1772359200000.conversation.json";

#[test]
fn reads_the_selected_version_of_each_message() {
    let (turns, report) = read_as(NAME, sample(NAME));
    assert_eq!(only_format(&report), Format::LmStudio);
    assert_eq!(texts(&turns), ["When do I prune the fig tree?", "In late winter."]);
    assert_eq!(sessions(&turns), ["1772359200000"; 2]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Pruning"));
    assert_eq!((turns[0].turn.role, turns[1].turn.role), (Role::User, Role::Assistant));
    assert_eq!(times(&turns)[0], "2026-03-01T10:00:00Z");
    assert_eq!(report.skipped, skipped(&[(SkipReason::AbandonedBranch, 1)]));
}

#[test]
fn counts_what_is_no_turn() {
    let mut conversation: Value = serde_json::from_str(sample(NAME)).unwrap();
    let step = |step: Value| {
        json!({"currentlySelected": 7, "versions": [
        {"type": "multiStep", "role": "assistant", "steps": [step]}]})
    };
    conversation["messages"] = json!([
        {"currentlySelected": 0, "versions": []},
        step(json!({"type": "contentBlock", "style": {"type": "thinking"},
                    "content": [{"type": "text", "text": "Hm."}]})),
        step(json!({"type": "contentBlock", "content": [{"type": "toolCallRequest"}]})),
        step(json!({"type": "contentBlock", "content": [{"type": "text", "text": "<think>Hm"}]})),
        step(json!({"type": "contentBlock", "content": [{"type": "text", "text": "kept"}]})),
        "x"
    ]);
    let (turns, report) = read_as(NAME, conversation.to_string());
    assert_eq!(texts(&turns), ["kept"]);
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::Malformed, 2),
            (SkipReason::Reasoning, 2),
            (SkipReason::ToolCall, 1)
        ])
    );
}
