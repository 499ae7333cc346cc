//! Gemini CLI's chats: the document of earlier versions, and the JSON Lines of later ones.

use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::samples::{sample, sample_data};
use crate::{keys, lines, only_format, read, read_as, sessions, skipped, texts, times};

fn header() -> Value {
    json!({"sessionId": "g-1", "projectHash": "abc", "startTime": "2026-03-01T10:00:00Z",
        "lastUpdated": "2026-03-01T10:05:00Z"})
}

fn message(id: &str, kind: &str, content: &str) -> Value {
    json!({"id": id, "timestamp": "2026-03-01T10:00:05Z", "type": kind, "content": content})
}

fn called(mut message: Value, name: &str, args: &Value, printed: &str) -> Value {
    let response = json!({"functionResponse": {"id": "c1", "response": {"output": printed}}});
    message["toolCalls"] = json!([{"id": "c1", "name": name, "args": args, "result": [response], "status": "success"}]);
    message
}

#[test]
fn the_last_state_of_each_message_is_read() {
    let (turns, report) = read_as("session-1.jsonl", sample("session-1.jsonl"));
    assert_eq!(only_format(&report), Format::GeminiCli);
    let printed =
        "run_shell_command {\"command\":\"tail sensors.log\"}\nrack 4: humidity sensor silent";
    assert_eq!(
        texts(&turns),
        ["Which sensor broke?", "I look at the log.", printed, "The humidity sensor on rack 4."]
    );
    let roles: Vec<Role> = turns.iter().map(|turn| turn.turn.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Assistant]);
    assert_eq!(times(&turns)[2], "2026-11-25T16:43:12Z");
    assert_eq!(sessions(&turns), ["11d308a7-8410-4947-b57f-96add2b9f62d"; 4]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("A silent sensor"));
    let left_out = [(SkipReason::MetaLine, 4), (SkipReason::SystemMessage, 1)];
    assert_eq!(report.skipped, skipped(&left_out));
}

#[test]
fn a_document_and_its_lines_give_the_same_turns() {
    let messages = [
        message("m1", "user", "Which sensor broke?"),
        message("m2", "gemini", "The humidity sensor on rack 4."),
    ];
    let mut document = header();
    document["messages"] = json!(messages);
    let (of_document, report) = read_as("session-1.json", format!("{document:#}"));
    assert_eq!(only_format(&report), Format::GeminiCli);
    assert_eq!(texts(&of_document), ["Which sensor broke?", "The humidity sensor on rack 4."]);
    assert_eq!(keys(&of_document), ["gemini-cli:g-1:m1", "gemini-cli:g-1:m2"]);
    let (of_lines, _) =
        read_as("session-1.jsonl", lines(&[vec![header()], messages.to_vec()].concat()));
    assert_eq!(of_document, of_lines);
    let set = json!({"$set": {"messages": messages}});
    let (of_change, _) = read_as(
        "session-1.jsonl",
        lines(&[header(), messages[0].clone(), set, messages[1].clone()]),
    );
    assert_eq!(of_document, of_change);
}

#[test]
fn only_what_a_person_and_the_model_said_becomes_a_turn() {
    let mut thinking = message("m5", "gemini", "");
    thinking["thoughts"] = json!([{"subject": "x", "description": "y"}]);
    let mut result = message("m6", "user", "");
    result["content"] = json!([{"functionResponse": {"name": "ls", "response": {}}}]);
    let (turns, report) = read_as(
        "session-1.jsonl",
        lines(&[
            header(),
            message("m0", "user", "This is the Gemini CLI. We are setting up the context."),
            message("m1", "user", "hi"),
            message("m2", "info", "a"),
            message("m3", "error", "b"),
            message("m4", "warning", "c"),
            thinking,
            result,
            json!({"$rewindTo": "m1"}),
            json!({"id": "m7"}),
        ]),
    );
    assert_eq!(texts(&turns), ["hi"]);
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::MetaLine, 4),
            (SkipReason::SystemMessage, 1),
            (SkipReason::ErrorMessage, 1),
            (SkipReason::Reasoning, 1),
            (SkipReason::ToolResult, 1),
            (SkipReason::Malformed, 1),
        ])
    );
    let mut subagent = header();
    subagent["kind"] = json!("subagent");
    let (turns, report) = read_as("x.jsonl", lines(&[subagent, message("m1", "user", "hi")]));
    assert_eq!((turns.len(), report.skipped[&SkipReason::Subagent]), (0, 1));
}

#[test]
fn what_longmem_put_in_or_printed_is_not_read_back() {
    let hook = "<hook_context>&lt;recalled_memory note=\"x\"&gt;\n- 7443\n&lt;/recalled_memory&gt;\
                </hook_context>\n\nWhich port?";
    let own_tool = called(
        message("m2", "gemini", "I search."),
        "mcp_longmem_memory_search",
        &json!({"query": "port"}),
        "7443",
    );
    let shell = called(
        message("m3", "gemini", ""),
        "run_shell_command",
        &json!({"command": "longmem recall port"}),
        "7443",
    );
    let other =
        called(message("m4", "gemini", ""), "list_directory", &json!({"path": "."}), "a.rs");
    let (turns, report) =
        read_as("x.jsonl", lines(&[header(), message("m1", "user", hook), own_tool, shell, other]));
    assert_eq!(
        texts(&turns),
        ["Which port?", "I search.", "list_directory {\"path\":\".\"}\na.rs"]
    );
    assert_eq!(report.skipped[&SkipReason::ToolResult], 2);
    assert!(!report.skipped.contains_key(&SkipReason::Empty));
}

#[test]
fn reads_a_capture_of_a_real_session() {
    let Some(path) = sample_data("real-clients/gemini-cli-0.61.0/transcript.jsonl") else { return };
    let (turns, _) = read(&path);
    assert_eq!(texts(&turns), ["and which database?", "Hello from the stand-in."]);
    assert_eq!(sessions(&turns), ["11d308a7-8410-4947-b57f-96add2b9f62d"; 2]);
}

#[test]
fn records_are_read_without_their_header_and_beside_damage() {
    let said = [message("m1", "user", "Which sensor broke?"), message("m2", "gemini", "Rack 4.")];
    let first = header().to_string();
    let torn_header = format!("{}\n{}", &first[30..], lines(&said));
    let second = said[0].to_string();
    let glued = format!("{first}\n{}{}\n{}\n", &second[..40], said[0], said[1]);
    for file in [torn_header, glued] {
        let (turns, report) = read_as("session-1.jsonl", file);
        assert_eq!(only_format(&report), Format::GeminiCli);
        assert_eq!(texts(&turns), ["Which sensor broke?", "Rack 4."]);
        assert_eq!(report.skipped[&SkipReason::Malformed], 1);
    }
}

#[test]
fn the_first_lines_of_earlier_versions_are_read() {
    let mut first = header();
    first["type"] = json!("session_metadata");
    let update = json!({"type": "message_update", "id": "m2", "tokens": {}});
    let said = [message("m1", "user", "Which sensor broke?"), message("m2", "gemini", "Rack 4.")];
    let file = lines(&[vec![first], said.to_vec(), vec![update]].concat());
    let (turns, report) = read_as("session-1.jsonl", file);
    assert_eq!(only_format(&report), Format::GeminiCli);
    assert_eq!(texts(&turns), ["Which sensor broke?", "Rack 4."]);
    assert_eq!(sessions(&turns), ["g-1"; 2]);
}
