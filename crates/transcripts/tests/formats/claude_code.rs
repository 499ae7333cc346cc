use longmem_core::Role;
use longmem_transcripts::{Format, ImportedTurn, SkipReason};
use serde_json::{Value, json};

use crate::samples::sample_data;
use crate::{Files, keys, lines, only_format, read, read_as, sessions, skipped, texts, times};

/// The keys that earlier versions gave the turns.
fn former_keys(turns: &[ImportedTurn]) -> Vec<&str> {
    turns.iter().flat_map(|turn| &turn.former_keys).map(|key| key.0.as_str()).collect()
}

pub(crate) fn line(kind: &str, uuid: &str, content: &Value) -> Value {
    json!({
        "type": kind, "uuid": uuid, "parentUuid": null, "sessionId": "s-1",
        "timestamp": "2026-01-02T03:04:05Z", "isSidechain": false,
        "message": {"role": kind, "content": content}
    })
}

fn user(text: &str) -> Value {
    line("user", "u", &json!(text))
}

#[test]
fn reads_what_people_and_the_model_said() {
    let (turns, report) = read_as(
        "whatever.jsonl",
        lines(&[
            json!({"type": "file-history-snapshot", "messageId": "m", "snapshot": {}}),
            line("user", "u1", &json!("Fix the port.")),
            line("assistant", "u2", &json!([{"type": "thinking", "thinking": "hm"}])),
            line("assistant", "u3", &json!([{"type": "text", "text": "I will."}])),
            line("assistant", "u4", &json!([{"type": "tool_use", "name": "Edit"}])),
            line("user", "u5", &json!([{"type": "tool_result", "content": "done"}])),
            line("user", "u6", &json!([{"type": "text", "text": "Thanks."}, {"type": "image"}])),
            json!({"type": "system", "subtype": "turn_duration", "sessionId": "s-1"}),
        ]),
    );
    assert_eq!(texts(&turns), ["Fix the port.", "I will.", "Thanks."]);
    assert_eq!(turns[1].turn.role, Role::Assistant);
    assert_eq!(
        former_keys(&turns),
        ["claude-code:s-1:u1", "claude-code:s-1:u3", "claude-code:s-1:u6"]
    );
    assert_eq!(sessions(&turns), ["s-1"; 3]);
    assert_eq!(times(&turns), ["2026-01-02T03:04:05Z"; 3]);
    assert_eq!(only_format(&report), Format::ClaudeCode);
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::MetaLine, 2),
            (SkipReason::Reasoning, 1),
            (SkipReason::ToolCall, 1),
            (SkipReason::ToolResult, 1),
        ])
    );
}

/// Call and result are one turn of the tool's, at the place of the result.
#[test]
fn a_tool_call_and_its_result_become_one_turn_of_the_tool() {
    let call = |id: &str, name: &str, input: Value| json!({"type": "tool_use", "id": id, "name": name, "input": input});
    let result = |id: &str, content: &str| json!({"type": "tool_result", "tool_use_id": id, "content": content});
    let mut printed = line("user", "u3", &json!([result("t1", "a.rs\nb.rs"), result("t2", "")]));
    printed["toolUseResult"] = json!({"stdout": "a.rs\nb.rs"});
    let (turns, report) = read_as(
        "x.jsonl",
        lines(&[
            line("user", "u1", &json!("What is there?")),
            line(
                "assistant",
                "u2",
                &json!([
                    {"type": "text", "text": "I look."},
                    call("t1", "Bash", json!({"command": "ls"})),
                    call("t2", "Edit", json!({"file": "a.rs"})),
                ]),
            ),
            printed,
            line("assistant", "u4", &json!([call("t3", "mcp__longmem__recall", json!({}))])),
            line("user", "u5", &json!([result("t3", "what is in memory already")])),
            line("assistant", "u6", &json!([call("t4", "Bash", json!({"command": "never ends"}))])),
        ]),
    );
    let bash = "Bash {\"command\":\"ls\"}\na.rs\nb.rs";
    let expected = ["What is there?", "I look.", bash, "Edit {\"file\":\"a.rs\"}"];
    assert_eq!(texts(&turns), expected);
    let roles: Vec<Role> = turns.iter().map(|turn| turn.turn.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Tool]);
    assert_eq!(former_keys(&turns)[2..], ["claude-code:s-1:u3:t1", "claude-code:s-1:u3:t2"]);
    assert!(keys(&turns)[2].ends_with(":t1"), "{:?}", keys(&turns));
    let left_out = skipped(&[(SkipReason::ToolCall, 1), (SkipReason::ToolResult, 1)]);
    assert_eq!(report.skipped, left_out);
}

#[test]
fn leaves_out_what_no_person_typed() {
    let flagged = |flag: &str| {
        let mut line = user("injected");
        line[flag] = json!(true);
        line
    };
    let mut queued = user("injected");
    queued["origin"] = json!({"kind": "task-notification"});
    let mut typed = user("typed");
    typed["origin"] = json!({"kind": "human"});
    let mut synthetic = line("assistant", "a", &json!("API Error"));
    synthetic["message"]["model"] = json!("<synthetic>");
    let mut printed = line("user", "u", &json!(["a tool's words"]));
    printed["toolUseResult"] = json!("a tool's words");
    let mut compact = flagged("isCompactSummary");
    compact["isVisibleInTranscriptOnly"] = json!(true);
    let (turns, report) = read_as(
        "x.jsonl",
        lines(&[
            flagged("isMeta"),
            flagged("isSidechain"),
            compact,
            flagged("isVisibleInTranscriptOnly"),
            queued,
            synthetic,
            printed,
            user("[Request interrupted by user for tool use]"),
            json!({"sessionId": "s-1"}),
            typed,
        ]),
    );
    assert_eq!(texts(&turns), ["typed"]);
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::MetaLine, 4),
            (SkipReason::Subagent, 1),
            (SkipReason::CompactSummary, 1),
            (SkipReason::ToolResult, 1),
            (SkipReason::Hidden, 1),
            (SkipReason::Malformed, 1),
        ])
    );
}

#[test]
fn removes_injected_blocks_from_what_a_person_typed() {
    let own = "Which port?\n\n<recalled_memory note=\"x\">\n- 7443\n</recalled_memory>";
    let (turns, report) = read_as(
        "x.jsonl",
        lines(&[
            user(own),
            user("<system-reminder>\nbe nice\n</system-reminder>\n\nGo on."),
            user("<command-name>/clear</command-name>\n  <command-args></command-args>"),
            line("assistant", "a", &json!("<system-reminder>is a tag</system-reminder>")),
        ]),
    );
    assert_eq!(
        texts(&turns),
        ["Which port?", "Go on.", "<system-reminder>is a tag</system-reminder>"]
    );
    assert_eq!(report.skipped, skipped(&[(SkipReason::Empty, 1)]));
}

#[test]
fn titles_a_session_by_the_best_title_wherever_it_stands() {
    let summary = json!({"type": "summary", "summary": "Summed up", "leafUuid": "l"});
    let generated = json!({"type": "ai-title", "aiTitle": "Generated", "sessionId": "s-1"});
    let chosen = json!({"type": "custom-title", "customTitle": "Chosen", "sessionId": "s-1"});
    let mut other = user("elsewhere");
    other["sessionId"] = json!("s-2");
    let title_of = |lines_in: &[Value], session: &str| {
        let (turns, _) = read_as("x.jsonl", lines(lines_in));
        let turn = turns.into_iter().find(|t| t.turn.session.as_str() == session).unwrap();
        turn.turn.session_title
    };
    let all = [chosen, other, user("hello"), generated, summary];
    assert_eq!(title_of(&all, "s-1").as_deref(), Some("Chosen"));
    assert_eq!(title_of(&all, "s-2").as_deref(), Some("Summed up"));
    assert_eq!(title_of(&all[1..], "s-1").as_deref(), Some("Generated"));
    assert_eq!(title_of(&all[1..3], "s-1"), None);
}

#[test]
fn brings_the_turns_of_a_session_together() {
    let in_session = |session: &str, text: &str| {
        let mut line = user(text);
        line["sessionId"] = json!(session);
        line
    };
    let (turns, report) = read_as(
        "x.jsonl",
        lines(&[in_session("b", "1"), in_session("a", "2"), in_session("b", "3")]),
    );
    assert_eq!(texts(&turns), ["1", "3", "2"]);
    assert_eq!(report.sessions, 2);
}

#[test]
fn reads_the_loglines_layout() {
    let document = json!({"loglines": [
        {"type": "user", "timestamp": "2026-01-02T03:04:05Z", "message": {"content": "yes"}},
        {"type": "user", "message": {"content": "yes"}}
    ]});
    for content in [document.to_string(), format!("{document:#}")] {
        let (turns, report) = read_as("sample.json", content);
        assert_eq!((texts(&turns), sessions(&turns)), (vec!["yes"; 2], vec!["sample"; 2]));
        assert_eq!(times(&turns)[1], "2026-01-02T03:04:05.001Z");
        assert_ne!(keys(&turns)[0], keys(&turns)[1]);
        assert_eq!(only_format(&report), Format::ClaudeCode);
    }
}

#[test]
fn reads_a_folder_of_transcripts_without_subagents() {
    let files = Files::new();
    let with_id = |uuid: &str, text: &str| lines(&[line("user", uuid, &json!(text))]);
    files.write("-work/b.jsonl", with_id("1", "second"));
    files.write("-home/a.jsonl", with_id("2", "first"));
    files.write("-home/a/subagents/agent-1.jsonl", with_id("3", "unseen"));
    files.write("-home/memory/MEMORY.md", "notes");
    files.write("-home/empty.jsonl", "");
    let (turns, report) = read(files.path());
    assert_eq!(texts(&turns), ["first", "second"]);
    assert_eq!((report.files(), only_format(&report)), (2, Format::ClaudeCode));
}

/// A session that is resumed or branched begins with copies of the records of another.
#[test]
fn a_record_has_one_key_whatever_session_it_was_copied_into() {
    let ids = ["0b0c1f5e-3c55-4cf5-9d20-9f1b3a2c4d5e", "u12"];
    let in_session = |session: &str, id: &str| {
        let mut line = line("user", id, &json!("What is the port?"));
        line["sessionId"] = json!(session);
        line
    };
    for id in ids {
        let (first, _) = read_as("s-1.jsonl", lines(&[in_session("s-1", id)]));
        let mut copy = in_session("s-2", id);
        let (resumed, _) = read_as("s-2.jsonl", lines(&[copy.clone()]));
        copy["forkedFrom"] = json!({"sessionId": "s-1", "messageUuid": id});
        let (forked, _) = read_as("s-2.jsonl", lines(&[copy]));
        assert_eq!(keys(&first), keys(&resumed));
        assert_eq!(keys(&first), keys(&forked));
        let (own, origin) = (format!("claude-code:s-2:{id}"), format!("claude-code:s-1:{id}"));
        assert_eq!(former_keys(&forked), [own, origin]);
    }
    // Records of other programs are numbered from the start in every session.
    let other = |session: &str, text: &str| {
        let mut line = line("user", "1", &json!(text));
        line["sessionId"] = json!(session);
        line
    };
    let (turns, _) = read_as("x.jsonl", lines(&[other("a", "one"), other("b", "two")]));
    assert_ne!(keys(&turns)[0], keys(&turns)[1]);
}

/// A message that is written while it grows has one id and a record for each state.
#[test]
fn the_last_record_of_a_growing_message_is_the_turn() {
    let answer = |uuid: &str, id: &str, text: &str| {
        let mut line = line("assistant", uuid, &json!([{"type": "text", "text": text}]));
        line["message"]["id"] = json!(id);
        line
    };
    let (turns, _) = read_as(
        "x.jsonl",
        lines(&[
            user("Which port?"),
            answer("a1", "m1", "The port"),
            answer("a2", "m1", "The port is 7443."),
            answer("a3", "m1", "Shall I change it?"),
            answer("a4", "m2", "Shall I change it? Yes."),
            line("user", "u2", &json!("No.")),
            answer("a5", "m2", "Shall I change it? Yes."),
        ]),
    );
    assert_eq!(
        texts(&turns),
        [
            "Which port?",
            "The port is 7443.",
            "Shall I change it?",
            "Shall I change it? Yes.",
            "No.",
            "Shall I change it? Yes.",
        ]
    );
    assert_eq!(former_keys(&turns)[1], "claude-code:s-1:a2");
}

#[test]
fn text_beside_a_tools_result_is_the_persons() {
    let content = |text: &str| {
        json!([{"type": "tool_result", "tool_use_id": "t9", "content": "printed"},
            {"type": "text", "text": text}])
    };
    let mut own = line("user", "u1", &content("and my own words after it"));
    own["toolUseResult"] = json!({"stdout": "printed"});
    let mut interrupted = line("user", "u2", &content("[Request interrupted by user]"));
    interrupted["toolUseResult"] = json!("printed");
    let (turns, report) = read_as("x.jsonl", lines(&[own, interrupted]));
    assert_eq!(texts(&turns), ["printed", "and my own words after it", "printed"]);
    assert!(report.skipped.is_empty());
}

/// What people and the model said in captures of real sessions, and nothing that longmem's hooks and
/// tools put into them.
#[test]
fn reads_captures_of_real_sessions() {
    let asked = ["which port did we pick?", "Hello from the stand-in. "];
    let captures = [
        ("first-turn", asked.to_vec()),
        ("second-turn-resumed", [asked, ["and which database?", asked[1]]].concat()),
        ("plugin-tool-call", asked.to_vec()),
        ("compact", vec!["hello again", asked[1]]),
    ];
    for (name, said) in captures {
        let path = format!("real-clients/claude-code-2.1.332-{name}/transcript.jsonl");
        let Some(path) = sample_data(&path) else { return };
        let (turns, _) = read(&path);
        assert_eq!(texts(&turns), said, "{name}");
        assert_eq!(keys(&turns), keys(&read(&path).0));
    }
}
