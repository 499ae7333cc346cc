use longmem_transcripts::{Format, SkipReason};
use serde_json::json;

use crate::samples::sample;
use crate::{keys, only_format, read_as, sessions, skipped, texts};

#[test]
fn observations_and_relations_are_notes() {
    let (turns, report) = read_as("memory.jsonl", sample("memory.jsonl"));
    assert_eq!(only_format(&report), Format::ServerMemory);
    assert_eq!(
        texts(&turns),
        ["Ana: Has an apple tree", "Ana: Prunes on dry days only", "Ana works at Allotment 12"]
    );
    assert!(turns.iter().all(|imported| imported.turn.note));
    assert_eq!(sessions(&turns), ["memory"; 3]);
    assert!(keys(&turns)[0].starts_with("server-memory:Ana:"));
    assert_eq!(report.skipped, skipped(&[(SkipReason::Empty, 1)]));
}

#[test]
fn reads_the_graph_as_one_value() {
    let graph = json!({"entities": [
        {"name": "Ana", "entityType": "person", "observations": ["Has an apple tree", " ", 7]}, "x"
    ], "relations": [{"from": "Ana", "to": "Bo", "relationType": "knows"}, {"from": "Ana"}]});
    let (turns, report) = read_as("graph.json", format!("{graph:#}"));
    assert_eq!(only_format(&report), Format::ServerMemory);
    assert_eq!(texts(&turns), ["Ana: Has an apple tree", "Ana knows Bo"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Empty, 1), (SkipReason::Malformed, 3)]));
}
