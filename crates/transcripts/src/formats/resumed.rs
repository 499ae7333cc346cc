//! A file that has grown, read on from where its reading ended, gives the turns of the whole file.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;

use longmem_core::Role;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Format;
use super::reader::MAX_STATE_BYTES;
use crate::files::TranscriptFiles;
use crate::imported_turn::ImportedTurn;
use crate::metered_reader::Meter;
use crate::receiver::ReceivingFunction;
use crate::source::Source;
use crate::turn_output::TurnOutput;

/// A file that readers are told they read.
struct Session {
    _folder: tempfile::TempDir,
    path: PathBuf,
    format: Format,
}

impl Session {
    fn new(format: Format) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.jsonl");
        std::fs::write(&path, "{}\n").unwrap();
        Self { _folder: folder, path, format }
    }

    /// Reads records, as a file that begins with them or from a state on; returns the turns and the
    /// state at the end.
    fn read(&self, records: &[Value], state: Option<Value>) -> (Vec<ImportedTurn>, Value) {
        let files = TranscriptFiles::open(Source::Path(&self.path)).unwrap();
        let mut turns = Vec::new();
        let mut sink = |turn, _: &_| {
            turns.push(turn);
            ControlFlow::Continue(())
        };
        let mut receiver = ReceivingFunction(&mut sink);
        let mut output = TurnOutput::new(None, &mut receiver);
        output.begin_file(&files.files()[0], self.format, Meter::default());
        let mut reader = self.format.reader();
        if let Some(state) = state {
            reader.restore(state);
        }
        for record in records {
            assert!(reader.read_value(record.clone(), &mut output).is_continue());
        }
        assert!(reader.finish(&mut output).is_continue());
        // It is stored as text.
        let state = reader.state().unwrap().to_string();
        drop(output);
        (turns, serde_json::from_str(&state).unwrap())
    }
}

/// What a store holds after these turns: those that it did not know by any of their keys, and in
/// place of those that have grown the grown ones.
fn stored(turns: Vec<ImportedTurn>) -> Vec<(String, String, String)> {
    let mut places = HashMap::new();
    let mut stored: Vec<(String, String, String)> = Vec::new();
    for ImportedTurn { turn, former_keys, .. } in turns {
        let keys: Vec<String> =
            turn.source_key.into_iter().chain(former_keys).map(|key| key.0).collect();
        let known = keys.iter().find_map(|key| places.get(key).copied());
        let place = known.unwrap_or(stored.len());
        match known {
            None => {
                let session = turn.session.as_str().to_owned();
                stored.push((session, turn.role.as_str().to_owned(), turn.text));
            }
            Some(place) if turn.role != Role::User && turn.text.starts_with(&stored[place].2) => {
                stored[place].2 = turn.text;
            }
            Some(_) => {}
        }
        places.extend(keys.into_iter().map(|key| (key, place)));
    }
    stored.sort();
    stored
}

fn reading_on_gives_the_same(format: Format, records: &[Value], cuts: &[usize]) {
    let session = Session::new(format);
    let (whole, _) = session.read(records, None);
    let mut in_pieces = Vec::new();
    let mut state = None;
    let mut begin = 0;
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (records.len() + 1)).collect();
    ends.push(records.len());
    ends.sort_unstable();
    for end in ends {
        let (turns, next) = session.read(&records[begin..end], state);
        in_pieces.extend(turns);
        state = Some(next);
        begin = end;
    }
    assert_eq!(stored(in_pieces), stored(whole), "{records:#?} cut at {cuts:?}");
}

/// Records of Claude Code: what happens, and words of which there are few, so that they come again.
fn claude_code(events: &[(u8, u8)]) -> Vec<Value> {
    let mut records = Vec::new();
    for (index, (event, word)) in events.iter().enumerate() {
        let words = format!("word {word}");
        let call = format!("call {word}");
        let record = |fields: Value| {
            let mut record = json!({"sessionId": format!("s{}", word % 2),
                "uuid": format!("00000000-0000-4000-8000-{index:012}"),
                "timestamp": format!("2026-01-01T00:{:02}:{:02}Z", index / 60, index % 60)});
            record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            record
        };
        let message = |role: &str, content: Value| {
            record(json!({"type": role, "message": {"id": index.to_string(), "content": content}}))
        };
        let queue = |operation: &str, content: Value| {
            record(json!({"type": "queue-operation", "operation": operation, "content": content}))
        };
        records.push(match event % 11 {
            0 => message("user", json!(words)),
            1 => message("assistant", json!([{"type": "text", "text": words}])),
            2 => message(
                "assistant",
                json!([{"type": "tool_use", "id": call, "name": "Bash", "input": {}}]),
            ),
            3 => message(
                "user",
                json!([{"type": "tool_result", "tool_use_id": call, "content": words}]),
            ),
            4 => queue("enqueue", json!(words)),
            5 => queue("remove", json!(words)),
            6 => queue("remove", Value::Null),
            7 => queue("dequeue", Value::Null),
            8 => record(json!({"type": "attachment",
                "attachment": {"type": "queued_command", "prompt": words}})),
            9 => record(json!({"type": "assistant", "message": {"id": "grows",
                "content": [{"type": "text", "text": "word ".repeat(usize::from(word % 4) + 1)}]}})),
            _ => record(json!({"type": "ai-title", "aiTitle": words})),
        });
    }
    records
}

/// Records of Codex, with a message in both logs, but for those that an early version wrote.
fn codex(events: &[(u8, u8)]) -> Vec<Value> {
    let mut records = vec![json!({"timestamp": "2026-01-01T00:00:00Z", "type": "session_meta",
        "payload": {"id": "c1"}})];
    let mut early = true;
    for (index, (event, word)) in events.iter().enumerate() {
        early &= *event >= 20;
        let words = format!("word {word}");
        let call = format!("call {word}");
        let mut push = |kind: &str, payload: Value| {
            records.push(json!({"timestamp": format!("2026-01-01T00:01:{:02}Z", index % 60),
                "type": kind, "payload": payload}));
        };
        let item = |role: &str| json!({"type": "message", "role": role, "content": words});
        match event % 4 {
            0 | 1 if early => {
                push("response_item", item("user"));
                push("response_item", item("assistant"));
            }
            0 => {
                push("response_item", item("user"));
                push("event_msg", json!({"type": "user_message", "message": words}));
            }
            1 => {
                push("event_msg", json!({"type": "agent_message", "message": words}));
                push("response_item", item("assistant"));
            }
            2 => push(
                "response_item",
                json!({"type": "function_call", "call_id": call, "name": "ls", "arguments": "{}"}),
            ),
            _ => push(
                "response_item",
                json!({"type": "function_call_output", "call_id": call, "output": words}),
            ),
        }
    }
    records
}

/// Records of Gemini CLI, with messages that are written again with their tools' results.
fn gemini_cli(events: &[(u8, u8)]) -> Vec<Value> {
    let mut records =
        vec![json!({"sessionId": "g1", "projectHash": "a", "startTime": "2026-01-01T00:00:00Z"})];
    let mut with_tools = HashSet::new();
    for (event, word) in events {
        if event % 4 == 2 {
            with_tools.insert(word);
        }
        let message = |kind: &str| {
            json!({"id": format!("{kind} {word}"), "type": kind, "content": format!("word {word}"),
                "timestamp": "2026-01-01T00:01:00Z"})
        };
        records.push(match event % 4 {
            0 => message("user"),
            1 | 2 if !with_tools.contains(word) => message("gemini"),
            // A call stays with its message.
            1 | 2 => {
                let mut message = message("gemini");
                message["toolCalls"] = json!([{"id": "c", "name": "ls", "args": {},
                    "resultDisplay": format!("word {word}")}]);
                message
            }
            _ => json!({"$set": {"summary": "A title"}}),
        });
    }
    records
}

/// Lines with a message each, of which several have the same id.
fn json_lines(events: &[(u8, u8)]) -> Vec<Value> {
    let line = |(event, word): &(u8, u8)| {
        json!({"role": if event % 2 == 0 { "user" } else { "assistant" }, "id": event % 8,
            "session": format!("s{}", event % 3), "text": format!("word {word}"),
            "time": "2026-01-01T00:01:00Z"})
    };
    events.iter().map(line).collect()
}

/// What waits takes room with every file, so a file with too much of it is read from its beginning.
#[test]
fn a_huge_state_is_none() {
    let session = Session::new(Format::ClaudeCode);
    let files = TranscriptFiles::open(Source::Path(&session.path)).unwrap();
    let input = "x".repeat(MAX_STATE_BYTES);
    let call = json!({"type": "tool_use", "id": "t", "name": "Write", "input": input});
    let record = json!({"type": "assistant", "sessionId": "s", "message": {"content": [call]}});
    let mut sink = |_, _: &_| ControlFlow::Continue(());
    let mut receiver = ReceivingFunction(&mut sink);
    let mut output = TurnOutput::new(None, &mut receiver);
    output.begin_file(&files.files()[0], Format::ClaudeCode, Meter::default());
    let mut reader = Format::ClaudeCode.reader();
    assert!(reader.state().is_some());
    assert!(reader.read_value(record, &mut output).is_continue());
    assert!(reader.state().is_none());
}

fn events() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((0u8..40, 0u8..4), 0..30)
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 1..4)
}

proptest! {
    #[test]
    fn a_claude_code_transcript_is_read_on(events in events(), cuts in cuts()) {
        reading_on_gives_the_same(Format::ClaudeCode, &claude_code(&events), &cuts);
    }

    #[test]
    fn a_codex_rollout_is_read_on(events in events(), cuts in cuts()) {
        reading_on_gives_the_same(Format::Codex, &codex(&events), &cuts);
    }

    #[test]
    fn a_json_lines_file_is_read_on(
        events in events(), cuts in cuts()
    ) {
        reading_on_gives_the_same(Format::JsonLines, &json_lines(&events), &cuts);
    }

    #[test]
    fn a_gemini_cli_chat_is_read_on(events in events(), cuts in cuts()) {
        reading_on_gives_the_same(Format::GeminiCli, &gemini_cli(&events), &cuts);
    }
}
