//! Fits the ranking on a small data set.

use std::path::Path;

use longmem_core::{FixedClock, Timestamp};
use longmem_test_support::WordHashEmbedder;

use super::*;

fn small() -> Dataset {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../eval/tests/small.json");
    dataset::read(file).unwrap()
}

fn fitted(sets: &[Dataset]) -> Result<Fit, LabError> {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Arc::new(WordHashEmbedder::default());
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let open = |set: &Dataset, name: &str| {
        let file = folder.path().join(format!("{}-{name}", set.name));
        open_or_make(&file, embedder.clone(), clock.clone())
    };
    fit(sets, &open, &mut |_| {})
}

#[test]
fn a_fit_leaves_out_families_and_conversations_and_says_the_same_again() {
    let mut other = small();
    "other".clone_into(&mut other.name);
    let sets = [small(), other];
    let found = fitted(&sets).unwrap();
    let families: Vec<_> = found.families.iter().map(|f| f.family.as_str()).collect();
    assert_eq!(families, ["small", "other"]);
    assert_eq!(found.parts.len(), 4, "as many as there are conversations");
    for family in &found.families {
        assert!(family.without_family.is_some());
        assert_eq!(family.without_part.questions, 3);
        assert_eq!(family.seen.questions, 3);
    }
    assert!(found.thresholds.iter().all(|row| row.answerable == 6 && row.unanswerable > 0));
    assert_eq!(fitted(&sets).unwrap(), found);
    let text = fit_table(&found);
    for part in ["\nsmall ", "\nmean ", "\npart 4 ", "\n(shipped) ", "relevance = σ("] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn one_family_is_judged_by_conversations_alone() {
    let found = fitted(&[small()]).unwrap();
    assert_eq!(found.families[0].without_family, None);
    assert_eq!(found.parts.len(), 2);
}

#[test]
fn a_fit_needs_two_conversations() {
    let mut one = small();
    one.conversations.truncate(1);
    assert!(matches!(fitted(&[one]), Err(LabError::TooFewConversations)));
}
