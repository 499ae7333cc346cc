use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::samples::sample;
use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

#[test]
fn each_memory_of_a_page_or_an_array_is_a_note_of_its_user() {
    let page = sample("memories.json");
    let results = serde_json::from_str::<Value>(page).unwrap()["results"].to_string();
    let in_one_line = serde_json::from_str::<Value>(page).unwrap().to_string();
    for content in [page, &results, &in_one_line] {
        let (turns, report) = read_as("memories.json", content);
        assert_eq!(only_format(&report), Format::Mem0);
        assert_eq!(texts(&turns), ["Has an apple tree and a plum tree", "Prunes on dry days only"]);
        assert!(turns.iter().all(|imported| imported.turn.note));
        assert!(turns.iter().all(|imported| imported.turn.role == Role::User));
        assert_eq!(turns[0].user.as_ref().unwrap().as_str(), "ana");
        assert_eq!(sessions(&turns), ["mem0"; 2]);
        assert_eq!(times(&turns), ["2026-03-02T18:00:00Z", "2026-03-03T18:00:00Z"]);
        assert!(keys(&turns)[0].starts_with("mem0:892db2ae-06d9-49e5-8b3e-585ef9b85b8e:"));
    }
}

#[test]
fn a_memory_that_was_changed_is_another_note() {
    let memory = |text: &str| json!([{"id": "m", "memory": text, "hash": "h", "run_id": "r"}]);
    let (before, _) = read_as("x.json", memory("Likes tea").to_string());
    let (after, _) = read_as("x.json", memory("Likes coffee").to_string());
    assert_ne!(keys(&before), keys(&after));
    assert_eq!((sessions(&before), before[0].user.is_none()), (vec!["r"], true));
}

#[test]
fn what_is_no_memory_is_counted() {
    let memories = json!([
        {"id": "a", "memory": "kept", "user_id": "ana"}, {"id": "b", "memory": " ", "user_id": "ana"},
        {"id": "c", "memory": "whose?", "user_id": "a\nb"}, {"id": "d"}, 7
    ]);
    let (turns, report) = read_as("x.json", memories.to_string());
    assert_eq!(texts(&turns), ["kept"]);
    assert_eq!(
        report.skipped,
        skipped(&[
            (SkipReason::Empty, 1),
            (SkipReason::InvalidUser, 1),
            (SkipReason::Malformed, 2)
        ])
    );
}
