use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::samples::sample;
use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

#[test]
fn reads_the_newest_branch_of_a_tree() {
    let (turns, report) = read_as("Pruning.json", sample("Pruning.json"));
    assert_eq!(only_format(&report), Format::LibreChat);
    assert_eq!(
        texts(&turns),
        ["When do I prune the plum tree?", "In summer, after the harvest.", "Thanks."]
    );
    let id = "4a86c40e-0000-4000-8000-000000000001";
    assert_eq!(keys(&turns)[1], format!("librechat:{id}:a2"));
    assert_eq!(sessions(&turns), [id; 3]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Pruning"));
    assert_eq!((turns[0].turn.role, turns[1].turn.role), (Role::User, Role::Assistant));
    assert_eq!(times(&turns)[2], "2026-03-01T10:02:00Z");
    assert_eq!(report.skipped, skipped(&[(SkipReason::AbandonedBranch, 1)]));
}

#[test]
fn reads_a_list_and_counts_what_is_no_turn() {
    let message = |id: &str, parent: &str, person: bool, text: &str| {
        json!({"messageId": id, "parentMessageId": parent, "isCreatedByUser": person, "text": text,
               "error": false, "sender": "x"})
    };
    let mut failed = message("e", "b", false, "500");
    failed["error"] = json!(true);
    let list = json!({"conversationId": "c", "title": null, "recursive": false, "messages": [
        message("a", "00000000-0000-0000-0000-000000000000", true, "a"),
        message("b", "a", false, "<think>b</think>B"),
        failed,
        message("f", "e", true, "f"),
        {"messageId": "g", "parentMessageId": "f", "text": "who?"}
    ]});
    for content in [list.to_string(), format!("{list:#}"), json!([list]).to_string()] {
        let (turns, report) = read_as("x.json", content);
        assert_eq!(texts(&turns), ["a", "B", "f"]);
        assert_eq!(
            report.skipped,
            skipped(&[(SkipReason::ErrorMessage, 1), (SkipReason::Malformed, 1)])
        );
    }
}

/// Each message is nested in the one before it, far deeper than the parser goes.
#[test]
fn a_long_tree_is_read_to_its_end() {
    let mut text = r#"{"conversationId":"c","messagesTree":["#.to_owned();
    for number in 0..2000 {
        let words = " and again".repeat(60);
        let message = json!({"messageId": number.to_string(), "isCreatedByUser": true,
                             "text": format!("said \"{number}\"{words}")});
        text.push_str(message.to_string().trim_end_matches('}'));
        text.push_str(",\"children\":[");
    }
    text.push_str(&"]}".repeat(2001));
    let (turns, report) = read_as("x.json", &text);
    assert_eq!((turns.len(), report.skipped), (2000, skipped(&[])));
    assert!(texts(&turns)[1999].starts_with("said \"1999\""));
    let value: Result<Value, _> = serde_json::from_str(&text);
    assert!(value.is_err(), "the parser alone does not read it");
}
