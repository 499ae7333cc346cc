//! Requests that are sent again, and others under their names.

use longmem_core::{NewTurn, Scope, SourceKey};
use longmem_memory::{ForgetTarget, Memory, NamedRequest, Safeguards};
use longmem_text::Redactor;

use crate::fixture::{Fixture, fixture, turn, turns, user};

fn ids(memory: &Memory, turns: &[NewTurn]) -> Option<Vec<(i64, bool)>> {
    match memory.remember_request(&user("ana"), "a request", turns).unwrap() {
        NamedRequest::Stored(stored) => {
            Some(stored.iter().map(|turn| (turn.id.0, turn.new)).collect())
        }
        NamedRequest::NameTaken => None,
    }
}

#[test]
fn a_request_that_is_sent_again_stores_nothing_and_another_is_refused() {
    let Fixture { memory, folder: _folder, .. } = fixture();
    let mut asked = turns(3);
    asked[2].source_key = Some(SourceKey("own".to_owned()));
    assert_eq!(ids(&memory, &asked).unwrap(), [(1, true), (2, true), (3, true)]);
    assert_eq!(ids(&memory, &asked).unwrap(), [(1, false), (2, false), (3, false)]);
    assert_eq!(ids(&memory, &asked[..1]), None);
    assert_eq!(ids(&memory, &turns(4)), None);
    // Another text under a key of its own is no other request.
    asked[2].text = "something else".to_owned();
    assert_eq!(ids(&memory, &asked).unwrap()[2], (3, false));
    asked[0].text = "something else".to_owned();
    assert_eq!(ids(&memory, &asked), None);
    let of_bo = memory.remember_request(&user("bo"), "a request", &asked).unwrap();
    assert!(matches!(of_bo, NamedRequest::Stored(stored) if stored.iter().all(|turn| turn.new)));
}

#[test]
fn what_was_forgotten_of_a_request_does_not_make_it_another() {
    let Fixture { memory, folder: _folder, .. } = fixture();
    let stored = ids(&memory, &turns(2)).unwrap();
    let first = longmem_core::TurnId(stored[0].0);
    memory.forget(&ForgetTarget::Turns(Scope::of(user("ana")), vec![first])).unwrap();
    let again = ids(&memory, &turns(2)).unwrap();
    assert_eq!((again[0].1, again[1]), (true, (2, false)));
}

#[test]
fn texts_are_compared_as_they_are_stored() {
    let Fixture { memory, folder: _folder, .. } = fixture();
    let mut safeguards = Safeguards::default();
    safeguards.redactor = Some(Redactor::default());
    let memory = memory.with_safeguards(safeguards);
    // Made here, so that no file holds it as a whole.
    let secret = [turn(&format!("my password is {}", ["hun", "ter", "22!"].concat()))];
    assert!(ids(&memory, &secret).unwrap()[0].1);
    assert_eq!(ids(&memory, &secret).unwrap(), [(1, false)]);
    let stored = memory.turns(&user("ana"), &[longmem_core::TurnId(1)]).unwrap();
    assert_ne!(stored[0].text, secret[0].text);
}
