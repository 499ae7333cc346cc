//! What is exported and imported into an empty store is exported again with the same bytes.

use std::ops::ControlFlow;

use longmem_core::{
    Entity, EntityKind, FactId, FactKind, NewFact, NewTurn, Role, Scope, SessionName, SourceKey,
    SummaryOf, Timestamp, TurnId, UserName,
};
use longmem_memory::{FactsAt, ForgetTarget, ImportReport, ImportRequest, Memory};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::Facts;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::fixture::{Fixture, fixture, user};

fn at(second: u32) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_123 + 1000 * i64::from(second)).unwrap()
}

fn new_turn() -> impl Strategy<Value = NewTurn> {
    let title = prop::option::of(select(vec!["Kitchen \"budget\"", "台所"]));
    (
        (0..3usize, title, select(Role::ALL), prop::option::of("[A-Z][a-zé]{0,5}")),
        ("[a-zé\"\\\\<>&\n\t ]{0,30}[a-z.]", 0..9999u32, any::<bool>(), any::<bool>()),
    )
        .prop_map(|((session, title, role, speaker), (text, time, note, has_key))| NewTurn {
            session: SessionName::new(["one", "two", "../three"][session]).unwrap(),
            session_title: title.map(str::to_owned),
            role,
            speaker,
            source_key: has_key.then(|| SourceKey(format!("file:{time}:{text}"))),
            text,
            time: at(time),
            note,
        })
}

/// A fact, the turn it is from if it is from one, and what it replaces if it replaces one.
type NewlyKnown = (usize, u32, Option<Index>, Option<Index>);

fn known() -> impl Strategy<Value = NewlyKnown> {
    (0..30usize, 0..50u32, any::<Option<Index>>(), any::<Option<Index>>())
}

fn fill(
    Fixture { memory, folder, .. }: &Fixture,
    user: &UserName,
    turns: &[NewTurn],
    facts: &[NewlyKnown],
    summaries: &[(bool, Index)],
) {
    let inserted = memory.remember(user, turns).unwrap();
    let ids: Vec<TurnId> = inserted.iter().map(|inserted| inserted.id).collect();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Fail).unwrap();
    let mut known: Vec<FactId> = Vec::new();
    for (number, since, source, replaces) in facts {
        let names = ["Ana", "ana  b", "Lisbon", "Bo"].into_iter().skip(number % 4).take(number % 3);
        let fact = NewFact {
            subject: "user".to_owned(),
            statement: format!("says {number}"),
            kind: FactKind::ALL[number % FactKind::ALL.len()],
            source: source.map(|index| *index.get(&ids)),
            since: at(*since),
            entities: names
                .map(|name| Entity { name: name.to_owned(), kind: EntityKind::Other })
                .collect(),
        };
        let replaces = replaces.filter(|_| !known.is_empty()).map(|index| *index.get(&known));
        known.push(store.insert_fact(user, &fact, replaces).unwrap());
    }
    for (of_session, turn) in summaries {
        let (session, through) = (turn.get(turns).session.clone(), *turn.get(&ids));
        let of = match of_session {
            true => SummaryOf::Session { session, through },
            false => SummaryOf::Stretch { session, through },
        };
        let made_at = memory.epoch(user).unwrap();
        memory.write_summary(user, &of, "they talked", made_at).unwrap();
    }
    let parts: Vec<_> = memory
        .summaries(user)
        .unwrap()
        .into_iter()
        .filter(|summary| matches!(summary.of, SummaryOf::Session { .. }))
        .map(|summary| summary.id)
        .take(2)
        .collect();
    if !parts.is_empty() {
        let made_at = memory.epoch(user).unwrap();
        memory.fold_summaries(user, &parts, "long ago", made_at).unwrap();
    }
}

fn export(memory: &Memory, users: &[UserName]) -> String {
    let scopes: Vec<Scope> = users.iter().cloned().map(Scope::of).collect();
    let mut lines = Vec::new();
    memory.export_all(&scopes, &mut lines).unwrap();
    String::from_utf8(lines).unwrap()
}

fn import(into: &Fixture, lines: &str, name: &UserName, users_from_file: bool) -> ImportReport {
    let path = into.folder.path().join("export.jsonl");
    std::fs::write(&path, lines).unwrap();
    let request = ImportRequest { users_from_file, again: true, ..ImportRequest::new(&path, name) };
    into.memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_export_is_a_whole_memory(
        turns in prop::collection::vec(new_turn(), 1..12),
        facts in prop::collection::vec(known(), 0..10),
        summaries in prop::collection::vec(any::<(bool, Index)>(), 0..4),
    ) {
        let from = fixture();
        let users = [user("ana"), user("Bo")];
        for name in &users {
            fill(&from, name, &turns, &facts, &summaries);
        }
        let lines = export(&from.memory, &users);
        let into = fixture();
        import(&into, &lines, &user("default"), true);
        prop_assert_eq!(export(&into.memory, &users), lines.clone());
        let again = import(&into, &lines, &user("default"), true);
        prop_assert_eq!((again.new_turns, again.new_facts, again.new_summaries), (0, 0, 0));
        prop_assert_eq!(export(&into.memory, &users), lines);
        into.memory.check(&mut |problem| panic!("{problem}")).unwrap();
    }
}

fn small_memory() -> (Fixture, UserName) {
    let (from, ana) = (fixture(), user("ana"));
    let turn = NewTurn { source_key: Some(SourceKey("k".to_owned())), ..crate::turn("I moved.") };
    let facts = [(1, 10, Some(0), None), (2, 20, None, Some(0)), (3, 30, None, None)];
    let index = |place: Option<i32>| place.map(|_| first());
    let facts: Vec<NewlyKnown> = facts
        .map(|(number, since, source, old)| (number, since, index(source), index(old)))
        .to_vec();
    fill(&from, &ana, &[turn], &facts, &[(true, first())]);
    (from, ana)
}

/// The index of the first of any list.
fn first() -> Index {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let any = any::<Index>().prop_filter("the first", |index| index.index(3) == 0);
    proptest::strategy::ValueTree::current(&any.new_tree(&mut runner).unwrap())
}

#[test]
fn an_export_of_one_goes_to_another_who_is_named() {
    let (from, ana) = small_memory();
    let lines = export(&from.memory, &[ana]);
    let into = fixture();
    let report = import(&into, &lines, &user("bob"), false);
    assert_eq!((report.new_turns, report.new_facts, report.new_summaries), (1, 3, 2));
    assert_eq!(into.memory.users().unwrap().len(), 1);
    let expected = lines.replace("\"user\":\"ana\"", "\"user\":\"bob\"");
    assert_eq!(export(&into.memory, &[user("bob")]), expected);
}

/// The file is read again, though all of its turns were stored.
#[test]
fn an_import_that_failed_at_the_facts_brings_them_the_next_time() {
    let (from, ana) = small_memory();
    let lines = export(&from.memory, std::slice::from_ref(&ana));
    let into = fixture();
    let path = into.folder.path().join("export.jsonl");
    std::fs::write(&path, &lines).unwrap();
    let import = || {
        let request = ImportRequest::new(&path, &ana);
        into.memory.import(request, &mut |_| ControlFlow::Continue(()))
    };
    let database = rusqlite::Connection::open(into.folder.path().join("memory.db")).unwrap();
    let refuse =
        "CREATE TRIGGER refuse BEFORE INSERT ON facts BEGIN SELECT raise(ABORT, 'no'); END";
    database.execute_batch(refuse).unwrap();
    assert!(import().is_err());
    assert_eq!(into.memory.stats().unwrap().turns, 1);
    database.execute_batch("DROP TRIGGER refuse").unwrap();
    let report = import().unwrap();
    assert_eq!((report.new_turns, report.new_facts, report.new_summaries), (0, 3, 2));
    assert_eq!(import().unwrap().read.unchanged, 1);
}

#[test]
fn facts_of_a_forgotten_turn_stay_forgotten() {
    let (from, ana) = small_memory();
    let lines = export(&from.memory, std::slice::from_ref(&ana));
    let mut scope = Scope::of(ana.clone());
    scope.sessions.push(SessionName::new("notes").unwrap());
    from.memory.forget(&ForgetTarget::Scope(scope)).unwrap();
    let path = from.folder.path().join("export.jsonl");
    std::fs::write(&path, &lines).unwrap();
    let request = ImportRequest::new(&path, &ana);
    let report = from.memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.new_turns, report.new_facts, report.new_summaries), (0, 0, 0));
    let facts = from.memory.facts(&ana, FactsAt::Ever).unwrap();
    assert!(facts.iter().all(|fact| fact.turn.is_none()));
}

/// Only the first line of our own export makes facts of lines: nobody slips them into a chat.
#[test]
fn facts_in_a_foreign_file_are_nobodys_word() {
    let (from, ana) = small_memory();
    let lines = export(&from.memory, std::slice::from_ref(&ana));
    let (_, without_first_line) = lines.split_once('\n').unwrap();
    let into = fixture();
    let report = import(&into, without_first_line, &ana, true);
    assert_eq!((report.new_turns, report.new_facts, report.new_summaries), (1, 0, 0));
    assert!(into.memory.facts(&ana, FactsAt::Ever).unwrap().is_empty());
}

/// A file that was written by hand may say anything.
#[test]
fn facts_that_replace_each_other_in_a_circle_hold_no_one_up() {
    let into = fixture();
    let fact = |number: u32, next: u32| {
        format!(
            r#"{{"fact":{number},"user":"ana","subject":"user","statement":"s{number}","kind":"plan","since":"2026-01-01T00:00:00Z","superseded_by":{next}}}"#
        )
    };
    let lines =
        ["{\"longmem_export\":1}".to_owned(), fact(1, 2), fact(2, 1), fact(3, 3)].join("\n");
    let report = import(&into, &lines, &user("ana"), true);
    assert_eq!(report.new_facts, 3);
    let holding = into.memory.facts(&user("ana"), FactsAt::Now).unwrap();
    assert_eq!(holding.len(), 2);
    into.memory.delete_fact(&user("ana"), holding[0].id).unwrap();
}

#[test]
fn a_part_of_a_memory_takes_the_facts_of_its_turns_along() {
    let (from, ana) = small_memory();
    let mut scope = Scope::of(ana);
    scope.roles = vec![Role::User];
    let mut lines = Vec::new();
    let report = from.memory.export(&scope, &mut lines).unwrap();
    // The fact of the turn was replaced by one that was noted by hand, without which it would hold.
    assert_eq!((report.turns, report.facts, report.summaries), (1, 0, 0));
}
