//! What is known, what was known when, and that nobody knows another's.

use longmem_core::{
    Diagnose, Entity, EntityKind, Fact, FactId, FactKind, Fault, NewFact, Remedy, Scope, TurnId,
    USER_SUBJECT,
};
use proptest::prelude::*;

use super::Make;
use super::made_up::{at, session, turn, user};
use crate::{
    Derived, FactsAt, ForgetTarget, ImportedFact, Learned, LearnedFact, Replaced, Store, StoreError,
};

pub(super) fn said(statement: &str, second: i64) -> NewFact {
    NewFact {
        subject: USER_SUBJECT.to_owned(),
        statement: statement.to_owned(),
        kind: FactKind::Identity,
        source: None,
        since: at(second),
        entities: Vec::new(),
    }
}

/// A fact that was said in a turn.
pub(super) fn said_in(statement: &str, turn: TurnId) -> NewFact {
    NewFact { source: Some(turn), ..said(statement, 0) }
}

fn about(statement: &str, names: &[&str]) -> NewFact {
    let entity = |name: &&str| Entity { name: (*name).to_owned(), kind: EntityKind::Person };
    NewFact { entities: names.iter().map(entity).collect(), ..said(statement, 0) }
}

fn statements(facts: &[Fact]) -> Vec<&str> {
    facts.iter().map(|fact| fact.statement.as_str()).collect()
}

/// A user's statements that hold at a time, or now.
fn held(store: &dyn Store, name: &str, at: FactsAt) -> Vec<String> {
    let facts = store.facts(&user(name), at).unwrap();
    facts.into_iter().map(|fact| fact.statement).collect()
}

pub fn a_changed_fact_stays_in_history_with_its_time(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    let porto = store.insert_fact(&ana, &said("lives in Porto", 10), None).unwrap();
    let lisbon = store.insert_fact(&ana, &said("lives in Lisbon", 20), Some(porto)).unwrap();
    assert_eq!(held(store, "ana", FactsAt::Now), ["lives in Lisbon"]);
    assert_eq!(held(store, "ana", FactsAt::Time(at(9))), [""; 0]);
    assert_eq!(held(store, "ana", FactsAt::Time(at(10))), ["lives in Porto"]);
    assert_eq!(held(store, "ana", FactsAt::Time(at(20))), ["lives in Lisbon"]);
    let ever = store.facts(&ana, FactsAt::Ever).unwrap();
    assert_eq!(statements(&ever), ["lives in Porto", "lives in Lisbon"]);
    assert_eq!((ever[0].until, ever[0].superseded_by), (Some(at(20)), Some(lisbon)));
    assert_eq!((ever[1].until, ever[1].superseded_by), (None, None));
}

/// Old talks may be learned from after new ones.
pub fn what_is_learned_late_does_not_replace_what_was_said_after_it(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    let oslo = store.insert_fact(&ana, &said("lives in Oslo", 30), None).unwrap();
    store.insert_fact(&ana, &said("lives in Porto", 10), Some(oslo)).unwrap();
    store.insert_fact(&ana, &said("lives in Lisbon", 20), Some(oslo)).unwrap();
    assert_eq!(held(store, "ana", FactsAt::Now), ["lives in Oslo"]);
    for (second, home) in [(10, "Porto"), (19, "Porto"), (20, "Lisbon"), (30, "Oslo")] {
        let expected = format!("lives in {home}");
        assert_eq!(held(store, "ana", FactsAt::Time(at(second))), [expected], "at {second}");
    }
}

pub fn facts_are_in_the_order_of_their_kinds_and_times(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    for (kind, second) in [(FactKind::Plan, 1), (FactKind::Identity, 9), (FactKind::Preference, 5)]
    {
        let fact = NewFact { kind, ..said(kind.as_str(), second) };
        store.insert_fact(&ana, &fact, None).unwrap();
    }
    store.insert_fact(&ana, &said("first", 2), None).unwrap();
    let expected = ["first", "identity", "preference", "plan"];
    assert_eq!(held(store, "ana", FactsAt::Now), expected);
}

pub fn instructions_come_before_all_other_facts(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    for kind in FactKind::ALL.iter().rev() {
        let fact = NewFact { kind: *kind, ..said(kind.as_str(), 0) };
        store.insert_fact(&ana, &fact, None).unwrap();
    }
    let facts = store.facts(&ana, FactsAt::Now).unwrap();
    assert_eq!((facts.len(), facts[0].kind), (FactKind::ALL.len(), FactKind::Instruction));
}

pub fn an_edited_fact_keeps_its_place_and_a_deleted_one_takes_its_past_along(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    let porto = store.insert_fact(&ana, &about("lives with Rui", &["Rui"]), None).unwrap();
    let lisbon = store.insert_fact(&ana, &said("lives in Lissabon", 20), Some(porto)).unwrap();
    let graca = [Entity { name: "Graça".to_owned(), kind: EntityKind::Other }];
    store.edit_fact(&ana, lisbon, "lives in Graça", &graca).unwrap();
    let now = store.facts(&ana, FactsAt::Now).unwrap();
    assert_eq!((now[0].id, now[0].statement.as_str()), (lisbon, "lives in Graça"));
    assert_eq!((now[0].since, now[0].entities.as_slice()), (at(20), &graca[..]));

    store.insert_fact(&ana, &said("has a dog", 0), None).unwrap();
    assert_eq!(store.delete_fact(&ana, lisbon).unwrap().facts, 2);
    assert_eq!(held(store, "ana", FactsAt::Ever), ["has a dog"]);
    assert_eq!(store.entities(&ana).unwrap(), [], "names without facts are gone");
}

pub fn a_fact_of_another_user_is_as_unknown_as_one_that_never_was(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let [ana, bob] = ["ana", "bob"].map(user);
    let fact = store.insert_fact(&ana, &said("lives in Porto", 10), None).unwrap();
    store.insert_fact(&bob, &said("lives in Oslo", 10), None).unwrap();
    let told = |error: StoreError| {
        assert_eq!(error.fault(), Fault::Caller);
        (error.to_string(), error.remedies())
    };
    let expected =
        |fact: FactId| (format!("user \"bob\" has no fact {fact}"), vec![Remedy::ListFacts]);
    for fact in [fact, FactId(4711)] {
        let new = said("lives here", 20);
        let errors = [
            store.insert_fact(&bob, &new, Some(fact)).unwrap_err(),
            store.edit_fact(&bob, fact, "lives there", &[]).unwrap_err(),
            store.delete_fact(&bob, fact).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(told(error), expected(fact));
        }
    }
    assert_eq!(held(store, "ana", FactsAt::Ever), ["lives in Porto"]);
    assert_eq!(held(store, "bob", FactsAt::Ever), ["lives in Oslo"]);
    assert_eq!(held(store, "nobody", FactsAt::Ever), [""; 0]);
    store.insert_fact(&user("nobody"), &said("lives here", 20), Some(fact)).unwrap_err();
    assert_eq!(store.users().unwrap().len(), 2, "nobody is made for a fact that is not stored");
}

pub fn names_are_known_again_however_they_are_written(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let [ana, bob] = ["ana", "bob"].map(user);
    store.insert_fact(&ana, &about("works with Priya Rao", &["Priya  Rao", "Rui"]), None).unwrap();
    store.insert_fact(&ana, &about("lent PRIYA RAO a book", &["PRIYA RAO"]), None).unwrap();
    store.insert_fact(&bob, &about("knows Priya Rao", &["Priya Rao"]), None).unwrap();
    let known = store.entities(&ana).unwrap();
    let counts: Vec<_> = known.iter().map(|k| (k.entity.name.as_str(), k.facts)).collect();
    assert_eq!(counts, [("Priya  Rao", 2), ("Rui", 1)]);
}

/// Two turns of ana's; a fact from each, the second replacing the first, and one by hand.
fn learned(store: &dyn Store) -> [TurnId; 2] {
    let ana = user("ana");
    let turns = [turn("talk", "I live in Porto", 0), turn("talk", "I live in Lisbon", 9)];
    let turns: Vec<TurnId> =
        store.insert_turns(&ana, &turns).unwrap().iter().map(|inserted| inserted.id).collect();
    let fact = |text, second, turn| NewFact { source: Some(turn), ..said(text, second) };
    let porto = store.insert_fact(&ana, &fact("lives in Porto", 0, turns[0]), None).unwrap();
    store.insert_fact(&ana, &fact("lives in Lisbon", 9, turns[1]), Some(porto)).unwrap();
    store.insert_fact(&ana, &said("has a dog", 0), None).unwrap();
    [turns[0], turns[1]]
}

pub fn a_forgotten_turn_takes_its_facts_along_as_if_it_had_never_been_said(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let turns = learned(store);
    let target = ForgetTarget::Turns(Scope::of(user("ana")), vec![turns[1]]);
    let expected = Derived { facts: 1, summaries: 0 };
    assert_eq!(store.preview_forget(&target, 0).unwrap().derived(), expected);
    assert_eq!(store.forget(&target).unwrap().derived, expected);
    assert_eq!(held(store, "ana", FactsAt::Now), ["lives in Porto", "has a dog"]);
}

pub fn forgetting_a_link_joins_what_was_before_it_to_what_came_after(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let turns = learned(store);
    let ana = user("ana");
    let known = store.facts(&ana, FactsAt::Now).unwrap();
    let lisbon = known.iter().find(|fact| fact.turn == Some(turns[1])).unwrap().id;
    store.insert_fact(&ana, &said("lives in Oslo", 20), Some(lisbon)).unwrap();
    store.forget(&ForgetTarget::Turns(Scope::of(ana), vec![turns[1]])).unwrap();
    assert_eq!(held(store, "ana", FactsAt::Now), ["has a dog", "lives in Oslo"]);
    assert_eq!(held(store, "ana", FactsAt::Time(at(10))), ["lives in Porto", "has a dog"]);
}

pub fn forgetting_sessions_leaves_what_was_added_by_hand_and_forgetting_the_user_does_not(
    make: Make<'_>,
) {
    let fixture = make();
    let store = &*fixture.store();
    learned(store);
    store.insert_fact(&user("bob"), &said("is Bob", 0), None).unwrap();
    let mut talk = Scope::of(user("ana"));
    talk.sessions = vec![session("talk")];
    let forgotten = store.forget(&ForgetTarget::Scope(talk)).unwrap();
    assert_eq!((forgotten.derived.facts, forgotten.user), (2, false));
    assert_eq!(held(store, "ana", FactsAt::Ever), ["has a dog"]);

    let everything = ForgetTarget::User(user("ana"));
    assert_eq!(store.preview_forget(&everything, 0).unwrap().derived().facts, 1);
    let forgotten = store.forget(&everything).unwrap();
    assert_eq!((forgotten.derived.facts, forgotten.user), (1, true));
    assert_eq!(held(store, "ana", FactsAt::Ever), [""; 0]);
    assert_eq!(held(store, "bob", FactsAt::Ever), ["is Bob"]);
}

pub fn turns_are_looked_at_once_whoever_is_faster(make: Make<'_>) {
    let fixture = make();
    let (store, other) = (&*fixture.store(), &*fixture.opened_again());
    let (ana, talk) = (user("ana"), session("talk"));
    let inserted = store.insert_turns(&ana, &[turn("talk", "I live in Porto", 0)]).unwrap();
    let source = inserted[0].id;
    assert_eq!(store.learned_through(&ana, &talk).unwrap(), Learned::No);
    assert!(store.sessions_to_learn_from(&ana).unwrap().is_empty(), "nobody asked for it");
    store.learn_from(&ana, &talk).unwrap();
    assert_eq!(store.sessions_to_learn_from(&ana).unwrap(), std::slice::from_ref(&talk));
    assert_eq!(store.learned_through(&ana, &talk).unwrap(), Learned::Through(None));

    let fact = NewFact { source: Some(source), ..said("lives in Porto", 0) };
    let learned = [LearnedFact { fact, replaces: None }];
    assert!(other.write_learned(&ana, &talk, None, source, &learned).unwrap());
    assert!(!store.write_learned(&ana, &talk, None, source, &learned).unwrap());
    assert_eq!(held(store, "ana", FactsAt::Ever), ["lives in Porto"]);
    assert!(store.sessions_to_learn_from(&ana).unwrap().is_empty());
    store.learn_from(&ana, &talk).unwrap();
    assert_eq!(
        store.learned_through(&ana, &talk).unwrap(),
        Learned::Through(Some(source)),
        "asked for again"
    );
}

pub fn nothing_is_learned_from_a_turn_that_was_forgotten_meanwhile(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let (ana, talk) = (user("ana"), session("talk"));
    let turns = [turn("talk", "I live in Porto", 0), turn("talk", "Hm.", 1)];
    let inserted = store.insert_turns(&ana, &turns).unwrap();
    store.learn_from(&ana, &talk).unwrap();
    let target = ForgetTarget::Turns(Scope::of(ana.clone()), vec![inserted[0].id]);
    store.forget(&target).unwrap();
    let fact = NewFact { source: Some(inserted[0].id), ..said("lives in Porto", 0) };
    let learned = [LearnedFact { fact, replaces: None }];
    assert!(store.write_learned(&ana, &talk, None, inserted[1].id, &learned).unwrap());
    assert_eq!(held(store, "ana", FactsAt::Ever), [""; 0]);
}

pub fn what_is_learned_together_replaces_what_was_known_and_one_another(make: Make<'_>) {
    let fixture = make();
    let (store, ana, talk) = (&*fixture.store(), user("ana"), session("talk"));
    let known = store.insert_fact(&ana, &said("lives in Porto", 0), None).unwrap();
    let bobs = store.insert_fact(&user("bob"), &said("lives in Oslo", 0), None).unwrap();
    let turns = store.insert_turns(&ana, &[turn("talk", "I moved. Twice.", 1)]).unwrap();
    store.learn_from(&ana, &talk).unwrap();
    let source = turns[0].id;
    let learned = |statement: &str, second, source, replaces| LearnedFact {
        fact: NewFact { source, ..said(statement, second) },
        replaces,
    };
    let there = Some(source);
    let facts = [
        learned("lives in Lisbon", 10, there, Some(Replaced::Known(known))),
        learned("lives nowhere", 15, Some(TurnId(source.0 + 99)), Some(Replaced::Learned(0))),
        learned("lives in Faro", 20, there, Some(Replaced::Learned(0))),
        learned("has a dog", 20, there, Some(Replaced::Learned(1))),
        learned("has a cat", 20, there, Some(Replaced::Known(bobs))),
        learned("is nobody's", 20, None, None),
    ];
    assert!(store.write_learned(&ana, &talk, None, source, &facts).unwrap());
    assert_eq!(held(store, "ana", FactsAt::Now), ["lives in Faro", "has a dog", "has a cat"]);
    for (second, home) in [(0, "Porto"), (10, "Lisbon"), (19, "Lisbon")] {
        let expected = format!("lives in {home}");
        assert_eq!(held(store, "ana", FactsAt::Time(at(second))), [expected], "at {second}");
    }
    assert_eq!(held(store, "bob", FactsAt::Now), ["lives in Oslo"]);
}

/// What may happen to the facts of two users; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    Say { user: usize, second: i64, replaces: Option<usize> },
    Delete { user: usize, fact: usize },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let say = (0..2usize, 0..50i64, proptest::option::of(0..20usize))
        .prop_map(|(user, second, replaces)| Event::Say { user, second, replaces });
    let delete = (0..2usize, 0..20usize).prop_map(|(user, fact)| Event::Delete { user, fact });
    prop::collection::vec(prop_oneof![4 => say, 1 => delete], 1..25)
}

/// Facts that replaced one another are a line in time: at each moment one of a line holds at most, now
/// the last one does, and no line joins two users.
pub fn of_what_replaced_one_another_one_holds_at_a_time(make: Make<'_>) {
    proptest!(ProptestConfig::with_cases(48), |(events in events())| {
        let fixture = make();
    let store = &*fixture.store();
        let users = ["ana", "bob"].map(user);
        for event in events {
            match event {
                Event::Say { user, second, replaces } => {
                    let known = store.facts(&users[user], FactsAt::Now).unwrap();
                    let old = replaces.and_then(|n| known.get(n % known.len().max(1)));
                    let new = said(users[user].as_str(), second);
                    store.insert_fact(&users[user], &new, old.map(|fact| fact.id)).unwrap();
                }
                Event::Delete { user, fact } => {
                    let known = store.facts(&users[user], FactsAt::Ever).unwrap();
                    if let Some(fact) = known.get(fact % known.len().max(1)) {
                        store.delete_fact(&users[user], fact.id).unwrap();
                    }
                }
            }
        }
        for user in &users {
            let ever = store.facts(user, FactsAt::Ever).unwrap();
            prop_assert!(ever.iter().all(|fact| fact.statement == user.as_str()));
            let now = store.facts(user, FactsAt::Now).unwrap();
            let lines = |fact: &Fact| {
                let mut last = fact;
                while let Some(next) = last.superseded_by {
                    last = ever.iter().find(|fact| fact.id == next).expect("it is the user's");
                }
                last.id
            };
            for fact in &ever {
                prop_assert!(fact.until.is_none_or(|until| fact.since <= until));
                prop_assert!(now.iter().any(|last| last.id == lines(fact)));
            }
            for second in 0..50 {
                let then = store.facts(user, FactsAt::Time(at(second))).unwrap();
                let mut ends: Vec<FactId> = then.iter().map(lines).collect();
                ends.sort_unstable();
                ends.dedup();
                prop_assert_eq!(ends.len(), then.len(), "two of one line at {}", second);
            }
        }
    });
}

pub fn facts_of_another_store_come_with_what_replaced_them(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (&*fixture.store(), user("ana"));
    let turn = store.insert_turns(&ana, &[turn("talk", "lisbon", 0)]).unwrap()[0].id;
    let porto = store.insert_fact(&ana, &said("lives in Porto", 10), None).unwrap();
    let imported = |fact: NewFact, superseded_by| ImportedFact { fact, superseded_by };
    let facts = [
        imported(said("lives in Faro", 5), Some(Replaced::Known(porto))),
        imported(about("lives in Lisbon", &["Lisbon"]), None),
        imported(said_in("moved", turn), Some(Replaced::Learned(1))),
        imported(said_in("of no turn", TurnId(turn.0 + 99)), None),
    ];
    let stored = store.import_facts(&ana, &facts, &[(porto, 1)]).unwrap();
    assert_eq!(stored.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
    let ever = store.facts(&ana, FactsAt::Ever).unwrap();
    let next = |statement: &str| {
        ever.iter().find(|fact| fact.statement == statement).unwrap().superseded_by
    };
    assert_eq!(next("lives in Faro"), Some(porto));
    assert_eq!([next("lives in Porto"), next("moved")], [stored[1], stored[1]]);
    assert_eq!(held(store, "ana", FactsAt::Now), ["lives in Lisbon"]);
    assert_eq!(store.import_facts(&user("bob"), &[], &[]).unwrap(), []);
    assert!(store.users().unwrap().iter().all(|stats| stats.user == ana));
}
