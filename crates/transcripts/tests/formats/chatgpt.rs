use longmem_core::Role;
use longmem_transcripts::{EndReason, Format, SkipReason};
use serde_json::{Value, json};

use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

fn message(id: &str, role: &str, text: &str) -> Value {
    json!({
        "id": id, "author": {"role": role}, "create_time": null, "recipient": "all",
        "content": {"content_type": "text", "parts": [text]}, "metadata": {}
    })
}

fn node(parent: Option<&str>, children: &[&str], message: &Value) -> Value {
    json!({"parent": parent, "children": children, "message": message})
}

/// One conversation of messages that follow each other, `n0` being the root.
fn chain(messages: &[Value]) -> Value {
    let mut mapping = json!({"n0": {"parent": null, "children": ["n1"], "message": null}});
    for (index, message) in messages.iter().enumerate() {
        let parent = format!("n{index}");
        let child = format!("n{}", index + 2);
        mapping[format!("n{}", index + 1)] = node(Some(&parent), &[&child], message);
    }
    json!({
        "title": "Trip", "create_time": 1_700_000_000.25, "conversation_id": "c1",
        "mapping": mapping, "current_node": format!("n{}", messages.len())
    })
}

#[test]
fn follows_the_branch_that_is_shown() {
    let conversation = json!({
        "title": "Ports", "create_time": 1_700_000_000, "conversation_id": "c-1",
        "current_node": "a2",
        "mapping": {
            "root": {"id": "root", "parent": null, "children": ["q"], "message": null},
            "q": node(Some("root"), &["a1", "a2"], &message("q", "user", "Which port?")),
            "a1": node(Some("q"), &[], &message("a1", "assistant", "8080, perhaps.")),
            "a2": node(Some("q"), &[], &message("a2", "assistant", "7443."))
        }
    });
    let (turns, report) = read_as("conversations.json", json!([conversation]).to_string());
    assert_eq!(texts(&turns), ["Which port?", "7443."]);
    assert_eq!(keys(&turns), ["chatgpt:c-1:q", "chatgpt:c-1:a2"]);
    assert_eq!(sessions(&turns), ["c-1", "c-1"]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Ports"));
    assert_eq!((turns[0].turn.role, turns[1].turn.role), (Role::User, Role::Assistant));
    assert_eq!((only_format(&report), report.sessions), (Format::ChatGpt, 1));
    assert_eq!(report.skipped, skipped(&[(SkipReason::AbandonedBranch, 1)]));
}

#[test]
fn messages_without_links_are_all_read_by_time() {
    let timed = |id: &str, time: Value| {
        let mut message = message(id, "user", id);
        message["create_time"] = time;
        json!({"id": id, "message": message})
    };
    let conversation = json!({"id": "c", "current_node": "one", "mapping": {
        "two": timed("two", json!(1_700_000_100.5)),
        "two, too": timed("two, too", json!(null)),
        "one": timed("one", json!(1_700_000_000.5)),
        "three": timed("three", json!(1_700_000_200.5)),
    }});
    let (turns, report) = read_as("x.json", json!([conversation]).to_string());
    assert_eq!(texts(&turns), ["one", "two", "two, too", "three"]);
    assert_eq!(report.skipped, skipped(&[]));
}

#[test]
fn a_message_whose_parent_is_gone_follows_the_one_that_names_it() {
    let conversation = json!({"id": "c", "current_node": "b", "mapping": {
        "root": {"id": "root", "parent": null, "children": ["a"], "message": null},
        "a": node(Some("root"), &["b"], &message("a", "user", "a")),
        "b": node(Some("gone"), &[], &message("b", "assistant", "b")),
    }});
    let (turns, report) = read_as("x.json", json!([conversation]).to_string());
    assert_eq!(texts(&turns), ["a", "b"]);
    assert_eq!(report.skipped, skipped(&[]));
}

#[test]
fn what_the_shown_branch_does_not_reach_is_counted_by_reason() {
    let conversation = json!({"id": "c", "current_node": "b", "mapping": {
        "root": {"id": "root", "parent": null, "children": ["a", "edited"], "message": null},
        "a": node(Some("root"), &["b"], &message("a", "user", "a")),
        "b": node(Some("a"), &[], &message("b", "assistant", "b")),
        "edited": node(Some("root"), &["old"], &message("edited", "user", "edited")),
        "old": node(Some("edited"), &[], &message("old", "assistant", "old")),
        "lost": node(Some("gone"), &[], &message("lost", "user", "lost")),
        "empty": {"id": "empty", "parent": "gone", "children": [], "message": null},
    }});
    let (turns, report) = read_as("x.json", json!([conversation]).to_string());
    assert_eq!(texts(&turns), ["a", "b"]);
    assert_eq!(
        report.skipped,
        skipped(&[(SkipReason::AbandonedBranch, 2), (SkipReason::Unlinked, 1)])
    );
}

#[test]
fn a_canvas_document_is_a_turn_under_its_title() {
    let canvas = |id: &str, tool: &str, content: Value| {
        let mut message = message(id, "assistant", "");
        message["recipient"] = json!(tool);
        message["content"] =
            json!({"content_type": "code", "language": "json", "text": content.to_string()});
        message
    };
    let mut renamed = canvas(
        "m4",
        "canmore.update_textdoc",
        json!({"updates": [{"pattern": ".*", "multiple": false, "replacement": "Bring two chairs."}]}),
    );
    renamed["metadata"]["canvas"] = json!({"textdoc_id": "1", "title": "Dinner"});
    let mut in_parts = canvas("m6", "canmore.create_textdoc", json!(null));
    in_parts["content"] = json!({"content_type": "text",
        "parts": [json!({"type": "code/python", "content": "print(7)"}).to_string()]});
    let mut cut = in_parts.clone();
    cut["content"]["parts"][0] = json!("{\"name\": \"Invitation\", \"content\": \"Dear");
    let messages = [
        message("m1", "user", "Write the invitation in canvas."),
        canvas(
            "m2",
            "canmore.create_textdoc",
            json!({"name": "Invitation", "type": "document", "content": "Bring chairs."}),
        ),
        canvas(
            "m3",
            "canmore.update_textdoc",
            json!({"updates": [{"pattern": "chairs", "replacement": "a chair"},
                               {"pattern": "at", "replacement": "at 19:00"}]}),
        ),
        renamed,
        canvas("m5", "canmore.comment_textdoc", json!({"comments": [{"comment": "Shorter?"}]})),
        in_parts,
        cut,
        message("m8", "assistant", "It is in the canvas."),
    ];
    let (turns, report) = read_as("x.json", json!([chain(&messages)]).to_string());
    assert_eq!(
        texts(&turns),
        [
            "Write the invitation in canvas.",
            "[Invitation]\nBring chairs.",
            "[Invitation]\na chair\n\nat 19:00",
            "[Dinner]\nBring two chairs.",
            "[document]\nprint(7)",
            "It is in the canvas.",
        ]
    );
    assert_eq!(keys(&turns)[1], "chatgpt:c1:m2");
    assert_eq!(turns[1].turn.role, Role::Assistant);
    assert_eq!(report.skipped, skipped(&[(SkipReason::ToolCall, 2)]));
}

#[test]
fn marks_leave_the_words_that_the_person_saw() {
    let text = "Go to \u{e200}entity\u{e202}[\"place\",\"Ribeira Square\"]\u{e201}.\
                \u{e200}cite\u{e202}turn0search3\u{e201}";
    let mut odd = message("m2", "assistant", "See \u{e200}x\u{e202}y1\u{e201}.");
    odd["metadata"]["content_references"] =
        json!([{"matched_text": "\u{e200}x\u{e202}y1\u{e201}", "alt": "the pier"}]);
    let only = message("m3", "assistant", "\u{e200}cite\u{e202}turn0search3\u{e201}");
    let messages = [message("m1", "assistant", text), odd, only];
    let (turns, report) = read_as("x.json", json!([chain(&messages)]).to_string());
    assert_eq!(texts(&turns), ["Go to Ribeira Square.", "See the pier."]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Empty, 1)]));
}

#[test]
fn what_a_model_writes_for_itself_and_custom_instructions_are_counted() {
    let with = |mut message: Value, field: &str, value: Value| {
        message[field] = value;
        message
    };
    let messages = [
        with(
            message("m1", "user", "Be brief."),
            "metadata",
            json!({"is_user_system_message": true}),
        ),
        with(message("m2", "assistant", "Hm."), "channel", json!("analysis")),
        with(message("m3", "assistant", "I look it up."), "channel", json!("commentary")),
        with(message("m4", "assistant", "At ten."), "channel", json!("final")),
    ];
    let (turns, report) = read_as("x.json", json!([chain(&messages)]).to_string());
    assert_eq!(texts(&turns), ["I look it up.", "At ten."]);
    assert_eq!(
        report.skipped,
        skipped(&[(SkipReason::CustomInstructions, 1), (SkipReason::Reasoning, 1)])
    );
}

#[test]
fn inherits_times_that_are_missing() {
    let mut timed = message("m3", "user", "three");
    timed["create_time"] = json!(1_700_000_100.5);
    let messages = [
        message("m1", "user", "one"),
        message("m2", "assistant", "two"),
        timed,
        message("m4", "assistant", "four"),
    ];
    let (turns, _) = read_as("x.json", json!([chain(&messages)]).to_string());
    assert_eq!(
        times(&turns),
        [
            "2023-11-14T22:13:20.25Z",
            "2023-11-14T22:13:20.251Z",
            "2023-11-14T22:15:00.5Z",
            "2023-11-14T22:15:00.501Z"
        ]
    );
}

#[test]
fn counts_messages_without_text_by_reason() {
    let with = |change: fn(&mut Value)| {
        let mut message = message("m", "assistant", "unseen");
        change(&mut message);
        message
    };
    let kind = |kind: &str| {
        let mut message = message("m", "assistant", "unseen");
        message["content"]["content_type"] = json!(kind);
        message
    };
    let messages = [
        with(|m| m["author"]["role"] = json!("system")),
        with(|m| m["author"]["role"] = json!("tool")),
        with(|m| m["author"] = json!(null)),
        with(|m| m["recipient"] = json!("browser")),
        with(|m| m["metadata"]["is_visually_hidden_from_conversation"] = json!(true)),
        with(|m| m["content"]["parts"] = json!(["", null])),
        with(|m| m["content"]["parts"] = json!([{"content_type": "image_asset_pointer"}])),
        with(|m| m["content"] = json!(null)),
        kind("thoughts"),
        kind("reasoning_recap"),
        kind("model_editable_context"),
        kind("user_editable_context"),
        kind("execution_output"),
        kind("tether_browsing_display"),
        kind("system_error"),
        kind("hologram"),
        with(|m| m.as_object_mut().unwrap().retain(|key, _| key != "recipient")),
    ];
    let (turns, report) = read_as("x.json", json!([chain(&messages)]).to_string());
    assert_eq!(texts(&turns), ["unseen"], "a message without recipient is to all");
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::SystemMessage, 1),
            (SkipReason::ToolResult, 3),
            (SkipReason::UnknownRole, 1),
            (SkipReason::ToolCall, 1),
            (SkipReason::Hidden, 1),
            (SkipReason::Empty, 3),
            (SkipReason::Reasoning, 2),
            (SkipReason::CustomInstructions, 2),
            (SkipReason::ErrorMessage, 1),
            (SkipReason::UnknownContent, 1),
        ])
    );
}

#[test]
fn reads_the_text_of_every_kind_of_content() {
    let content =
        |content: Value| json!({"id": "m", "author": {"role": "user"}, "content": content});
    let messages = [
        content(json!({"content_type": "code", "language": "rust", "text": "fn main() {}"})),
        content(json!({"content_type": "code", "parts": ["let x;"]})),
        content(json!({"content_type": "text", "text": "no parts"})),
        content(json!({"content_type": "multimodal_text", "parts": [
            {"content_type": "image_asset_pointer", "asset_pointer": "sediment://1"},
            "What is this?",
            {"content_type": "file"}
        ]})),
        content(json!({"content_type": "multimodal_text", "parts": [
            {"content_type": "audio_transcription", "text": "Call me back."},
            {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://2"}
        ]})),
        content(json!({"content_type": "text",
            "parts": ["Oslo is cold.\u{e200}cite\u{e202}turn0search1\u{e201} Very."]})),
    ];
    let (turns, _) = read_as("x.json", json!([chain(&messages)]).to_string());
    assert_eq!(
        texts(&turns),
        [
            "fn main() {}",
            "let x;",
            "no parts",
            "[image]\nWhat is this?\n[attachment]",
            "Call me back.",
            "Oslo is cold. Very.",
        ]
    );
}

#[test]
fn a_damaged_tree_still_has_a_branch() {
    let timed = |id: &str, time: f64| {
        let mut message = message(id, "user", id);
        message["create_time"] = json!(1_700_000_000.0 + time);
        message
    };
    let mapping = json!({
        "a": {"children": ["b", "c"], "message": timed("a", 1.0)},
        "b": {"parent": "a", "message": timed("b", 3.0)},
        "c": {"message": timed("c", 2.0)},
        "orphan": {"parent": "gone", "children": [], "message": timed("orphan", 0.5)},
    });
    let cycle = json!({
        "a": {"parent": "b", "message": timed("a", 1.0)},
        "b": {"parent": "a", "message": timed("b", 2.0)},
    });
    let cases = [
        (mapping.clone(), json!("c"), vec!["a", "c"]),
        (mapping.clone(), json!(null), vec!["a", "b"]),
        (mapping.clone(), json!("gone"), vec!["a", "b"]),
        (mapping, json!("orphan"), vec!["orphan"]),
        (cycle.clone(), json!("a"), vec!["b", "a"]),
        (cycle, json!(null), vec!["a", "b"]),
        (json!({}), json!("a"), vec![]),
        (json!({"a": 7, "b": {"message": "text"}}), json!("a"), vec![]),
    ];
    for (mapping, current, expected) in cases {
        let conversation = json!({"id": "c", "mapping": mapping, "current_node": current});
        let (turns, _) = read_as("x.json", json!([conversation]).to_string());
        assert_eq!(texts(&turns), expected, "{conversation}");
    }
}

#[test]
fn a_bad_conversation_costs_no_other() {
    let good = chain(&[message("m1", "user", "kept")]);
    let export = json!([{"mapping": []}, 7, good]);
    let (turns, report) = read_as("x.json", export.to_string());
    assert_eq!(texts(&turns), ["kept"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Malformed, 2)]));
}

#[test]
fn half_an_emoji_costs_only_itself() {
    let export = json!([chain(&[message("m1", "user", "HALF")])]).to_string();
    let (turns, _) = read_as("x.json", export.replace("HALF", r"cut \ud83d"));
    assert_eq!(texts(&turns), ["cut \u{fffd}"]);
}

#[test]
fn a_cut_export_gives_the_conversations_before_the_cut() {
    let mut second = chain(&[message("m1", "user", "lost")]);
    second["conversation_id"] = json!("c2");
    let whole = json!([chain(&[message("m1", "user", "kept")]), second]).to_string();
    let cut = &whole[..whole.len() - 10];
    let (turns, report) = read_as("conversations.json", cut);
    assert_eq!(texts(&turns), ["kept"]);
    assert_eq!(report.ended_early.len(), 1);
    let early = &report.ended_early[0];
    assert_eq!((early.file.as_str(), early.byte), ("conversations.json", cut.len() as u64));
    assert_eq!(early.reason, EndReason::CutOff);
}

#[test]
fn a_conversation_without_an_id_keeps_its_derived_one() {
    let mut conversation = chain(&[message("m1", "user", "hello")]);
    conversation.as_object_mut().unwrap().remove("conversation_id");
    let export = json!([conversation]).to_string();
    let first = read_as("a.json", &export).0;
    assert_eq!(keys(&first), keys(&read_as("b.json", &export).0));
    assert_eq!(first[0].turn.session_title.as_deref(), Some("Trip"));
}
