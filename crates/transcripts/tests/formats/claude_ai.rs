use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

fn conversation(messages: &Value) -> String {
    json!([{
        "uuid": "c-1", "name": "Decorators", "created_at": "2026-01-02T03:04:05.678901Z",
        "updated_at": "2026-01-02T03:04:05Z", "account": {"uuid": "a"}, "chat_messages": messages
    }])
    .to_string()
}

#[test]
fn prefers_blocks_to_text_and_adds_attached_text() {
    let (turns, report) = read_as(
        "conversations.json",
        conversation(&json!([
            {
                "uuid": "m1", "sender": "human", "created_at": "2026-01-02T03:05:00Z",
                "text": "", "content": [],
                "attachments": [{"file_name": "paste.txt", "extracted_content": "one\ntwo\n"}],
                "files": [{"file_name": "cat.png"}]
            },
            {
                "uuid": "m2", "sender": "assistant",
                "text": "This block is not supported on your current device yet.",
                "content": [
                    {"type": "thinking", "thinking": "hm"},
                    {"type": "text", "text": "Let me look.", "citations": []},
                    {"type": "tool_use", "name": "search", "input": {}},
                    {"type": "tool_result", "content": [{"type": "text", "text": "found"}]},
                    {"type": "text", "text": "Here."}
                ]
            },
            {
                "uuid": "m3", "sender": "human", "text": "only text", "content": [],
                "attachments": [{"file_name": "", "extracted_content": "pasted"}]
            }
        ])),
    );
    assert_eq!(only_format(&report), Format::ClaudeAi);
    assert_eq!(
        texts(&turns),
        ["[paste.txt]\none\ntwo", "Let me look.\n\nHere.", "only text\n\n[attachment]\npasted"]
    );
    assert_eq!(keys(&turns), ["claude:m1", "claude:m2", "claude:m3"]);
    assert_eq!(sessions(&turns), ["c-1"; 3]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Decorators"));
    assert_eq!((turns[0].turn.role, turns[1].turn.role), (Role::User, Role::Assistant));
    assert_eq!(
        times(&turns),
        ["2026-01-02T03:05:00Z", "2026-01-02T03:05:00.001Z", "2026-01-02T03:05:00.002Z"]
    );
}

#[test]
fn counts_messages_without_text_by_reason() {
    let (turns, report) = read_as(
        "conversations.json",
        conversation(&json!([
            {"uuid": "1", "sender": "human", "text": " ", "content": []},
            {"uuid": "2", "sender": "assistant", "text": "x", "content": [{"type": "tool_use"}]},
            {"uuid": "3", "sender": "assistant", "content": [{"type": "thinking"}]},
            {"uuid": "4", "sender": "narrator", "text": "Once upon a time"},
            {"uuid": "5", "text": "Who speaks?"},
            null,
            {"uuid": "6", "sender": "human", "text": "kept"}
        ])),
    );
    assert_eq!(texts(&turns), ["kept"]);
    assert_eq!(times(&turns), ["2026-01-02T03:04:05.678901Z"], "the conversation's time");
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::Empty, 1),
            (SkipReason::ToolCall, 1),
            (SkipReason::Reasoning, 1),
            (SkipReason::UnknownRole, 1),
            (SkipReason::Malformed, 2),
        ])
    );
}

#[test]
fn reads_the_other_names_of_the_fields() {
    let dump = json!([
        {"uuid": "c", "name": "", "messages": [{"uuid": "m", "role": "user", "content": "hello"}]},
        {"uuid": "d", "chat_messages": []},
        {"uuid": "e", "chat_messages": null}
    ]);
    let (turns, report) = read_as("dump.json", dump.to_string());
    assert_eq!((texts(&turns), keys(&turns)), (vec!["hello"], vec!["claude:m"]));
    assert_eq!(turns[0].turn.session_title, None);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Malformed, 1)]));
}

#[test]
fn equal_messages_without_uuid_have_different_keys() {
    let messages = json!([
        {"sender": "human", "text": "yes"}, {"sender": "human", "text": "yes"}
    ]);
    let (turns, _) = read_as("x.json", conversation(&messages));
    let keys = keys(&turns);
    assert_ne!(keys[0], keys[1]);
    assert!(keys[0].starts_with("claude:"));
}

#[test]
fn the_branch_that_is_current_is_the_conversation() {
    let nobody = "00000000-0000-4000-8000-000000000000";
    let message = |uuid: &str, parent: &str, sender: &str| {
        json!({"uuid": uuid, "parent_message_uuid": parent, "sender": sender, "text": uuid,
               "content": []})
    };
    let messages = json!([
        message("q", nobody, "human"),
        message("old answer", "q", "assistant"),
        message("old question", "old answer", "human"),
        message("first try", nobody, "human"),
        message("answer", "q", "assistant"),
        message("lost", "gone", "human"),
    ]);
    let with_leaf = |leaf: Value| {
        let mut export: Value = serde_json::from_str(&conversation(&messages)).unwrap();
        export[0]["current_leaf_message_uuid"] = leaf;
        read_as("conversations.json", export.to_string())
    };
    let (turns, report) = with_leaf(json!("answer"));
    assert_eq!(texts(&turns), ["q", "answer"]);
    assert_eq!(
        report.skipped,
        skipped(&[(SkipReason::AbandonedBranch, 3), (SkipReason::Unlinked, 1)])
    );
    for unknown in [json!(null), json!("gone"), json!(7)] {
        let (turns, report) = with_leaf(unknown);
        assert_eq!((turns.len(), report.skipped), (6, skipped(&[])));
    }
}

#[test]
fn words_in_voice_notes_and_artifacts_are_part_of_the_message() {
    let (turns, report) = read_as(
        "conversations.json",
        conversation(&json!([
            {"uuid": "1", "sender": "human", "text": "", "content": [
                {"type": "voice_note", "title": "Voice note", "text": "Write the menu."}]},
            {"uuid": "2", "sender": "assistant", "content": [
                {"type": "text", "text": "Here it is."},
                {"type": "tool_use", "name": "artifacts", "input": {"command": "create",
                    "id": "menu", "title": "Menu", "content": "# Soup"}},
                {"type": "tool_result", "name": "artifacts", "content": [{"type": "text", "text": "OK"}]}]},
            {"uuid": "3", "sender": "assistant", "content": [
                {"type": "tool_use", "name": "artifacts", "input": {"command": "update",
                    "id": "menu", "old_str": "Soup", "new_str": "Fish"}}]},
            {"uuid": "4", "sender": "assistant", "text":
                "<antThinking>Again.</antThinking><antArtifact identifier=\"m\" title=\"Menu\">\nRice\n</antArtifact>"},
            {"uuid": "5", "sender": "human", "text": "What is <antArtifact title=\"x\">?"},
            {"uuid": "6", "sender": "assistant", "text": "<thinking>Hm.</thinking>\n\nA tag."},
            {"uuid": "7", "sender": "assistant", "text": "<thinking>Hm."}
        ])),
    );
    assert_eq!(
        texts(&turns),
        [
            "Write the menu.",
            "Here it is.\n\n[Menu]\n# Soup",
            "[Menu]\nFish",
            "[Menu]\nRice\n",
            "What is <antArtifact title=\"x\">?",
            "A tag.",
        ]
    );
    assert_eq!(report.skipped, skipped(&[(SkipReason::Reasoning, 1)]));
}
