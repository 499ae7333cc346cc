//! Codex CLI's rollouts, of every generation.

use longmem_core::Role;
use longmem_transcripts::{Format, ImportedTurn, SkipReason};
use serde_json::{Value, json};

use crate::samples::sample_data;
use crate::{keys, lines, only_format, read, read_as, sessions, skipped, texts, times};

fn record(kind: &str, second: u32, payload: impl Into<Value>) -> Value {
    let payload: Value = payload.into();
    json!({"timestamp": format!("2026-06-01T08:00:{second:02}Z"), "type": kind, "payload": payload})
}

fn meta(id: &str, second: u32) -> Value {
    record("session_meta", second, json!({"id": id, "cwd": "/w", "cli_version": "0.120.0"}))
}

fn event(kind: &str, message: &str, second: u32) -> Value {
    record("event_msg", second, json!({"type": kind, "message": message}))
}

fn item(role: &str, text: &str, second: u32) -> Value {
    let kind = if role == "assistant" { "output_text" } else { "input_text" };
    let content = json!([{"type": kind, "text": text}]);
    record("response_item", second, json!({"type": "message", "role": role, "content": content}))
}

fn call(id: &str, name: &str, arguments: &str, second: u32) -> Value {
    let call =
        json!({"type": "function_call", "name": name, "arguments": arguments, "call_id": id});
    record("response_item", second, call)
}

fn output(id: &str, output: &Value, second: u32) -> Value {
    let output = json!({"type": "function_call_output", "call_id": id, "output": output});
    record("response_item", second, output)
}

fn read_lines(values: &[Value]) -> Vec<ImportedTurn> {
    read_as("rollout-1.jsonl", lines(values)).0
}

#[test]
fn a_message_that_is_in_both_logs_is_one_turn() {
    let environment = "<environment_context>\n<cwd>/w</cwd>\n</environment_context>";
    let (turns, report) = read_as(
        "rollout-1.jsonl",
        lines(&[
            meta("c1", 0),
            item("user", environment, 1),
            item("user", "Make the cache expire.", 2),
            event("user_message", "Make the cache expire.", 3),
            record("event_msg", 3, json!({"type": "agent_reasoning", "text": "hm"})),
            record("response_item", 3, json!({"type": "reasoning", "summary": []})),
            event("agent_message", "It expires now.", 4),
            item("assistant", "It expires now.", 5),
            record("event_msg", 6, json!({"type": "token_count"})),
        ]),
    );
    assert_eq!(only_format(&report), Format::Codex);
    assert_eq!(texts(&turns), ["Make the cache expire.", "It expires now."]);
    assert_eq!(turns[1].turn.role, Role::Assistant);
    assert_eq!(sessions(&turns), ["c1"; 2]);
    assert_eq!(times(&turns), ["2026-06-01T08:00:03Z", "2026-06-01T08:00:04Z"]);
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::MetaLine, 2),
            (SkipReason::SystemMessage, 1),
            (SkipReason::Reasoning, 2),
        ])
    );
}

#[test]
fn items_are_messages_and_so_are_plans() {
    let completed = |item: Value, second: u32| {
        record(
            "event_msg",
            second,
            json!({"type": "item_completed", "turn_id": "t1", "item": item}),
        )
    };
    let said =
        |kind: &str, text: &str| json!({"type": kind, "content": [{"type": "Text", "text": text}]});
    let turns = read_lines(&[
        meta("c1", 0),
        completed(said("UserMessage", "Plan it."), 1),
        completed(json!({"type": "Reasoning", "summary_text": ["hm"]}), 2),
        completed(said("AgentMessage", "Here it is."), 3),
        completed(json!({"type": "Plan", "text": "1. Raise the limit."}), 4),
        completed(json!({"type": "HookPrompt", "fragments": [{"text": "run the linter"}]}), 5),
    ]);
    assert_eq!(texts(&turns), ["Plan it.", "Here it is.", "1. Raise the limit."]);
}

#[test]
fn the_same_words_said_twice_are_two_turns() {
    let said =
        |second: u32| [item("user", "go on", second), event("user_message", "go on", second)];
    let all = [vec![meta("c1", 0)], said(5).to_vec(), said(6).to_vec()].concat();
    let turns = read_lines(&all);
    assert_eq!(texts(&turns), ["go on"; 2]);
    assert_ne!(keys(&turns)[0], keys(&turns)[1]);
    assert_eq!(keys(&turns), keys(&read_lines(&all)));
}

#[test]
fn a_rollout_without_events_gives_the_messages_that_the_model_was_sent() {
    let response_items = read_lines(&[
        meta("c1", 0),
        item("user", "<user_instructions>\nBe brief.\n</user_instructions>", 1),
        item("developer", "Be careful.", 1),
        item("user", "Add a switch.", 2),
        item("assistant", "Added.", 3),
    ]);
    assert_eq!(texts(&response_items), ["Add a switch.", "Added."]);
    let events = read_lines(&[
        meta("c1", 0),
        event("user_message", "Add a switch.", 2),
        event("agent_message", "Added.", 3),
    ]);
    assert_eq!(keys(&response_items), keys(&events));
}

#[test]
fn a_later_version_adds_its_events_to_a_file_without_them() {
    let early = [
        meta("c1", 0),
        item("user", "Add a switch.", 1),
        item("assistant", "Added.", 2),
        item("user", "go on", 3),
        item("assistant", "Done.", 4),
    ];
    let later = [
        item("user", "<new_context>\nx\n</new_context> of a later version", 5),
        item("user", "go on", 6),
        event("user_message", "go on", 6),
        event("agent_message", "Done again.", 7),
        item("assistant", "Done again.", 7),
    ];
    let turns = read_lines(&[&early[..], &later[..]].concat());
    let said = ["Add a switch.", "Added.", "go on", "Done.", "go on", "Done again."];
    assert_eq!(texts(&turns), said);
    assert_eq!(keys(&turns)[..4], keys(&read_lines(&early)));
}

#[test]
fn a_message_that_two_events_tell_of_is_one_turn() {
    let completed = |kind: &str, text: &str, second: u32| {
        let item = json!({"type": kind, "content": [{"type": "text", "text": text}]});
        record("event_msg", second, json!({"type": "item_completed", "item": item}))
    };
    let turns = read_lines(&[
        meta("c1", 0),
        completed("UserMessage", "go on", 1),
        event("user_message", "go on", 1),
        event("agent_message", "Done.", 2),
        completed("AgentMessage", "Done.", 2),
        completed("UserMessage", "go on", 3),
        completed("UserMessage", "go on", 4),
        event("user_message", "go on", 4),
    ]);
    assert_eq!(texts(&turns), ["go on", "Done.", "go on", "go on"]);
}

#[test]
fn reads_the_flat_files_of_the_first_versions() {
    let said = |role: &str, text: &str| {
        let kind = if role == "user" { "input_text" } else { "output_text" };
        json!({"type": "message", "role": role, "content": [{"type": kind, "text": text}]})
    };
    let items = [
        said(
            "user",
            "<environment_context>\nCurrent working directory: /w\n</environment_context>",
        ),
        said("user", "Add a --dry-run switch."),
        json!({"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c1"}),
        json!({"type": "function_call_output", "call_id": "c1",
            "output": "{\"output\":\"ok\",\"metadata\":{\"exit_code\":0}}"}),
        said("assistant", "Added --dry-run."),
    ];
    let header =
        json!({"id": "th-0", "timestamp": "2025-06-01T08:00:00.000Z", "instructions": null});
    let flat = [vec![header.clone(), json!({"record_type": "state"})], items.to_vec()].concat();
    let expected = ["Add a --dry-run switch.", "shell {}\nok", "Added --dry-run."];
    let turns = read_lines(&flat);
    assert_eq!(texts(&turns), expected);
    assert_eq!(sessions(&turns), ["th-0"; 3]);
    assert_eq!(times(&turns)[..2], ["2025-06-01T08:00:00Z", "2025-06-01T08:00:00.001Z"]);

    // The versions before wrote one document.
    let document = json!({"session": header, "items": items});
    let (turns, report) = read_as("rollout-1.json", format!("{document:#}"));
    assert_eq!(only_format(&report), Format::Codex);
    assert_eq!(texts(&turns), expected);
}

#[test]
fn tool_calls_of_every_kind_are_one_turn_with_what_they_printed() {
    let custom =
        json!({"type": "custom_tool_call", "name": "apply_patch", "input": "+a", "call_id": "c2"});
    let custom_output =
        json!({"type": "custom_tool_call_output", "call_id": "c2", "output": "done"});
    let shell = json!({"type": "local_shell_call", "call_id": "c3", "status": "completed",
        "action": {"type": "exec", "command": ["ls"]}});
    let mcp = json!({"type": "item_completed", "item": {"type": "McpToolCall", "id": "c4",
        "server": "docs", "tool": "search", "arguments": {"q": "port"},
        "result": {"content": [{"type": "text", "text": "7443"}]}}});
    let mut own = mcp.clone();
    own["item"]["id"] = json!("c1");
    let (turns, report) = read_as(
        "rollout-1.jsonl",
        lines(&[
            meta("c1", 0),
            call("c1", "exec_command", "{\"cmd\":\"ls\"}", 5),
            // It has response items of its own.
            record("event_msg", 5, own),
            output("c1", &json!("a.rs"), 6),
            record("response_item", 7, custom),
            record("response_item", 8, custom_output),
            record("response_item", 9, shell),
            output("c3", &json!([{"type": "input_text", "text": "b.rs"}]), 10),
            record("event_msg", 11, mcp),
            record("response_item", 12, json!({"type": "web_search_call", "action": {}})),
            call("c5", "exec_command", "{\"cmd\":\"never ends\"}", 13),
        ]),
    );
    assert_eq!(
        texts(&turns),
        [
            "exec_command {\"cmd\":\"ls\"}\na.rs",
            "apply_patch \"+a\"\ndone",
            "local_shell_call {\"type\":\"exec\",\"command\":[\"ls\"]}\nb.rs",
            "docs__search {\"q\":\"port\"}\n7443",
        ]
    );
    assert!(turns.iter().all(|turn| turn.turn.role == Role::Tool));
    assert_eq!(report.skipped, skipped(&[(SkipReason::MetaLine, 2), (SkipReason::ToolCall, 2)]));
}

#[test]
fn what_longmem_put_in_or_printed_is_not_read_back() {
    let mut named = call("c1", "memory_search", "{\"query\":\"port\"}", 5);
    named["payload"]["namespace"] = json!("mcp__longmem");
    let recalled = "<recalled_memory note=\"x\">\n- 7443\n</recalled_memory>";
    let turns = read_lines(&[
        meta("c1", 0),
        item("developer", recalled, 1),
        item("user", recalled, 1),
        event("user_message", &format!("Which port?\n{recalled}"), 2),
        named,
        output("c1", &json!([{"type": "input_text", "text": "7443"}]), 6),
        call("c2", "shell", "{\"command\":[\"bash\",\"-lc\",\"longmem recall port\"]}", 7),
        output("c2", &json!("7443"), 8),
    ]);
    assert_eq!(texts(&turns), ["Which port?"]);
}

#[test]
fn a_session_that_continues_another_keeps_its_id_and_the_keys_of_what_it_copied() {
    let first = [meta("c1", 0), event("user_message", "Which port?", 1)];
    let original = read_lines(&first);
    // The copies are written anew, at the time at which the session begins.
    let mut copied = event("user_message", "Which port?", 41);
    let own = event("user_message", "And in the fork?", 59);
    let forked = [meta("c2", 40), meta("c1", 40), copied.clone(), own];
    let turns = read_lines(&forked);
    assert_eq!(texts(&turns), ["Which port?", "And in the fork?"]);
    assert_eq!(sessions(&turns), ["c2"; 2]);
    assert_eq!(keys(&turns)[0], keys(&original)[0]);
    assert!(keys(&turns)[1].starts_with("codex:c2:"));
    // Or with their own times.
    copied["timestamp"] = json!("2026-05-01T08:00:01Z");
    assert_eq!(keys(&read_lines(&[meta("c2", 40), meta("c1", 40), copied])), keys(&original));
    // A session that is resumed goes on in its own file.
    let resumed = [&first[..], &[meta("c1", 50), event("user_message", "Still?", 51)]].concat();
    assert_eq!(sessions(&read_lines(&resumed)), ["c1"; 2]);
}

#[test]
fn a_fork_that_only_names_its_origin_keeps_the_keys_of_what_it_copied() {
    let copied = [event("user_message", "Port?", 1), event("agent_message", "7443.", 1)];
    let origin = [&[meta("c1", 0)][..], &copied].concat();
    let mut fork = meta("c2", 30);
    fork["payload"]["forked_from_id"] = json!("c1");
    let own = [event("user_message", "Port?", 40)];
    let forked = read_lines(&[&[fork][..], &copied, &own].concat());
    assert_eq!(keys(&forked)[..2], keys(&read_lines(&origin)));
    assert!(!keys(&forked)[..2].contains(&keys(&forked)[2]));
}

#[test]
fn what_the_first_version_read_as_json_lines_is_known() {
    let said = |role: &str| json!({"type": "message", "role": role, "content": "Go on."});
    let said = [said("user"), said("assistant"), said("user")];
    let first = json!({"id": "c1", "timestamp": "2025-06-01T08:00:00Z", "instructions": null});
    let turns = read_lines(&[&[first][..], &said].concat());
    let former = turns.iter().flat_map(|turn| &turn.former_keys).map(|key| key.0.as_str());
    let (as_lines, report) = read_as("rollout-1.jsonl", lines(&said));
    assert_eq!(only_format(&report), Format::JsonLines);
    assert_eq!(former.collect::<Vec<_>>(), keys(&as_lines));
}

#[test]
fn subagents_are_known_however_they_are_written() {
    for source in [json!({"subagent": "review"}), json!({"subAgent": {}}), json!("sub_agent")] {
        let mut first = meta("c1", 0);
        first["payload"]["source"] = source;
        assert!(read_lines(&[first, event("user_message", "Look.", 1)]).is_empty());
    }
}

#[test]
fn a_subagents_rollout_is_left_out_and_a_title_is_kept() {
    let mut subagent = meta("c1", 0);
    subagent["payload"]["source"] = json!({"subagent": {"thread_spawn": {}}});
    let said = event("user_message", "Look at the port.", 1);
    let (turns, report) = read_as("r.jsonl", lines(&[subagent, said.clone()]));
    assert_eq!(turns, []);
    assert_eq!(report.skipped[&SkipReason::Subagent], 1);
    let named =
        record("event_msg", 2, json!({"type": "thread_name_updated", "thread_name": "Port"}));
    let turns = read_lines(&[meta("c1", 0), said, named]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Port"));
}

#[test]
fn reads_a_capture_of_a_real_session() {
    let Some(path) = sample_data("real-clients/codex-0.169.0/transcript.jsonl") else { return };
    let (turns, report) = read(&path);
    assert_eq!(texts(&turns), ["which port did we pick?", "Hello from the stand-in."]);
    assert_eq!(sessions(&turns), ["01a21394-0578-74e1-9442-1870c801c519"; 2]);
    assert_eq!(report.skipped[&SkipReason::ToolResult], 1);
}
