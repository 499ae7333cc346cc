use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::samples::sample;
use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

const NAME: &str = "chat-export-1772359200.json";

#[test]
fn reads_the_current_branch_of_each_chat() {
    let (turns, report) = read_as(NAME, sample(NAME));
    assert_eq!(only_format(&report), Format::OpenWebUi);
    assert_eq!(
        texts(&turns),
        [
            "When do I prune the apple tree?",
            "In late February, before the buds open.",
            "And the pear?"
        ]
    );
    let chat = "5b0c0d1e-0000-4000-8000-000000000001";
    assert_eq!(keys(&turns)[1], format!("open-webui:{chat}:a2"));
    assert_eq!(sessions(&turns), [chat; 3]);
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("🌿 Pruning the apple tree"));
    assert_eq!((turns[0].turn.role, turns[1].turn.role), (Role::User, Role::Assistant));
    assert_eq!(times(&turns)[0], "2026-03-01T10:00:00Z");
    assert!(turns[0].user.is_none(), "an id of the server is not a name");
    assert_eq!(
        report.skipped,
        skipped(&[(SkipReason::AbandonedBranch, 1), (SkipReason::ErrorMessage, 1)])
    );
}

#[test]
fn reads_one_chat_the_inner_chat_and_a_chat_without_a_tree() {
    let export: Value = serde_json::from_str(sample(NAME)).unwrap();
    for content in
        [export[0].to_string(), format!("{:#}", export[0]), export[0]["chat"].to_string()]
    {
        let (turns, report) = read_as("x.json", content);
        assert_eq!((turns.len(), only_format(&report)), (3, Format::OpenWebUi));
    }
    let mut without_tree = export;
    let chat = &mut without_tree[0]["chat"];
    chat["history"] = json!(null);
    chat["messages"] = json!([
        {"role": "user", "content": "When?"}, {"role": "assistant", "content": [{"type": "text",
        "text": "In <details><summary>spring</summary></details>"}]},
        {"role": "assistant", "content": "<think>Hm"}, {"role": "user", "content": ""}
    ]);
    let (turns, report) = read_as("x.json", without_tree.to_string());
    assert_eq!(texts(&turns), ["When?", "In <details><summary>spring</summary></details>"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Reasoning, 1), (SkipReason::Empty, 1)]));
}
