//! What holds for every recall, whatever was said and asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;
use std::sync::Arc;

use longmem_core::{
    Explanation, FactKind, FixedClock, NewTurn, Role, Scope, SessionName, UserName,
};
use longmem_memory::{FactNote, Found, IndexOptions, Memory, Recall, RecallRequest};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

/// Few words, so that turns and questions share some.
const WORDS: [&str; 20] = [
    "Lisbon",
    "Priya",
    "budget",
    "kitchen",
    "tiles",
    "blue",
    "dog",
    "Biscuit",
    "thunder",
    "piano",
    "the",
    "is",
    "my",
    "where",
    "lives",
    "5",
    "12",
    "yesterday",
    "moved",
    "dentist",
];

fn ana() -> UserName {
    UserName::new("ana").unwrap()
}

/// A sentence without its full stop or question mark.
fn sentence() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&WORDS[..]), 1..8).prop_map(|words| words.join(" "))
}

/// A message of one sentence or several; some of them ask.
fn message() -> impl Strategy<Value = String> {
    let end = select(&[". ", "? ", "! "][..]);
    let parts = prop::collection::vec((sentence(), end), 1..5);
    parts.prop_map(|parts| {
        parts.into_iter().flat_map(|(text, end)| [text, end.to_owned()]).collect()
    })
}

/// A turn of one of three sessions.
fn turn() -> impl Strategy<Value = NewTurn> {
    let session = select(&["kitchen", "garden", "move"][..]);
    let role = select(&[Role::User, Role::Assistant][..]);
    (session, role, message(), any::<bool>()).prop_map(|(session, role, text, note)| NewTurn {
        note: note && role == Role::User,
        ..said(session, role, &text)
    })
}

fn turns() -> impl Strategy<Value = Vec<NewTurn>> {
    prop::collection::vec(turn(), 1..25)
}

fn said(session: &str, role: Role, text: &str) -> NewTurn {
    NewTurn {
        session: SessionName::new(session).unwrap(),
        session_title: None,
        role,
        speaker: None,
        text: text.to_owned(),
        time: "2026-03-02T10:00:00Z".parse().unwrap(),
        note: false,
        source_key: None,
    }
}

/// A memory of Ana's that holds turns with their vectors, and facts.
fn memory(turns: &[NewTurn], facts: &[String]) -> (Memory, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
    let memory =
        Memory::new(Arc::new(store), Arc::new(WordHashEmbedder::default()), Arc::new(clock));
    memory.remember(&ana(), turns).unwrap();
    for fact in facts {
        memory.note_fact(&ana(), &FactNote::new(fact, FactKind::Identity)).unwrap();
    }
    memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    (memory, folder)
}

fn recall(memory: &Memory, message: &str, limit: usize) -> Recall {
    let mut request = RecallRequest::new(Scope::of(ana()), message);
    request.limit = limit;
    request.threshold = 0.0;
    memory.recall(&request).unwrap()
}

/// All of a recall that does not differ from run to run: each text with its score and its reasons.
fn results(recall: Recall) -> Vec<(String, f32, Explanation)> {
    let results = recall.results.into_iter();
    results.map(|found| (found.turn.text, found.score, found.explanation)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn scores_never_rise_from_place_to_place(
        turns in turns(),
        facts in prop::collection::vec(sentence(), 0..6),
        message in message(),
    ) {
        let (memory, _folder) = memory(&turns, &facts);
        let recall = recall(&memory, &message, 10);
        let scores: Vec<f32> = recall
            .in_order()
            .map(|found| match found {
                Found::Turn(found) => found.score,
                Found::Fact(found) => found.score,
            })
            .collect();
        prop_assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
        prop_assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)), "{scores:?}");
    }

    #[test]
    fn a_note_in_the_midst_of_a_session_is_judged_as_one_apart(
        before in prop::collection::vec(sentence(), 0..4),
        note in sentence(),
        after in prop::collection::vec(sentence(), 0..4),
        question in sentence(),
    ) {
        let with_note_in = |session: &str| {
            let said_before = before.iter().map(|text| said("chat", Role::User, text));
            let note = NewTurn { note: true, ..said(session, Role::User, &note) };
            let said_after = after.iter().map(|text| said("chat", Role::Assistant, text));
            let turns: Vec<NewTurn> = said_before.chain([note]).chain(said_after).collect();
            let (memory, _folder) = memory(&turns, &[]);
            results(recall(&memory, &question, 10))
        };
        prop_assert_eq!(with_note_in("chat"), with_note_in("apart"));
    }

    #[test]
    fn a_greater_limit_only_adds(turns in turns(), message in message(), limit in 1..25_usize) {
        let (memory, _folder) = memory(&turns, &[]);
        let fewer = results(recall(&memory, &message, limit));
        let more = results(recall(&memory, &message, limit + 1));
        prop_assert!(fewer.len() <= limit);
        prop_assert_eq!(&fewer[..], &more[..fewer.len()]);
        prop_assert!(fewer.len() == limit || more.len() == fewer.len());
    }

    #[test]
    fn space_around_a_message_changes_nothing(
        turns in turns(),
        message in sentence(),
        around in select(&[" ", "\n", "\t", "   \n"][..]),
    ) {
        let (memory, _folder) = memory(&turns, &[]);
        let spaced = format!("{around}{message}{around}");
        prop_assert_eq!(
            results(recall(&memory, &message, 10)),
            results(recall(&memory, &spaced, 10))
        );
    }
}
