//! Turns are stored once, in order, each user's apart from the others'.

use std::sync::Arc;

use longmem_core::{
    FactKind, NewFact, NewTurn, Role, Scope, SourceKey, Turn, TurnId, USER_SUBJECT,
};

use super::Make;
use super::made_up::{at, session, turn, user};
use crate::{ChangeMark, ForgetTarget, Inserted, UserOverview};

fn keyed(session_name: &str, title: Option<&str>, key: Option<&str>) -> NewTurn {
    NewTurn {
        session_title: title.map(str::to_owned),
        source_key: key.map(|key| SourceKey(key.to_owned())),
        ..turn(session_name, "lisbon", 0)
    }
}

pub fn a_known_turn_is_left_as_it_is_and_makes_nothing(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let first = store.insert_turns(&ana, &[keyed("talk", None, Some("k"))]).unwrap();
    let again = [keyed("renamed", None, Some("k")), keyed("renamed", None, Some("k"))];
    let again = store.insert_turns(&ana, &again).unwrap();
    let known = Inserted { id: first[0].id, new: false };
    assert_eq!(again, [known, known]);
    let stats = store.stats().unwrap();
    assert_eq!((stats.turns, stats.sessions, stats.turns_without_vectors), (1, 1, 1));
    let bobs = store.insert_turns(&user("bob"), &[keyed("talk", None, Some("k"))]).unwrap();
    assert!(bobs[0].new);
    let twice = [keyed("talk", None, Some("new")), keyed("talk", None, Some("new"))];
    let twice = store.insert_turns(&ana, &twice).unwrap();
    assert_eq!((twice[0].new, twice[1].new, twice[0].id), (true, false, twice[1].id));
}

pub fn turns_without_a_key_are_never_the_same(make: Make<'_>) {
    let turns = [keyed("talk", None, None), keyed("talk", None, None)];
    let fixture = make();
    let inserted = fixture.store().insert_turns(&user("ana"), &turns).unwrap();
    assert!(inserted.iter().all(|inserted| inserted.new));
}

pub fn a_turn_gets_another_key_unless_a_turn_has_it(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let key = |key: &str| SourceKey(key.to_owned());
    let stored = ["a", "b"].map(|key| keyed("talk", None, Some(key)));
    let ids = store.insert_turns(&ana, &stored).unwrap();
    let renamed = [("a", "c"), ("b", "c"), ("nobody", "d")];
    let renamed = renamed.map(|(former, now)| (key(former), key(now)));
    store.rename_source_keys(&ana, &renamed).unwrap();
    store.rename_source_keys(&user("bob"), &renamed).unwrap();
    let again = ["c", "b", "a", "d"].map(|key| keyed("talk", None, Some(key)));
    let inserted = store.insert_turns(&ana, &again).unwrap();
    assert_eq!(
        inserted.iter().map(|inserted| inserted.new).collect::<Vec<_>>(),
        [false, false, true, true]
    );
    assert_eq!([inserted[0].id, inserted[1].id], [ids[0].id, ids[1].id]);
}

pub fn keys_are_renamed_one_after_the_other(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let key = |key: &str| SourceKey(key.to_owned());
    let stored = ["a", "b", "c"].map(|key| keyed("talk", None, Some(key)));
    let [a, b, c] = [0, 1, 2].map(|at| store.insert_turns(&ana, &stored).unwrap()[at].id);
    // The first two change places; the third gets a key that was taken and is free by then.
    let renamed = [("a", "x"), ("c", "b"), ("b", "a"), ("x", "b"), ("c", "x"), ("x", "x")];
    let renamed = renamed.map(|(former, now)| (key(former), key(now)));
    store.rename_source_keys(&ana, &renamed).unwrap();
    let found = store.turns_with_keys(&ana, &["a", "b", "c", "x"].map(key)).unwrap();
    assert_eq!(found, [Some(b), Some(a), None, Some(c)]);
}

pub fn a_note_comes_back_as_a_note(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let said = turn("talk", "lisbon", 0);
    let note = NewTurn { note: true, ..said.clone() };
    let inserted = store.insert_turns(&ana, &[note.clone(), said]).unwrap();
    let unless = store.insert_unless(&ana, &note, false, &|_| None).unwrap();
    let ids: Vec<TurnId> = inserted.iter().chain([&unless]).map(|inserted| inserted.id).collect();
    let store = fixture.opened_again();
    let scope = Scope::of(ana.clone());
    let whole_user = ForgetTarget::Scope(scope.clone());
    let exported = store.turns_after(&scope, None, 9).unwrap();
    for turns in [
        store.turns(&ana, &ids).unwrap(),
        store.recent_turns(&ana, &session("talk"), 9).unwrap(),
        store.session_turns(&ana, &session("talk"), None, None).unwrap(),
        exported.into_iter().map(|stored| stored.turn).collect(),
        store.preview_forget(&whole_user, 9).unwrap().first,
    ] {
        let notes: Vec<bool> = turns.iter().map(|turn| turn.note).collect();
        assert_eq!(notes, [true, false, true]);
    }
}

pub fn nothing_to_insert_makes_no_user(make: Make<'_>) {
    let fixture = make();
    let store = fixture.store();
    assert_eq!(store.insert_turns(&user("ana"), &[]).unwrap(), []);
    assert_eq!(store.users().unwrap(), []);
}

pub fn a_title_fills_an_empty_one_and_replaces_an_older_one(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    for (given, kept) in [
        (None, None),
        (Some("Moving"), Some("Moving")),
        (None, Some("Moving")),
        (Some("Moved"), Some("Moved")),
    ] {
        store.insert_turns(&ana, &[keyed("talk", given, Some("k"))]).unwrap();
        let sessions = store.sessions(&ana).unwrap();
        assert_eq!(sessions[0].title.as_deref(), kept);
    }
}

pub fn a_known_turn_without_a_title_does_not_hide_that_of_the_next_one(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    store.insert_turns(&ana, &[keyed("talk", None, Some("k"))]).unwrap();
    let turns = [keyed("other", None, Some("k")), keyed("other", Some("Moving"), Some("l"))];
    store.insert_turns(&ana, &turns).unwrap();
    let titles: Vec<_> = store.sessions(&ana).unwrap().into_iter().map(|one| one.title).collect();
    assert!(titles.contains(&Some("Moving".to_owned())), "{titles:?}");
}

/// Whatever their times say: an assistant's clock may run behind its user's.
pub fn turns_come_in_the_order_of_storing(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let turns = [30, 10, 20, 10, 0].map(|second| turn("talk", "lisbon", second));
    let id: Vec<TurnId> =
        store.insert_turns(&ana, &turns).unwrap().iter().map(|inserted| inserted.id).collect();
    store.insert_turns(&ana, &[keyed("other", None, None)]).unwrap();
    let talk = session("talk");
    let ids = |turns: Vec<Turn>| turns.iter().map(|turn| turn.id).collect::<Vec<_>>();
    assert_eq!(ids(store.recent_turns(&ana, &talk, 3).unwrap()), [id[2], id[3], id[4]]);
    assert_eq!(ids(store.session_turns(&ana, &talk, Some(id[3]), None).unwrap()), [id[4]]);
    assert_eq!(ids(store.turns(&ana, &[id[4], TurnId(99), id[0]]).unwrap()), [id[4], id[0]]);
}

pub fn the_newest_turns_come_page_by_page_as_far_as_they_are_in_scope(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let turns: Vec<NewTurn> = (0..40)
        .map(|number| {
            let role = if number % 3 == 0 { Role::Assistant } else { Role::User };
            // Times fall while numbers rise: pages follow the numbers.
            let session = if number % 4 == 0 { "rare" } else { "talk" };
            NewTurn { role, ..turn(session, "lisbon", 100 - number) }
        })
        .collect();
    store.insert_turns(&ana, &turns[..25]).unwrap();
    store.insert_turns(&user("bob"), &turns[..5]).unwrap();
    store.insert_turns(&ana, &turns[25..]).unwrap();
    let all = Scope::of(ana.clone());
    let sessions = |names: &[&str]| names.iter().map(|name| session(name)).collect();
    let scopes = [
        all.clone(),
        Scope { sessions: sessions(&["rare"]), ..all.clone() },
        Scope { sessions: sessions(&["talk", "rare", "nobody"]), ..all.clone() },
        Scope { sessions: sessions(&["nobody"]), ..all.clone() },
        Scope { roles: vec![Role::Assistant], ..all.clone() },
        Scope { since: Some(at(70)), until: Some(at(90)), ..all.clone() },
        Scope { sessions: sessions(&["rare"]), roles: vec![Role::User], ..all.clone() },
        Scope::of(user("nobody")),
    ];
    for scope in scopes {
        let in_scope = store.turns_after(&scope, None, 99).unwrap().into_iter();
        let mut expected: Vec<Turn> = in_scope.map(|stored| stored.turn).collect();
        expected.reverse();
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = store.newest_turns(&scope, before, 7).unwrap();
            assert!(page.len() <= 7);
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            read.extend(page);
        }
        assert_eq!(read, expected, "{scope:?}");
    }
}

pub fn a_change_mark_differs_after_each_change_and_only_then(make: Make<'_>) {
    let fixture = make();
    let (store, other, ana) = (fixture.store(), fixture.opened_again(), user("ana"));
    let mut marks = vec![other.change_mark(&ana).unwrap()];
    assert_eq!(marks[0], ChangeMark::default());
    let mut changed = |is_changed: bool| {
        let mark = other.change_mark(&ana).unwrap();
        assert_eq!(marks.last() != Some(&mark), is_changed, "{mark:?}");
        marks.push(mark);
    };
    let inserted = store.insert_turns(&ana, &[keyed("talk", None, Some("k"))]).unwrap();
    changed(true);
    store.insert_turns(&ana, &[keyed("talk", None, Some("k"))]).unwrap();
    store.insert_turns(&user("bob"), &[keyed("talk", None, Some("k"))]).unwrap();
    changed(false);
    let fact = store.insert_fact(&ana, &super::facts::said_in("lives", inserted[0].id), None);
    changed(true);
    store.delete_fact(&ana, fact.unwrap()).unwrap();
    changed(true);
    store.amend_turn(&ana, inserted[0].id, "porto").unwrap();
    changed(true);
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    changed(true);
}

/// Two users write in turn, more than a block holds.
pub fn numbers_rise_for_each_user_and_never_come_twice(make: Make<'_>) {
    let fixture = make();
    let store = fixture.store();
    let users = ["ana", "bob"].map(user);
    let mut all = Vec::new();
    let mut last = [None; 2];
    for _ in 0..30 {
        for (user, last) in users.iter().zip(&mut last) {
            let inserted = store.insert_turns(user, &vec![turn("talk", "lisbon", 0); 300]).unwrap();
            for Inserted { id, .. } in inserted {
                assert!(Some(id) > *last, "{id} after {last:?}");
                *last = Some(id);
                all.push(id);
            }
        }
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

pub fn of_two_with_the_same_turn_one_stores_it(make: Make<'_>) {
    let fixture = make();
    let (ana, one) = (user("ana"), turn("talk", "lisbon", 0));
    let is_last =
        |last: &[Turn]| last.last().filter(|turn| turn.text == "lisbon").map(|turn| turn.id);
    let stores = [fixture.store(), fixture.opened_again()];
    let inserted: Vec<Inserted> = std::thread::scope(|threads| {
        let insert = |store: &Arc<dyn crate::Store>| {
            let (store, ana, one) = (Arc::clone(store), ana.clone(), one.clone());
            threads.spawn(move || store.insert_unless(&ana, &one, true, &is_last).unwrap())
        };
        let threads: Vec<_> = stores.iter().cycle().take(8).map(insert).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(inserted.iter().filter(|inserted| inserted.new).count(), 1);
    assert!(inserted.iter().all(|other| other.id == inserted[0].id));
    assert_eq!(stores[0].sessions_to_learn_from(&ana).unwrap(), [session("talk")]);
}

pub fn an_overview_holds_speakers_waiting_turns_and_facts(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    assert_eq!(store.overview(&ana).unwrap(), UserOverview::default());
    let said = |speaker: Option<&str>| NewTurn {
        speaker: speaker.map(str::to_owned),
        ..turn("talk", "lisbon", 0)
    };
    let turns = [Some("Priya"), None, Some("Ben"), Some("Priya")].map(said);
    store.insert_turns(&ana, &turns).unwrap();
    store.insert_turns(&user("bob"), &[said(Some("Zoe"))]).unwrap();
    let fact = NewFact {
        subject: USER_SUBJECT.to_owned(),
        statement: "lives in Lisbon".to_owned(),
        kind: FactKind::Identity,
        source: None,
        since: at(0),
        entities: Vec::new(),
    };
    let old = store.insert_fact(&ana, &fact, None).unwrap();
    let new = NewFact { statement: "lives in Oslo".to_owned(), since: at(9), ..fact };
    store.insert_fact(&ana, &new, Some(old)).unwrap();
    let overview = store.overview(&ana).unwrap();
    assert_eq!((overview.speakers, overview.waiting), (vec!["Ben".into(), "Priya".into()], 4));
    assert_eq!(overview.facts.len(), 1);
    assert_eq!(overview.facts[0].statement, "lives in Oslo");
}

pub fn turns_are_found_by_their_keys(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let ids =
        store.insert_turns(&ana, &["a", "b"].map(|key| keyed("talk", None, Some(key)))).unwrap();
    let keys = ["b", "c", "a", "b"].map(|key| SourceKey(key.to_owned()));
    let found = store.turns_with_keys(&ana, &keys).unwrap();
    assert_eq!(found, [Some(ids[1].id), None, Some(ids[0].id), Some(ids[1].id)]);
    assert_eq!(store.turns_with_keys(&user("bob"), &keys).unwrap(), [None; 4]);
}
