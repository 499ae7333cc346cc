//! Fits the ranking on a small data set.

use std::path::Path;

use longmem_core::{FixedClock, Timestamp};
use longmem_test_support::WordHashEmbedder;

use super::*;

fn small() -> Dataset {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../eval/tests/small.json");
    dataset::read(file).unwrap()
}

fn fitted(dataset: &Dataset) -> Result<Fit, LabError> {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Arc::new(WordHashEmbedder::default());
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let open =
        |name: &str| open_or_make(&folder.path().join(name), embedder.clone(), clock.clone());
    fit(dataset, &open, &mut |_| {})
}

#[test]
fn a_fit_leaves_each_conversation_out_once_and_says_the_same_again() {
    let found = fitted(&small()).unwrap();
    let left_out: Vec<_> = found.folds.iter().map(|fold| fold.conversation.as_str()).collect();
    assert_eq!(left_out, ["ana", "bo & cy"]);
    let questions: Vec<_> = found.folds.iter().map(|fold| fold.held_out.questions[0]).collect();
    assert_eq!(questions, [2, 1]);
    assert_eq!(found.seen.questions[0], 3);
    assert!(found.thresholds.iter().all(|row| row.answerable == 3 && row.unanswerable > 0));
    assert_eq!(fitted(&small()).unwrap(), found);
    let text = fit_table(&found);
    for part in ["\nbo & cy ", "\nnone (seen) ", "\nshipped ", "relevance = σ("] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_fit_needs_two_conversations() {
    let mut one = small();
    one.conversations.truncate(1);
    assert!(matches!(fitted(&one), Err(LabError::TooFewConversations)));
}
