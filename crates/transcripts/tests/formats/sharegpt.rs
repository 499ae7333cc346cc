use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::json;

use crate::samples::sample;
use crate::{keys, lines, only_format, read_as, sessions, skipped, texts};

#[test]
fn reads_conversations_of_an_array() {
    let (turns, report) = read_as("sharegpt.json", sample("sharegpt.json"));
    assert_eq!(only_format(&report), Format::ShareGpt);
    assert_eq!(turns.len(), 5);
    assert_eq!(sessions(&turns)[2..4], ["QWJhYvA_0", "QWJhYvA_17"]);
    let roles: Vec<Role> = turns.iter().map(|imported| imported.turn.role).collect();
    assert_eq!(roles[..3], [Role::System, Role::User, Role::Assistant]);
    assert!(keys(&turns)[0].starts_with("sharegpt:"));
    assert_eq!(report.skipped, skipped(&[]));
}

#[test]
fn reads_conversations_of_lines_and_counts_what_is_no_turn() {
    let conversation = json!({"conversations": [
        {"from": "human", "value": "Which port?"},
        {"from": "function_call", "value": "{}"},
        {"from": "observation", "value": "7443"},
        {"from": "gpt", "value": "<think>Hm.</think>7443."},
        {"from": "narrator", "value": "The end."},
        {"from": "human", "value": ""},
        {"value": "Who?"}
    ]});
    let (turns, report) = read_as("set.jsonl", lines(&[conversation.clone(), conversation]));
    assert_eq!(only_format(&report), Format::ShareGpt);
    assert_eq!(texts(&turns)[..3], ["Which port?", "7443", "7443."]);
    assert_eq!((sessions(&turns)[0], sessions(&turns)[3]), ("set", "set-2"));
    let distinct: std::collections::HashSet<&str> = keys(&turns).into_iter().collect();
    assert_eq!(distinct.len(), 6, "equal conversations are two");
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::ToolCall, 2),
            (SkipReason::UnknownRole, 2),
            (SkipReason::Empty, 2),
            (SkipReason::Malformed, 2),
        ])
    );
}
