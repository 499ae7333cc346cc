//! Facts among what is recalled.

use longmem::Role;
use longmem::core::{FactId, FactKind};
use longmem::memory::{FactNote, Found};

use crate::support::{ANA, Known, asked, user};

const HOME: &str = "lives in Lisbon";

/// Questions that the fact answers.
const ABOUT_HOME: [&str; 2] = ["where do I live?", "which city is my home?"];

/// A chat and notes, and the fact.
fn known() -> (Known, FactId) {
    let known = Known::of_notes(&[
        "My dog is called Biscuit and hates thunder",
        "The kitchen tiles come from Aveiro on Tuesday",
        "Dentist on 3 May at 9:15",
    ]);
    known.chat("garden", &["The fig needs water twice a week.", "In July rather three times."]);
    let fact = known.longmem.note_fact(ANA, HOME).unwrap();
    (known, fact)
}

/// Replaces the fact by another one.
fn moves(known: &Known, replaced: FactId, statement: &str) {
    let mut note = FactNote::new(statement, FactKind::Identity);
    note.replaces = Some(replaced);
    known.longmem.memory().note_fact(&user(ANA), &note).unwrap();
}

#[test]
fn a_fact_is_found_by_its_meaning_before_notes_and_stands_in_the_context() {
    let (known, _) = known();
    for question in ABOUT_HOME {
        let recall = known.recall(question);
        assert!(matches!(recall.in_order().next(), Some(Found::Fact(_))), "{question}: {recall:?}");
        known.finds_first(question, HOME);
        let context = known.longmem.context(ANA, question).unwrap();
        let prompt = format!("{context:?}");
        assert!(prompt.contains(HOME), "{question}: {prompt}");
    }
}

#[test]
fn a_fact_that_holds_no_more_comes_only_where_history_is_asked_for() {
    let (known, old) = known();
    moves(&known, old, "lives in Porto");
    for question in ABOUT_HOME {
        known.finds_first(question, "lives in Porto");
        let recalled = known.recalled(question);
        assert!(!recalled.contains(&HOME.to_owned()), "{question}: {recalled:?}");
    }
    for question in ["where did I live before?", "Where did I use to live?"] {
        let recalled = known.recalled(question);
        assert!(recalled.contains(&HOME.to_owned()), "{question}: {recalled:?}");
        let quoted = known.quoted(question);
        assert!(quoted.contains(&HOME.to_owned()), "{question}: {quoted:?}");
    }
}

#[test]
fn nobody_gets_the_facts_of_somebody_else() {
    let (known, _) = known();
    known.longmem.remember("bo", "The tyres need more air").unwrap();
    known.longmem.note_fact("bo", "works as a diver").unwrap();
    for question in ABOUT_HOME {
        let recall = known.longmem.recall("bo", question).unwrap();
        assert!(recall.facts.iter().all(|found| found.fact.statement != HOME), "{recall:?}");
    }
    assert!(known.longmem.recall("nobody", ABOUT_HOME[0]).unwrap().facts.is_empty());
}

#[test]
fn a_part_of_the_memory_holds_no_facts() {
    let (known, _) = known();
    let whole = asked(ABOUT_HOME[0]);
    assert_eq!(known.recall_by(&whole).facts.len(), 1);
    let mut in_session = whole.clone();
    in_session.scope.sessions = vec!["garden".parse().unwrap()];
    let mut by_role = whole.clone();
    by_role.scope.roles = vec![Role::User];
    let mut since = whole;
    since.scope.since = Some("2020-01-01T00:00:00Z".parse().unwrap());
    for request in [in_session, by_role, since] {
        assert!(known.recall_by(&request).facts.is_empty(), "{:?}", request.scope);
    }
}
