//! Eight processes at one store.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::home::{Home, history};

const WRITERS: usize = 4;
const WRITTEN_BY_EACH: usize = 15;
const IMPORTED: usize = 600;
const READS: usize = 10;

#[test]
fn eight_processes_get_along() {
    let model = Home::with_model();
    let has_model = model.is_some();
    let home = &model.unwrap_or_else(Home::new);
    home.done(&["remember", "The kitchen is blue.", "--key", "first"]);
    home.write("history.jsonl", &history(IMPORTED));
    std::thread::scope(|threads| {
        for writer in 0..WRITERS {
            threads.spawn(move || {
                for number in 0..WRITTEN_BY_EACH {
                    let text = format!("note {number} of writer {writer}");
                    home.done(&["remember", &text, "--session", &format!("writer {writer}")]);
                }
            });
        }
        threads.spawn(|| home.done(&["import", "history.jsonl"]));
        threads.spawn(|| {
            if has_model {
                home.done(&["index"]);
            }
        });
        for _ in 0..2 {
            threads.spawn(|| {
                for _ in 0..READS {
                    let recall = home.json(&["recall", "kitchen blue", "--words-only"]);
                    let results = recall["results"].as_array().unwrap();
                    assert!(results.iter().any(|turn| turn["text"] == "The kitchen is blue."));
                    home.done(&["show", "1"]);
                    assert!(!home.turns().is_empty());
                }
            });
        }
    });
    if has_model {
        home.done(&["index"]);
        assert_eq!(home.json(&["stats"])["turns_without_vectors"], 0);
    }
    home.is_sound(&home.store());
    let turns = home.turns();
    let texts: BTreeSet<&str> = turns.iter().filter_map(|turn| turn["text"].as_str()).collect();
    assert_eq!(texts.len(), turns.len(), "none is there twice");
    assert_eq!(turns.len(), 1 + WRITERS * WRITTEN_BY_EACH + IMPORTED);
    for writer in 0..WRITERS {
        let session = format!("writer {writer}");
        let said = turns.iter().filter(|turn| turn["session"] == *session);
        let said: Vec<&Value> = said.map(|turn| &turn["text"]).collect();
        let in_order = (0..WRITTEN_BY_EACH).map(|number| format!("note {number} of {session}"));
        assert!(said.into_iter().eq(in_order.collect::<Vec<_>>().iter()), "the order of {session}");
    }
}
