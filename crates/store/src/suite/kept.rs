//! Small values are kept by name, and go with their user.

use longmem_core::{NewTurn, Scope, SourceKey};

use super::Make;
use super::made_up::{session, turn, user};
use crate::{ForgetTarget, IMPORT_MARKS};

pub fn a_value_is_replaced_and_deleted(make: Make<'_>) {
    let fixture = make();
    let (store, other) = (fixture.store(), fixture.opened_again());
    let ana = user("ana");
    for owner in [Some(&ana), None] {
        store.keep_value(owner, "name", Some(b"old")).unwrap();
        store.keep_value(owner, "name", Some(b"\0\xff")).unwrap();
        assert_eq!(other.kept_value(owner, "name").unwrap().unwrap(), b"\0\xff");
        other.keep_value(owner, "name", Some(b"")).unwrap();
        assert_eq!(store.kept_value(owner, "name").unwrap().unwrap(), b"");
        other.keep_value(owner, "name", None).unwrap();
        other.keep_value(owner, "never", None).unwrap();
        assert_eq!(store.kept_value(owner, "name").unwrap(), None);
    }
}

pub fn several_values_are_kept_at_once(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    store.keep_value(Some(&ana), "a", Some(b"old")).unwrap();
    // Of two values under one name the last one counts.
    let values = [("b", b"1"), ("a", b"2"), ("b", b"3")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_vec()));
    store.keep_values(&ana, &values).unwrap();
    for (name, value) in &values[1..] {
        assert_eq!(store.kept_value(Some(&ana), name).unwrap().as_ref(), Some(value));
    }
    store.keep_values(&user("bob"), &[]).unwrap();
    assert_eq!(store.users().unwrap().len(), 1, "nobody is made for no value");
}

pub fn values_of_users_and_of_the_store_stand_apart(make: Make<'_>) {
    let fixture = make();
    let (store, ana, bob) = (fixture.store(), user("ana"), user("bob"));
    store.keep_value(Some(&ana), "name", Some(b"of ana")).unwrap();
    store.keep_value(None, "name", Some(b"of all")).unwrap();
    assert_eq!(store.kept_value(Some(&ana), "name").unwrap().unwrap(), b"of ana");
    assert_eq!(store.kept_value(None, "name").unwrap().unwrap(), b"of all");
    assert_eq!(store.kept_value(Some(&bob), "name").unwrap(), None);
    store.keep_value(Some(&bob), "name", None).unwrap();
    assert_eq!(store.kept_names(Some(&bob), "").unwrap(), [""; 0]);
    let users = store.users().unwrap();
    assert!(users.iter().all(|stats| stats.user != bob), "nothing makes no user");
}

pub fn names_are_listed_by_their_beginning(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    for owner in [Some(&ana), None] {
        for name in ["b", "a/2", "a_2", "A/1", "a/%", "a/ö"] {
            store.keep_value(owner, name, Some(b"")).unwrap();
        }
        assert_eq!(store.kept_names(owner, "a/").unwrap(), ["a/%", "a/2", "a/ö"]);
        assert_eq!(store.kept_names(owner, "").unwrap().len(), 6);
        assert_eq!(store.kept_names(owner, "c").unwrap(), [""; 0]);
    }
}

pub fn values_go_with_their_user(make: Make<'_>) {
    let fixture = make();
    let (store, ana, bob) = (fixture.store(), user("ana"), user("bob"));
    for owner in [Some(&ana), Some(&bob), None] {
        store.keep_value(owner, "name", Some(b"value")).unwrap();
    }
    store.insert_turns(&ana, &[turn("talk", "lisbon", 0)]).unwrap();
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(store.kept_value(Some(&ana), "name").unwrap(), None);
    store.insert_turns(&ana, &[turn("talk", "lisbon", 0)]).unwrap();
    assert_eq!(store.kept_value(Some(&ana), "name").unwrap(), None);
    for owner in [Some(&bob), None] {
        assert_eq!(store.kept_value(owner, "name").unwrap().unwrap(), b"value");
    }
    store.forget(&ForgetTarget::User(bob.clone())).unwrap();
    assert_eq!(store.kept_value(Some(&bob), "name").unwrap(), None, "also with values only");
}

pub fn whatever_is_forgotten_takes_marks_of_imports_along(make: Make<'_>) {
    let fixture = make();
    let (store, ana, bob) = (fixture.store(), user("ana"), user("bob"));
    let mark = format!("{IMPORT_MARKS}chat.jsonl");
    for owner in [Some(&ana), Some(&bob), None] {
        for name in [&*mark, "other"] {
            store.keep_value(owner, name, Some(b"value")).unwrap();
        }
    }
    let turns = [turn("first", "lisbon", 0), turn("second", "oslo", 1)];
    store.insert_turns(&ana, &turns).unwrap();
    let scope = Scope { sessions: vec![session("first")], ..Scope::of(ana.clone()) };
    store.forget(&ForgetTarget::Scope(scope)).unwrap();
    assert_eq!(store.kept_names(Some(&ana), "").unwrap(), ["other"]);
    for owner in [Some(&bob), None] {
        assert_eq!(store.kept_names(owner, "").unwrap(), [&*mark, "other"]);
    }
}

pub fn values_are_kept_with_the_turns_that_are_imported_or_not_at_all(make: Make<'_>) {
    let fixture = make();
    let (store, other, ana) = (fixture.store(), fixture.opened_again(), user("ana"));
    let values = |value: &[u8]| vec![("import/a".to_owned(), value.to_vec())];
    let kept = || other.kept_value(Some(&ana), "import/a").unwrap();
    let key = SourceKey("k".to_owned());
    let keyed = [NewTurn { source_key: Some(key), ..turn("talk", "lisbon", 0) }];
    // Nobody is made for a value.
    assert_eq!(store.import_turns_keeping(&ana, &[], false, &values(b"0")).unwrap(), []);
    assert_eq!((kept(), store.users().unwrap().len()), (None, 0));
    let new = store.import_turns_keeping(&ana, &keyed, false, &values(b"1")).unwrap();
    assert_eq!((new[0].unwrap().new, kept()), (true, Some(b"1".to_vec())));
    store.import_turns_keeping(&ana, &keyed, false, &values(b"2")).unwrap();
    assert_eq!(kept(), Some(b"2".to_vec()));
    store.import_turns_keeping(&ana, &[], false, &values(b"3")).unwrap();
    assert_eq!(kept(), Some(b"3".to_vec()));
    // Nor is one made for a turn that was forgotten.
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(store.import_turns_keeping(&ana, &keyed, false, &values(b"4")).unwrap(), [None]);
    assert_eq!((kept(), store.users().unwrap().len()), (None, 0));
}

pub fn one_watches_for_a_user_at_a_time(make: Make<'_>) {
    let fixture = make();
    let stores = [fixture.store(), fixture.opened_again()];
    let ana = user("ana");
    let first = stores[0].lock_watching(&ana).unwrap().unwrap();
    assert!(stores[1].lock_watching(&ana).unwrap().is_none());
    assert!(stores[1].lock_watching(&user("bob")).unwrap().is_some());
    drop(first);
    assert!(stores[1].lock_watching(&ana).unwrap().is_some());
}

/// Who watches may learn meanwhile.
pub fn one_learns_from_a_user_at_a_time(make: Make<'_>) {
    let fixture = make();
    let stores = [fixture.store(), fixture.opened_again()];
    let ana = user("ana");
    let _watching = stores[1].lock_watching(&ana).unwrap().unwrap();
    let first = stores[0].lock_learning(&ana).unwrap().unwrap();
    assert!(stores[1].lock_learning(&ana).unwrap().is_none());
    assert!(stores[1].lock_learning(&user("bob")).unwrap().is_some());
    drop(first);
    assert!(stores[1].lock_learning(&ana).unwrap().is_some());
}
