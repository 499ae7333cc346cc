use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

fn node(parent: &str, fragments: &[(&str, &str)], second: u32) -> Value {
    let fragments: Vec<Value> =
        fragments.iter().map(|(kind, content)| json!({"type": kind, "content": content})).collect();
    json!({"parent": parent, "children": [], "message": {
        "files": [], "model": "deepseek-reasoner", "fragments": fragments,
        "inserted_at": format!("2026-02-01T10:00:{second:02}.000000+08:00")}})
}

#[test]
fn reads_requests_and_responses_of_the_newest_branch() {
    let conversation = json!({
        "id": "d1", "title": "Ports", "inserted_at": "2026-02-01T10:00:00.000000+08:00",
        "updated_at": "2026-02-01T10:00:09.000000+08:00",
        "mapping": {
            "root": {"id": "root", "parent": null, "children": ["1"], "message": null},
            "1": node("root", &[("REQUEST", "Which port?")], 1),
            "2": node("1", &[("RESPONSE", "8080.")], 2),
            "3": node("1", &[("THINK", "Ports."), ("RESPONSE", "7443.")], 3),
            "4": node("3", &[("THINK", "Hm.")], 4),
            "5": node("4", &[("SEARCH", "x")], 5),
            "6": node("5", &[], 6),
            "7": node("6", &[("REQUEST", "Thanks.")], 7)
        }
    });
    let (turns, report) = read_as("conversations.json", json!([conversation]).to_string());
    assert_eq!(only_format(&report), Format::DeepSeek);
    assert_eq!(texts(&turns), ["Which port?", "7443.", "Thanks."]);
    assert_eq!((turns[0].turn.role, turns[1].turn.role), (Role::User, Role::Assistant));
    assert_eq!((sessions(&turns)[0], keys(&turns)[1]), ("d1", "deepseek:d1:3"));
    assert_eq!(times(&turns)[0], "2026-02-01T02:00:01Z");
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Ports"));
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::AbandonedBranch, 1),
            (SkipReason::Reasoning, 1),
            (SkipReason::UnknownContent, 1),
            (SkipReason::Empty, 1),
        ])
    );
}
