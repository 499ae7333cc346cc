//! A user moves to another store and back, and is the same.

use jiff::Timestamp;
use longmem_core::{
    Entity, EntityKind, FactKind, NewFact, NewTurn, Role, Scope, SourceKey, SummaryOf, TurnId,
    UserName,
};

use super::Make;
use super::made_up::{Embedder, at, passages, session, turn, user, vector};
use crate::{
    EmbeddedTurn, Extent, FactsAt, ForgetTarget, Store, StoreError, TakenIn, UserRecords,
    content_fingerprint,
};

/// A user with something of every kind.
fn fill(store: &dyn Store, name: &str) {
    let owner = user(name);
    let embedder = Embedder::new("one");
    store.begin_indexing(embedder.model(), false).unwrap();
    let keyed =
        |turn: NewTurn, key: &str| NewTurn { source_key: Some(SourceKey(key.into())), ..turn };
    let tool = NewTurn { role: Role::Tool, ..turn("work", "rows of numbers", 30) };
    let turns = [
        keyed(turn("trip", "I moved to Lisbon with Priya", 10), "jsonl:1"),
        NewTurn {
            note: true,
            speaker: Some("Ana".into()),
            ..turn("notes", "the door code is 4711", 20)
        },
        tool,
        keyed(turn("trip", "We found a flat", 40), "jsonl:2"),
        turn("secret", "what is to be forgotten", 50),
        turn("work", "", 60),
    ];
    let ids: Vec<TurnId> =
        store.insert_turns(&owner, &turns).unwrap().iter().map(|inserted| inserted.id).collect();
    let with_vectors = |place: usize| EmbeddedTurn {
        user: owner.clone(),
        turn: ids[place],
        passages: passages(&turns[place].text),
    };
    store
        .write_vectors(embedder.model(), &[with_vectors(0), with_vectors(1), with_vectors(5)], 0)
        .unwrap();
    store.forget(&ForgetTarget::Turns(Scope::of(owner.clone()), vec![ids[4]])).unwrap();
    let fact = |statement: &str, source: Option<TurnId>, second: i64| NewFact {
        subject: "user".to_owned(),
        statement: statement.to_owned(),
        kind: FactKind::Identity,
        source,
        since: at(second),
        entities: vec![
            Entity { name: "Lisbon".to_owned(), kind: EntityKind::Other },
            Entity { name: "Priya".to_owned(), kind: EntityKind::Person },
        ],
    };
    let old = store.insert_fact(&owner, &fact("lives in Porto", None, 5), None).unwrap();
    let new =
        store.insert_fact(&owner, &fact("lives in Lisbon", Some(ids[0]), 10), Some(old)).unwrap();
    store.set_fact_vectors(&owner, embedder.model(), &[(new, vector("lives in Lisbon"))]).unwrap();
    store.learn_from(&owner, &session("trip")).unwrap();
    store.write_learned(&owner, &session("trip"), None, ids[0], &[]).unwrap();
    let epoch = store.epoch(&owner).unwrap();
    let of = SummaryOf::Session { session: session("trip"), through: ids[3] };
    store.write_summary(&owner, &of, "Ana moved to Lisbon", at(70), epoch).unwrap();
    let part = store.summaries(&owner).unwrap()[0].id;
    store.fold_summaries(&owner, &[part], "Ana moves a lot", at(80), epoch).unwrap();
    store.rename_session(&owner, &session("work"), &session("office")).unwrap();
    store.set_session_title(&owner, &session("trip"), Some("The move")).unwrap();
    store.amend_turn(&owner, ids[1], "the door code is 4712").unwrap();
    store.keep_value(Some(&owner), "profile", Some(b"\0\xff")).unwrap();
}

/// Copies a user; returns what the target says.
fn copy(from: &dyn Store, to: &dyn Store, name: &UserName) -> crate::Result<TakenIn> {
    to.write_user(name, &|sink| from.read_user(name, Extent::Everything, sink))
}

fn all_records(store: &dyn Store, name: &UserName) -> Vec<UserRecords> {
    let mut records = Vec::new();
    store
        .read_user(name, Extent::Everything, &mut |batch| {
            records.push(batch);
            Ok(())
        })
        .unwrap();
    records.retain(|records| match records {
        UserRecords::FormerNames(names) => !names.is_empty(),
        UserRecords::Values(values) => !values.is_empty(),
        _ => true,
    });
    records
}

pub fn a_user_who_moves_to_another_store_and_on_is_the_same(make: Make<'_>) {
    let (first, second, third) = (make(), make(), make());
    let ana = user("ana");
    fill(&*first.store(), "ana");
    for (from, to) in [(first.store(), second.store()), (second.store(), third.store())] {
        to.begin_indexing(Embedder::new("one").model(), false).unwrap();
        let taken = copy(&*from, &*to, &ana).unwrap();
        assert_eq!(taken, TakenIn::default());
        assert_eq!(all_records(&*from, &ana), all_records(&*to, &ana));
        let content = content_fingerprint(&*from, &ana).unwrap();
        assert_eq!(content, content_fingerprint(&*to, &ana).unwrap());
        assert_eq!((content.turns, content.facts), (5, 2));
        for at in [FactsAt::Ever, FactsAt::Now, FactsAt::Time(Timestamp::UNIX_EPOCH)] {
            assert_eq!(from.facts(&ana, at).unwrap(), to.facts(&ana, at).unwrap());
        }
        assert_eq!(from.sessions(&ana).unwrap(), to.sessions(&ana).unwrap());
        assert_eq!(from.summaries(&ana).unwrap(), to.summaries(&ana).unwrap());
        assert_eq!(from.waiting(Some(&ana)).unwrap(), to.waiting(Some(&ana)).unwrap());
        let mut problems = Vec::new();
        to.check(&mut |problem| problems.push(problem)).unwrap();
        assert_eq!(problems, [""; 0]);
    }
}

pub fn a_user_who_moved_goes_on_as_before(make: Make<'_>) {
    let (from, to) = (make(), make());
    let (from, to, ana) = (from.store(), to.store(), user("ana"));
    fill(&*from, "ana");
    copy(&*from, &*to, &ana).unwrap();
    let known = to.import_turns(&ana, &[imported("trip", "jsonl:1")], false).unwrap();
    assert!(known[0].is_some_and(|inserted| !inserted.new));
    // A former name leads to the present one, and a title that was set stays.
    let renamed = to.import_turns(&ana, &[imported("work", "jsonl:9")], false).unwrap();
    let renamed = to.turns(&ana, &[renamed[0].unwrap().id]).unwrap();
    assert_eq!(renamed[0].session, session("office"));
    let newest = to.newest_turns(&Scope::of(ana.clone()), None, 10).unwrap();
    assert_eq!(newest.len(), 6);
    assert!(newest[0].id == renamed[0].id, "numbers rise");
    let titled = newest.iter().find(|turn| turn.session == session("trip")).unwrap();
    assert_eq!(titled.session_title.as_deref(), Some("The move"));
}

fn imported(session: &str, key: &str) -> NewTurn {
    NewTurn {
        source_key: Some(SourceKey(key.into())),
        session_title: Some("as it was".to_owned()),
        ..turn(session, "I moved to Lisbon with Priya", 10)
    }
}

pub fn numbers_that_somebody_has_are_given_anew_in_the_same_order(make: Make<'_>) {
    let (from, to) = (make(), make());
    let (from, to, ana, bob) = (from.store(), to.store(), user("ana"), user("bob"));
    fill(&*from, "ana");
    fill(&*to, "bob");
    let before = all_records(&*to, &bob);
    copy(&*from, &*to, &ana).unwrap();
    assert_eq!(all_records(&*to, &bob), before, "nobody else is touched");
    let fingerprints = [&from, &to].map(|store| content_fingerprint(&**store, &ana).unwrap());
    assert_eq!(fingerprints[0], fingerprints[1]);
    let statements = |store: &dyn Store| -> Vec<_> {
        let facts = store.facts(&ana, FactsAt::Ever).unwrap();
        facts.into_iter().map(|fact| (fact.statement, fact.until, fact.session)).collect()
    };
    assert_eq!(statements(&*from), statements(&*to));
    let learned = |store: &dyn Store| store.sessions_to_learn_from(&ana).unwrap();
    assert_eq!(learned(&*from), learned(&*to));
    for (name, more) in [(&ana, "more of ana"), (&bob, "more of bob")] {
        let inserted = to.insert_turns(name, &[turn("trip", more, 90)]).unwrap();
        assert_eq!(to.turns(name, &[inserted[0].id]).unwrap()[0].text, more);
    }
    let mut problems = Vec::new();
    to.check(&mut |problem| problems.push(problem)).unwrap();
    assert_eq!(problems, [""; 0]);
}

pub fn a_user_who_is_there_is_not_taken_in_again(make: Make<'_>) {
    let (from, to) = (make(), make());
    let (from, to, ana) = (from.store(), to.store(), user("ana"));
    fill(&*from, "ana");
    to.insert_turns(&ana, &[turn("trip", "somebody else of this name", 1)]).unwrap();
    let before = all_records(&*to, &ana);
    assert!(matches!(copy(&*from, &*to, &ana), Err(StoreError::UserExists { .. })));
    assert_eq!(all_records(&*to, &ana), before);
    let unknown = copy(&*from, &*to, &user("bob"));
    assert!(matches!(unknown, Err(StoreError::UnknownUser(_))));
    assert!(to.users().unwrap().iter().all(|stats| stats.user == ana), "nothing makes no user");
}

pub fn a_user_who_came_in_half_is_not_there(make: Make<'_>) {
    let (from, to) = (make(), make());
    let (from, to, ana) = (from.store(), to.store(), user("ana"));
    fill(&*from, "ana");
    for batches in 0..5 {
        let mut stopped = to.write_user(&ana, &|sink| {
            let mut left = batches;
            from.read_user(&ana, Extent::Everything, &mut |records| {
                if left == 0 {
                    return Err(StoreError::Stopped);
                }
                left -= 1;
                sink(records)
            })
        });
        assert!(matches!(stopped.as_mut(), Err(StoreError::Stopped)));
        assert_eq!(to.users().unwrap(), []);
    }
    copy(&*from, &*to, &ana).unwrap();
}

pub fn vectors_of_another_model_are_left_out_and_made_again(make: Make<'_>) {
    let (from, to) = (make(), make());
    let (from, to, ana) = (from.store(), to.store(), user("ana"));
    fill(&*from, "ana");
    to.begin_indexing(Embedder::new("two").model(), false).unwrap();
    let taken = copy(&*from, &*to, &ana).unwrap();
    assert_eq!(taken.passages_left_out, 1, "that of the turn whose words stayed");
    assert_eq!(to.waiting(Some(&ana)).unwrap(), 4, "all but what a tool printed");
}

pub fn what_was_forgotten_stays_so_in_a_store_without_a_salt_of_its_own(make: Make<'_>) {
    let (from, to) = (make(), make());
    let (from, to, ana) = (from.store(), to.store(), user("ana"));
    let turns = [imported("trip", "jsonl:1"), imported("trip", "jsonl:2")];
    from.insert_turns(&ana, &turns).unwrap();
    let first = from.turns_with_keys(&ana, &[SourceKey("jsonl:1".into())]).unwrap()[0].unwrap();
    from.forget(&ForgetTarget::Turns(Scope::of(ana.clone()), vec![first])).unwrap();
    copy(&*from, &*to, &ana).unwrap();
    let keys = from.forgotten_keys(Some(&ana)).unwrap();
    assert_eq!(keys.keys.len(), 1);
    assert!(to.take_forgotten_keys(&keys).unwrap());
    assert!(to.take_forgotten_keys(&keys).unwrap(), "once more changes nothing");
    assert_eq!(to.forgotten_keys(None).unwrap().keys.len(), 1);
    assert_eq!(to.import_turns(&ana, &turns, false).unwrap()[0], None);
    let mut other = keys;
    other.salt = b"another salt".to_vec();
    assert!(!to.take_forgotten_keys(&other).unwrap());
    assert_eq!(to.import_turns(&ana, &turns, true).unwrap().iter().flatten().count(), 2);
}
