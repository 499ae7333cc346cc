use std::io::Write;

use longmem_core::{Role, SourceKey, Turn, TurnId, UserName};
use longmem_transcripts::{ExportedTurn, Format, ImportedTurn, SkipReason};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Files, keys, lines, only_format, read, read_as, sessions, skipped, texts, times};

#[test]
fn reads_an_array_of_messages() {
    let array = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "name": "Ana", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:"}}
        ]},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "t"}]},
        {"role": "assistant", "content": null, "function_call": {"name": "f"}},
        {"role": "tool", "name": "look", "tool_call_id": "t", "content": "a cat"},
        {"role": "assistant", "content": "A cat."},
        {"role": "assistant", "content": ""},
        {"role": "narrator", "content": "The end."},
        {"content": "Who?"},
        "text"
    ]);
    let (turns, report) = read_as("cat.json", array.to_string());
    assert_eq!(only_format(&report), Format::Messages);
    assert_eq!(texts(&turns), ["Be brief.", "What is this?", "a cat", "A cat."]);
    let roles: Vec<Role> = turns.iter().map(|imported| imported.turn.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Tool, Role::Assistant]);
    assert_eq!(turns[1].turn.speaker.as_deref(), Some("Ana"));
    assert_eq!(sessions(&turns), ["cat"; 4]);
    assert!(turns.iter().all(|imported| imported.user.is_none()));
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::ToolCall, 2),
            (SkipReason::Empty, 1),
            (SkipReason::UnknownRole, 1),
            (SkipReason::Malformed, 2),
        ])
    );
}

#[test]
fn turns_without_times_follow_the_files_time_by_a_millisecond_each() {
    let files = Files::new();
    let array = json!([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]);
    let path = files.write("x.json", array.to_string());
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(times(&read(&path).0), ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.001Z"]);
}

#[test]
fn reads_conversations_as_a_document_or_one_a_line() {
    let one = json!({
        "session_id": "s", "title": "T", "user": "ana", "created_at": 1_700_000_000,
        "messages": [{"role": "user", "content": "hi"}, {"role": "user", "content": "x", "user": "bo"}]
    });
    for content in [one.to_string(), format!("{one:#}"), json!([one]).to_string()] {
        let (turns, report) = read_as("f.json", content);
        assert_eq!((sessions(&turns), only_format(&report)), (vec!["s"; 2], Format::Messages));
        assert_eq!(turns[0].user.as_ref().unwrap().as_str(), "ana");
        assert_eq!(turns[1].user.as_ref().unwrap().as_str(), "bo");
        assert_eq!(turns[0].turn.session_title.as_deref(), Some("T"));
        assert_eq!(times(&turns)[0], "2023-11-14T22:13:20Z");
    }
    let unnamed = json!({"messages": [{"role": "user", "content": "hi"}]});
    let (turns, _) = read_as("tune.jsonl", lines(&[unnamed.clone(), unnamed.clone(), unnamed]));
    assert_eq!(sessions(&turns), ["tune", "tune-2", "tune-3"]);
}

#[test]
fn reads_every_name_of_a_field_in_json_lines() {
    let (turns, report) = read_as(
        "chat.jsonl",
        lines(&[
            json!({"role": "human", "text": "a", "timestamp": "2026-01-01T00:00:00Z"}),
            json!({"role": "ai", "content": "b", "ts": 1_700_000_000, "session": "s"}),
            json!({"role": "MODEL", "text": "c", "time": 1_700_000_000_000_i64, "session_id": 7}),
            json!({"role": "user", "text": "d", "created_at": "1700000000", "user": "ana",
                   "speaker": "Ana", "id": 12, "title": "T", "session": "s"}),
            json!({"role": "user", "text": "e", "name": "Bo", "id": "x"}),
        ]),
    );
    assert_eq!(only_format(&report), Format::JsonLines);
    assert_eq!(texts(&turns), ["a", "b", "c", "d", "e"]);
    assert_eq!(sessions(&turns), ["chat", "s", "7", "s", "chat"]);
    assert_eq!(times(&turns)[1..4], ["2023-11-14T22:13:20Z"; 3]);
    assert_eq!(times(&turns)[4], "2026-01-01T00:00:00.001Z", "after the session's previous turn");
    assert_eq!(keys(&turns)[3..], ["jsonl:s:12", "jsonl:chat:x"]);
    assert_eq!(turns[2].turn.role, Role::Assistant);
    assert_eq!(turns[3].user.as_ref().unwrap().as_str(), "ana");
    assert_eq!(turns[3].turn.speaker.as_deref(), Some("Ana"));
    assert_eq!(turns[4].turn.speaker.as_deref(), Some("Bo"));
    assert_eq!(turns[3].turn.session_title.as_deref(), Some("T"));
}

#[test]
fn messages_of_other_programs_are_read_by_their_names_of_role_and_text() {
    let (turns, report) = read_as(
        "chat.jsonl",
        lines(&[
            json!({"sender": "user", "body": "a", "inserted_at": "2026-01-01T00:00:00Z"}),
            json!({"author": "assistant", "message": "b", "CreatedAt": 1_767_225_600}),
            json!({"from": "human", "msg": "c"}),
            json!({"author": {"role": "ai"}, "content": {"text": "d"}}),
            json!({"message": {"role": "user", "content": "e"}, "timestamp": 1_767_225_600}),
            json!({"role": "model", "parts": [{"text": "Hm.", "thought": true}, {"text": "f"}]}),
            json!({"role": "assistant", "content": null, "refusal": "g"}),
            // These are no roles.
            json!({"sender": "Ana", "body": "x"}),
            json!({"from": "system", "message": "x"}),
        ]),
    );
    assert_eq!(only_format(&report), Format::JsonLines);
    assert_eq!(texts(&turns), ["a", "b", "c", "d", "e", "f", "g"]);
    let (user, assistant) = (Role::User, Role::Assistant);
    let roles: Vec<Role> = turns.iter().map(|imported| imported.turn.role).collect();
    assert_eq!(roles, [user, assistant, user, assistant, user, assistant, assistant]);
    assert_eq!(report.turns_without_time, 4);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Malformed, 2)]));
    let request = json!({"contents": [{"role": "user", "parts": [{"text": "a"}]}]});
    let (turns, report) = read_as("request.json", request.to_string());
    assert_eq!((texts(&turns), only_format(&report)), (vec!["a"], Format::Messages));
}

#[test]
fn arrays_of_conversations_and_saved_prompts_are_read() {
    let one = |text: &str| json!([{"role": "user", "content": text}]);
    let (turns, report) = read_as("tune.json", json!([one("a"), one("b")]).to_string());
    assert_eq!((texts(&turns), only_format(&report)), (vec!["a", "b"], Format::Messages));
    assert_eq!(sessions(&turns), ["tune", "tune-2"]);
    let prompt = json!({
        "runSettings": {"model": "models/gemini-2.5-pro"},
        "chunkedPrompt": {"chunks": [
            {"text": "a", "role": "user", "createTime": "2026-01-01T00:00:00Z"},
            {"text": "Hm.", "role": "model", "isThought": true},
            {"text": "b", "role": "model"}
        ], "pendingInputs": []}
    });
    let (turns, report) = read_as("Ports", format!("{prompt:#}"));
    assert_eq!((texts(&turns), sessions(&turns)), (vec!["a", "b"], vec!["Ports"; 2]));
    assert_eq!(times(&turns)[0], "2026-01-01T00:00:00Z");
    assert_eq!(report.skipped, skipped(&[(SkipReason::Reasoning, 1)]));
}

#[test]
fn a_turn_with_an_invalid_user_name_is_skipped() {
    let named = |user: Value| json!({"role": "user", "text": "secret", "user": user});
    let (turns, report) = read_as(
        "x.jsonl",
        lines(&[named(json!("")), named(json!("a\nb")), named(json!({})), named(json!(null))]),
    );
    assert_eq!(turns.len(), 1);
    assert_eq!(report.skipped, skipped(&[(SkipReason::InvalidUser, 3)]));
}

#[test]
fn a_session_without_a_valid_name_gets_a_derived_one() {
    let long = "s".repeat(300);
    let (turns, _) =
        read_as("x.jsonl", lines(&[json!({"role": "user", "text": "a", "session": long})]));
    assert!(turns[0].turn.session.as_str().starts_with("session-"));
}

#[test]
fn recalled_memory_in_a_logged_prompt_is_left_out() {
    let prompt = "Which port?\n<recalled_memory note=\"x\">\n- 7443\n</recalled_memory>";
    let only = "<recalled_memory note=\"x\">\n- 7443\n</recalled_memory>";
    let array = json!([{"role": "user", "content": prompt}, {"role": "user", "content": only}]);
    let (turns, report) = read_as("x.json", array.to_string());
    assert_eq!(texts(&turns), ["Which port?\n"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Empty, 1)]));
}

#[test]
fn a_grown_file_keeps_the_keys_it_had_and_equal_messages_stay() {
    let yes = json!({"role": "user", "text": "yes"});
    let files = Files::new();
    let path = files.write("chat.jsonl", lines(&[yes.clone(), yes.clone()]));
    let before = read(&path).0;
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    writeln!(file, "{yes}").unwrap();
    let after = read(&path).0;
    assert_eq!(keys(&after)[..2], keys(&before));
    let distinct: std::collections::HashSet<&str> = keys(&after).into_iter().collect();
    assert_eq!(distinct.len(), 3);
}

#[test]
fn keys_do_not_depend_on_the_folder() {
    let content = lines(&[json!({"role": "user", "text": "yes"})]);
    let (here, there) = (read_as("chat.jsonl", &content).0, read_as("a/b/chat.jsonl", &content).0);
    assert_eq!(keys(&here), keys(&there));
    assert_ne!(keys(&here), keys(&read_as("other.jsonl", &content).0));
}

/// Exports turns as a store would that numbers them from `first_id`.
fn export(turns: &[ImportedTurn], first_id: i64) -> Vec<u8> {
    let mut out = Vec::new();
    for (imported, id) in turns.iter().zip(first_id..) {
        let turn = Turn {
            id: TurnId(id),
            session: imported.turn.session.clone(),
            session_title: None,
            role: imported.turn.role,
            speaker: imported.turn.speaker.clone(),
            time: imported.turn.time,
            text: imported.turn.text.clone(),
            note: imported.turn.note,
        };
        let key: &SourceKey = imported.turn.source_key.as_ref().unwrap();
        let user = imported.user.clone().unwrap_or_else(|| UserName::new("me").unwrap());
        let title = imported.turn.session_title.as_deref();
        ExportedTurn::new(key, &user, title, &turn).write_line(&mut out).unwrap();
    }
    out
}

fn line() -> impl Strategy<Value = Value> {
    let text = "\\PC{1,12}|<recalled_memory>\n[a-z ]{0,9}";
    let speaker = prop::option::of("[A-Za-z ]{1,8}[a-z]");
    let time = prop::option::of(0_i64..2_000_000_000_000);
    let id = prop::option::of(0..5_u8);
    let note = prop::option::of(any::<bool>());
    let values = (text, "[ab]", speaker, time, id, note);
    values.prop_map(|(text, session, speaker, time, id, note)| {
        json!({"role": "user", "text": text, "session": session, "speaker": speaker,
               "time": time, "id": id, "note": note})
    })
}

proptest! {
    #[test]
    fn what_is_exported_is_imported_and_exported_the_same(
        values in prop::collection::vec(line(), 1..8)
    ) {
        let turns = read_as("chat.jsonl", lines(&values)).0;
        prop_assume!(!turns.is_empty());
        let first = export(&turns, 1);
        let (again, report) = read_as("other.jsonl", &first);
        prop_assert_eq!(keys(&again), keys(&turns));
        prop_assert_eq!(&export(&again, 100), &first);
        prop_assert!(report.skipped.is_empty());
    }

    #[test]
    fn exported_text_comes_back_to_the_letter(text in "\\PC{0,20}\n?<recalled_memory>\\PC{0,20}") {
        let value = json!({"key": "k", "role": "user", "text": text});
        let turns = read_as("x.jsonl", lines(&[value])).0;
        prop_assert_eq!(texts(&turns), [text.as_str()]);
    }

    #[test]
    fn a_file_split_between_lines_has_the_same_keys(
        values in prop::collection::vec(line(), 2..8),
        at in 1usize..7,
    ) {
        let values: Vec<Value> = values
            .into_iter()
            .enumerate()
            .map(|(index, mut value)| {
                value["id"] = json!(index);
                value["text"] = json!(format!("said: {}", value["text"]));
                value
            })
            .collect();
        let at = at.min(values.len() - 1);
        let whole = read_as("chat.jsonl", lines(&values)).0;
        let mut parts = read_as("part-1.jsonl", lines(&values[..at])).0;
        parts.extend(read_as("part-2.jsonl", lines(&values[at..])).0);
        prop_assert_eq!(keys(&whole), keys(&parts));
        prop_assert_eq!(texts(&whole), texts(&parts));
    }
}

#[test]
fn a_second_message_with_an_id_is_kept_if_it_says_something_else() {
    let message = |id: u8, text: &str| json!({"role": "user", "id": id, "text": text});
    let values = [message(1, "v1"), message(1, "v2"), message(1, "v1"), message(2, "v1")];
    let files = Files::new();
    let path = files.write("chat.jsonl", lines(&values[..1]));
    let first = read(&path).0;
    let (turns, _) = read(&files.write("chat.jsonl", lines(&values)));
    assert_eq!(texts(&turns), ["v1", "v2", "v1", "v1"]);
    let keys = keys(&turns);
    assert_eq!(keys[0], crate::keys(&first)[0], "a grown file gives no turn a new key");
    assert_eq!((keys[0], keys[2], keys[3]), ("jsonl:chat:1", "jsonl:chat:1", "jsonl:chat:2"));
    assert!(keys[1].starts_with("jsonl:chat:1:"));
    let other_role = json!({"role": "assistant", "id": 1, "text": "v1"});
    let (turns, _) = read_as("x.jsonl", lines(&[message(1, "v1"), other_role]));
    assert_ne!(crate::keys(&turns)[0], crate::keys(&turns)[1]);
}

#[test]
fn an_assistants_thinking_is_left_out_and_a_persons_words_stay() {
    let (turns, report) = read_as(
        "x.jsonl",
        lines(&[
            json!({"role": "user", "text": "<think>is a tag</think>"}),
            json!({"role": "assistant", "text": "<think>Ports.</think>\n7443."}),
            json!({"role": "assistant", "text": "<think>Ports"}),
            json!({"role": "assistant", "text": "<think>stored</think>x", "key": "k"}),
        ]),
    );
    assert_eq!(texts(&turns), ["<think>is a tag</think>", "7443.", "<think>stored</think>x"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Reasoning, 1)]));
}

#[test]
fn times_are_read_under_every_usual_name_and_counted_where_there_is_none() {
    let line = |name: &str, value: Value| json!({"role": "user", "text": name, name: value});
    let (turns, report) = read_as(
        "x.jsonl",
        lines(&[
            line("create_time", json!(1_772_359_200)),
            line("createdAt", json!("2026-03-01T10:00:00Z")),
            line("timestamp", json!(1_772_359_200_000_000_i64)),
            line("date", json!("Sun, 01 Mar 2026 10:00:00 +0000")),
            line("sent_at", json!({"$date": {"$numberLong": "1772359200000"}})),
            line("time", json!("soon")),
        ]),
    );
    assert_eq!(times(&turns)[..5], ["2026-03-01T10:00:00Z"; 5]);
    assert_eq!(report.turns_without_time, 1);
}

#[test]
fn an_exported_time_is_kept_however_old() {
    let exported = json!({"key": "k", "role": "user", "text": "a", "time": "1985-03-01T10:00:00Z"});
    assert_eq!(times(&read_as("x.jsonl", lines(&[exported])).0), ["1985-03-01T10:00:00Z"]);
}

#[test]
fn conversations_and_messages_in_wrappers_are_read() {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let typing_mind = json!({"data": {"chats": [
        {"id": "c1", "chatTitle": "Gears", "createdAt": 1_772_359_200_000_i64, "messages": messages}
    ], "folders": []}});
    for content in [typing_mind.to_string(), format!("{typing_mind:#}")] {
        let (turns, report) = read_as("x.json", content);
        assert_eq!((texts(&turns), sessions(&turns)), (vec!["hi"], vec!["c1"]));
        assert_eq!(only_format(&report), Format::Messages);
        assert_eq!(turns[0].turn.session_title.as_deref(), Some("Gears"));
        assert_eq!(times(&turns), ["2026-03-01T10:00:00Z"]);
    }
    for name in ["conversation", "conversations", "data", "turns", "history"] {
        let (turns, report) = read_as("talk.json", json!({"id": 7, name: messages}).to_string());
        assert_eq!((texts(&turns), sessions(&turns)), (vec!["hi"], vec!["7"]), "{name}");
        assert_eq!(only_format(&report), Format::Messages);
    }
    let chatgpt = json!({"conversations": [{"id": "w", "mapping": {"n": {"message":
        {"id": "n", "author": {"role": "user"}, "content": {"parts": ["gears"]}}}}}]});
    let (turns, report) = read_as("14.json", chatgpt.to_string());
    assert_eq!((texts(&turns), keys(&turns)), (vec!["gears"], vec!["chatgpt:w:n"]));
    assert_eq!(only_format(&report), Format::ChatGpt);
}

/// Version 0.1.0 named turns without an id by what it read; a store that it made is not to be filled
/// twice.
#[test]
fn a_time_that_the_first_version_did_not_read_leaves_the_turns_key_known() {
    let said = |time: Value| {
        let mut message = json!({"role": "user", "text": "yes"});
        message.as_object_mut().unwrap().extend(time.as_object().unwrap().clone());
        message
    };
    let read_twice = |time: Value| read_as("a.jsonl", lines(&[said(time.clone()), said(time)])).0;
    let former = |turns: &[ImportedTurn]| -> Vec<String> {
        turns.iter().flat_map(|turn| &turn.former_keys).map(|key| key.0.clone()).collect()
    };
    let untimed = read_twice(json!({}));
    assert!(former(&untimed).is_empty());
    for time in [
        json!({"createdAt": "2026-03-01T10:00:00Z"}),
        json!({"time": 1_772_359_200_000_000_i64}),
        json!({"time": "Sun, 1 Mar 2026 10:00:00 +0000"}),
    ] {
        let timed = read_twice(time);
        assert_eq!(former(&timed), keys(&untimed));
        assert_ne!(keys(&timed), keys(&untimed));
    }
    for time in [json!({"time": "2026-03-01 10:00:00"}), json!({"ts": 1_772_359_200})] {
        assert!(former(&read_twice(time)).is_empty());
    }
}
