//! Users are divided among servers, and move from one to another while others read and write.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::fixture::{self, InDatabase};
use crate::moving::{fill, model, problems, records, user};
use longmem_core::{NewTurn, Scope, SourceKey, UserName};
use longmem_postgres::{
    MoveStep, MovedUserReport, PostgresOptions, PostgresStore, Presence, RingRecord, RingServer,
    UserPlace,
};
use longmem_store::{
    Facts, ForgetTarget, KeptValues, Moving, Result, StoreError, Turns, Upkeep, Vectors,
    content_fingerprint,
};
use longmem_test_support::PostgresServer;

const A: &str = "a";
const B: &str = "b";

fn sql(database: &InDatabase, sql: &str) -> String {
    PostgresServer::shared().unwrap().sql(database.name(), sql)
}

fn ring_of(this_server: &str, generation: i64) -> RingRecord {
    let servers = [A, B].map(|name| RingServer { name: name.to_owned(), leaving: false });
    RingRecord { this_server: this_server.to_owned(), generation, servers: servers.to_vec() }
}

/// Two servers of a ring, and the stores on them as whoever goes by the ring treats them where users are made.
struct Two {
    a: InDatabase,
    b: InDatabase,
    stores: [PostgresStore; 2],
}

impl Two {
    /// None where there is no PostgreSQL.
    fn new() -> Option<Self> {
        if !InDatabase::can_be() {
            return None;
        }
        let (a, b) = (InDatabase::new(), InDatabase::new());
        let stores = [&a, &b].map(|server| made_by(server.postgres(), 1));
        let two = Self { a, b, stores };
        for (store, name) in [(two.a(), A), (two.b(), B)] {
            store.begin_indexing(&model(), false).unwrap();
            store.set_ring(&ring_of(name, 1)).unwrap();
        }
        // As a server that joins gets it from the others.
        let salt = sql(&two.a, "SELECT encode(salt, 'hex') FROM longmem.store_salt");
        sql(&two.b, &format!("UPDATE longmem.store_salt SET salt = decode('{salt}', 'hex')"));
        Some(two)
    }

    fn a(&self) -> &PostgresStore {
        &self.stores[0]
    }

    fn b(&self) -> &PostgresStore {
        &self.stores[1]
    }

    fn places(&self, name: &UserName) -> (UserPlace, UserPlace) {
        (self.a().user_place(name).unwrap(), self.b().user_place(name).unwrap())
    }

    fn moved(&self, name: &UserName) -> Result<MovedUserReport> {
        self.a().move_user(name, A, (B, self.b()), &|_| Ok(()))
    }

    /// Moves a user and stops at a step, as a process that is killed there does.
    fn stopped_at(&self, name: &UserName, step: MoveStep) {
        let end = |reached| if reached == step { Err(StoreError::Stopped) } else { Ok(()) };
        let stopped = self.a().move_user(name, A, (B, self.b()), &end);
        assert!(matches!(stopped, Err(StoreError::Stopped)), "{stopped:?}");
    }
}

fn turn(text: &str) -> NewTurn {
    NewTurn { source_key: Some(SourceKey(format!("key of {text}"))), ..fixture::turn(text) }
}

fn made_by(store: &PostgresStore, generation: i64) -> PostgresStore {
    store.with_presence(Presence::Made { generation })
}

fn required(store: &PostgresStore) -> PostgresStore {
    store.with_presence(Presence::Required)
}

fn is_not_here<T: std::fmt::Debug>(result: Result<T>) {
    match result {
        Err(StoreError::NotHere(_)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_users_who_are_here_are_read_and_written_where_that_is_required() {
    let Some(two) = Two::new() else { return };
    let (ana, store) = (user("ana"), required(two.a()));
    let target = ForgetTarget::User(ana.clone());
    let refuses_all = |store: &PostgresStore| {
        is_not_here(store.change_mark(&ana));
        is_not_here(store.facts(&ana, longmem_store::FactsAt::Now));
        is_not_here(store.insert_turns(&ana, &[turn("one")]));
        is_not_here(store.keep_value(Some(&ana), "name", Some(b"value")));
        is_not_here(store.keep_value(Some(&ana), "name", None));
        is_not_here(store.kept_value(Some(&ana), "name"));
        is_not_here(store.claim_queued(Some(&ana), None, 10).map(|claim| claim.turns));
        is_not_here(store.waiting(Some(&ana)));
        is_not_here(store.lock_watching(&ana).map(|lock| lock.is_some()));
        is_not_here(store.forget(&target));
        is_not_here(store.read_user(&ana, longmem_store::Extent::Everything, &mut |_| {
            panic!("something was handed out")
        }));
    };
    refuses_all(&store);
    assert_eq!(two.places(&ana), (UserPlace::Absent, UserPlace::Absent));

    // Who is made here is here.
    assert_eq!(two.a().change_mark(&ana).unwrap(), longmem_store::ChangeMark::default());
    is_unknown(two.a().forget(&target));
    two.a().insert_turns(&ana, &[turn("one")]).unwrap();
    assert_eq!(store.insert_turns(&ana, &[turn("two")]).unwrap().len(), 1);
    assert_eq!(store.waiting(Some(&ana)).unwrap(), 2);
    // Another user is another user.
    is_not_here(store.insert_turns(&user("bob"), &[turn("one")]));

    // Whoever moved away is nobody's here, wherever users may be made.
    two.stopped_at(&ana, MoveStep::Switched);
    for (store, server) in [(two.a(), &two.a), (two.b(), &two.b)] {
        refuses_all(&required(store));
        refuses_all(store);
        // Whatever is expected, nobody writes, and nothing is handed out.
        is_not_here(server.postgres().insert_turns(&ana, &[turn("three")]));
        is_unknown(records_of(server.postgres(), &ana));
    }
    let UserPlace::ArrivingFrom { number, .. } = two.b().user_place(&ana).unwrap() else {
        panic!("no mark is there");
    };
    assert!(two.b().finish_arriving(&ana, A, number).unwrap());
    assert_eq!(required(two.b()).waiting(Some(&ana)).unwrap(), 2);
}

fn is_unknown<T: std::fmt::Debug>(result: Result<T>) {
    match result {
        Err(StoreError::UnknownUser(_)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn users_are_made_only_by_the_list_that_the_server_knows() {
    let Some(two) = Two::new() else { return };
    let (ana, bob) = (user("ana"), user("bob"));
    let server = two.a.postgres();
    let made_by = |generation| made_by(server, generation);
    made_by(1).insert_turns(&ana, &[turn("one")]).unwrap();
    two.a().set_ring(&ring_of(A, 2)).unwrap();
    let refused = made_by(1).insert_turns(&bob, &[turn("one")]);
    let changed = |result: Result<_>| match result {
        Err(StoreError::RingChanged { stored, given, .. }) => (stored, given),
        other => panic!("{other:?}"),
    };
    assert_eq!(changed(refused.map(drop)), (2, 1));
    assert_eq!(changed(made_by(3).keep_value(Some(&bob), "name", Some(b"value"))), (2, 3));
    // Whoever goes by an old list is not told that there is no such user: there may be one elsewhere.
    assert_eq!(changed(made_by(1).change_mark(&bob).map(drop)), (2, 1));
    assert_eq!(two.a().user_place(&bob).unwrap(), UserPlace::Absent);
    // Who is here already is written to by everybody.
    made_by(1).insert_turns(&ana, &[turn("two")]).unwrap();
    made_by(2).insert_turns(&bob, &[turn("one")]).unwrap();

    // A list may get newer, and nothing else.
    assert_eq!(changed(two.a().set_ring(&ring_of(A, 1))), (2, 1));
    two.a().set_ring(&ring_of(A, 2)).unwrap();
    let mut other = ring_of(A, 2);
    other.servers[1].leaving = true;
    let refused = two.a().set_ring(&other);
    assert!(matches!(refused, Err(StoreError::RingMismatch { .. })), "{refused:?}");
    let refused = two.a().set_ring(&ring_of(B, 3));
    assert!(matches!(refused, Err(StoreError::RingMismatch { .. })), "{refused:?}");
    assert_eq!(two.a().ring().unwrap(), Some(ring_of(A, 2)));
    other.generation = 3;
    other.servers.reverse();
    two.a().set_ring(&other).unwrap();
    assert_eq!(two.a().ring().unwrap(), Some(other));
    // It is no value that would be copied.
    assert_eq!(two.a().kept_names(None, "").unwrap(), [""; 0]);
    // Who opens one server alone may write of those who are there, and makes nobody.
    server.insert_turns(&ana, &[turn("three")]).unwrap();
    let refused = server.insert_turns(&user("eve"), &[turn("one")]);
    assert!(matches!(refused, Err(StoreError::RingMismatch { .. })), "{refused:?}");
    let from = InDatabase::new();
    fill(&**from.postgres(), &user("eve"), 30);
    let refused = server.write_user(&user("eve"), &|sink| {
        from.postgres().read_user(&user("eve"), longmem_store::Extent::Everything, sink)
    });
    assert!(matches!(refused, Err(StoreError::RingMismatch { .. })), "{refused:?}");
    let alone = InDatabase::new();
    assert_eq!(alone.postgres().ring().unwrap(), None);
    let making = self::made_by(alone.postgres(), 1);
    assert_eq!(changed(making.insert_turns(&ana, &[turn("one")]).map(drop)), (0, 1));
}

#[test]
fn a_user_moves_there_and_back_with_everything() {
    let Some(two) = Two::new() else { return };
    let (ana, bob) = (user("ana"), user("bob"));
    fill(two.a(), &bob, 30);
    fill(two.a(), &ana, 1_500);
    two.a().insert_turns(&ana, &[turn("to be forgotten"), turn("to stay")]).unwrap();
    let key = [SourceKey("key of to be forgotten".to_owned())];
    let id = two.a().turns_with_keys(&ana, &key).unwrap()[0].unwrap();
    two.a().forget(&ForgetTarget::Turns(Scope::of(ana.clone()), vec![id])).unwrap();
    let (before, content) = (records(two.a(), &ana), content_fingerprint(two.a(), &ana).unwrap());
    let bobs = records(two.a(), &bob);
    let stats = two.a().stats().unwrap();

    let (mut from, mut to) = ((A, two.a()), (B, two.b()));
    let epoch = two.a().epoch(&ana).unwrap();
    for round in 0..3 {
        let report = from.1.move_user(&ana, from.0, to, &|_| Ok(())).unwrap();
        assert_eq!((report.turns, report.passages_left_out), (1_501, 0));
        assert_eq!(to.1.user_place(&ana).unwrap(), UserPlace::Here);
        assert_eq!(from.1.user_place(&ana).unwrap(), UserPlace::Absent);
        assert_eq!(to.1.epoch(&ana).unwrap(), epoch, "what others have in memory stays true");
        assert!(records(to.1, &ana) == before, "round {round}");
        assert_eq!(content_fingerprint(to.1, &ana).unwrap(), content);
        for store in [from.1, to.1] {
            assert_eq!(problems(store), [""; 0]);
        }
        // Nothing is left.
        let names = |store: &PostgresStore| store.user_names().unwrap();
        let listed = |store: &PostgresStore| {
            let users = store.users().unwrap();
            users.into_iter().map(|stats| stats.user).collect::<Vec<_>>()
        };
        assert!(!names(from.1).contains(&ana) && names(to.1).contains(&ana));
        assert_eq!(names(from.1), listed(from.1));
        assert_eq!(from.1.marked_users().unwrap(), []);
        let both = [from.1.stats().unwrap(), to.1.stats().unwrap()];
        assert_eq!(both[0].users + both[1].users, stats.users);
        assert_eq!(both[0].turns + both[1].turns, stats.turns);
        assert_eq!(both[0].sessions + both[1].sessions, stats.sessions);
        assert_eq!(both[0].vectors + both[1].vectors, stats.vectors);
        let waiting = both[0].turns_without_vectors + both[1].turns_without_vectors;
        assert_eq!(waiting, stats.turns_without_vectors);
        is_unknown(records_of(from.1, &ana));
        // What was forgotten is known where the user is, and nowhere else.
        let imported =
            to.1.import_turns_keeping(&ana, &[turn("to be forgotten")], false, &[]).unwrap();
        assert_eq!(imported, [None]);
        assert!(from.1.forgotten_keys(Some(&ana)).unwrap().keys.is_empty());
        std::mem::swap(&mut from, &mut to);
    }
    assert!(records(two.a(), &bob) == bobs);
    // What is written next goes on.
    let newest = two.b().change_mark(&ana).unwrap().last_turn.unwrap();
    let inserted = two.b().insert_turns(&ana, &[turn("later")]).unwrap();
    assert!(inserted[0].id > newest);
}

fn records_of(store: &PostgresStore, name: &UserName) -> Result<()> {
    store.read_user(name, longmem_store::Extent::Everything, &mut |_| Ok(()))
}

#[test]
fn a_move_that_ends_before_the_switch_leaves_the_user_where_the_user_was() {
    for step in [MoveStep::Locked, MoveStep::Copied] {
        let Some(two) = Two::new() else { return };
        let ana = user("ana");
        fill(two.a(), &ana, 300);
        let before = records(two.a(), &ana);
        two.stopped_at(&ana, step);
        let (at_a, at_b) = two.places(&ana);
        assert_eq!(at_a, UserPlace::Here);
        assert!(!at_b.completes(B, A, &at_a));
        assert_eq!(at_b == UserPlace::Absent, step == MoveStep::Locked, "{at_b:?}");
        // The copy that was left counts for nobody.
        is_not_here(required(two.b()).change_mark(&ana));
        is_unknown(records_of(two.b.postgres(), &ana));
        assert_eq!(two.b().user_names().unwrap(), []);
        assert_eq!(two.b().users().unwrap(), []);
        let stats = two.b().stats().unwrap();
        assert_eq!((stats.users, stats.sessions, stats.turns, stats.vectors), (0, 0, 0, 0));
        assert_eq!((stats.turns_without_vectors, two.b().waiting(None).unwrap()), (0, 0));
        let claim = two.b().claim_queued(None, None, 100).unwrap();
        assert!(claim.turns.is_empty() && !claim.others_at_it);
        assert_eq!(two.b().queued_turns(None, None, 100).unwrap(), []);
        assert_eq!(problems(two.b()), [""; 0]);
        // Once more, and all of it.
        assert!(records(two.a(), &ana) == before);
        required(two.a()).insert_turns(&ana, &[turn("meanwhile")]).unwrap();
        let before = records(two.a(), &ana);
        assert_eq!(two.moved(&ana).unwrap().turns, 301);
        assert!(records(two.b(), &ana) == before);
        assert_eq!(problems(two.b()), [""; 0]);
    }
}

#[test]
fn a_move_that_ends_after_the_switch_needs_its_mark_cleared() {
    let Some(two) = Two::new() else { return };
    let (ana, bob) = (user("ana"), user("bob"));
    fill(two.a(), &ana, 300);
    let before = records(two.a(), &ana);
    two.stopped_at(&ana, MoveStep::Switched);
    let (at_a, at_b) = two.places(&ana);
    assert!(at_b.completes(B, A, &at_a), "{at_a:?} {at_b:?}");
    for store in [two.a(), two.b()] {
        is_not_here(required(store).change_mark(&ana));
        is_not_here(store.insert_turns(&ana, &[turn("one")]));
    }
    is_not_here(two.moved(&ana));
    let UserPlace::ArrivingFrom { server, number } = at_b else { panic!("{at_b:?}") };
    assert!(!two.b().finish_arriving(&ana, &server, number - 1).unwrap());
    assert!(!two.b().finish_arriving(&ana, B, number).unwrap());
    assert!(two.b().finish_arriving(&ana, &server, number).unwrap());
    assert!(!two.b().finish_arriving(&ana, &server, number).unwrap());
    assert!(records(two.b(), &ana) == before);

    fill(two.a(), &bob, 20);
    two.stopped_at(&bob, MoveStep::Arrived);
    assert_eq!(two.places(&bob).1, UserPlace::Here);
}

#[test]
fn readers_go_on_during_a_move_and_writers_wait_and_learn_that_the_user_is_gone() {
    let Some(two) = Two::new() else { return };
    let ana = user("ana");
    fill(two.a(), &ana, 300);
    let (reader, writer) = (required(two.a()), required(two.a()));
    let (mark, before) = (reader.change_mark(&ana).unwrap(), records(two.a(), &ana));
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                 AND datname = current_database()";
    std::thread::scope(|scope| {
        let writing = std::sync::Mutex::new(None);
        let report = two.a().move_user(&ana, A, (B, two.b()), &|step| {
            match step {
                MoveStep::Locked => {
                    let (writer, ana) = (&writer, &ana);
                    let thread = scope.spawn(move || writer.insert_turns(ana, &[turn("late")]));
                    *writing.lock().unwrap() = Some(thread);
                    while sql(&two.a, waits) == "0" {
                        std::thread::yield_now();
                    }
                }
                MoveStep::Copied => assert_eq!(reader.change_mark(&ana).unwrap(), mark),
                MoveStep::Switched => is_not_here(reader.change_mark(&ana)),
                MoveStep::Arrived => {}
            }
            Ok(())
        });
        report.unwrap();
        let waited = writing.lock().unwrap().take().unwrap().join().unwrap();
        is_not_here(waited);
    });
    assert!(records(two.b(), &ana) == before);
    required(two.b()).insert_turns(&ana, &[turn("late")]).unwrap();
}

/// Ends all connections to a server's database, as its restart does.
fn cut(server: &InDatabase) {
    let name = server.name();
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    PostgresServer::shared().unwrap().sql("postgres", &cut);
}

#[test]
fn whoever_lost_the_lock_cannot_undo_what_a_later_move_did() {
    for step in [MoveStep::Locked, MoveStep::Copied] {
        for whole in [true, false] {
            let Some(two) = Two::new() else { return };
            let ana = user("ana");
            fill(two.a(), &ana, 300);
            let other = PostgresStore::open(two.a.address(), &PostgresOptions::default()).unwrap();
            let other = required(&other);
            let times = AtomicUsize::new(0);
            let moved = two.a().move_user(&ana, A, (B, two.b()), &|at| {
                if at == step && times.fetch_add(1, Ordering::Relaxed) == 0 {
                    cut(&two.a);
                    // Somebody writes, and another one moves the user, wholly or half.
                    other.insert_turns(&ana, &[turn("acknowledged")])?;
                    let stop = |at| match at {
                        MoveStep::Copied if !whole => Err(StoreError::Stopped),
                        _ => Ok(()),
                    };
                    let by_other = other.move_user(&ana, A, (B, two.b()), &stop);
                    assert_eq!(by_other.is_ok(), whole, "{by_other:?}");
                }
                Ok(())
            });
            if whole {
                is_not_here(moved);
            } else {
                assert_eq!(moved.unwrap().turns, 301);
            }
            assert_eq!(two.places(&ana).1, UserPlace::Here);
            let found = two.b().turns_with_keys(&ana, &[turn("acknowledged").source_key.unwrap()]);
            assert!(found.unwrap()[0].is_some(), "what was acknowledged is lost");
            assert_eq!(problems(two.b()), [""; 0]);
        }
    }
}

#[test]
fn a_server_that_is_lost_in_the_middle_of_a_copy_is_met_again() {
    let writes = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND query LIKE 'INSERT INTO %'";
    for lost in [A, B] {
        let Some(two) = Two::new() else { return };
        let ana = user("ana");
        fill(two.a(), &ana, 3_000);
        let before = records(two.a(), &ana);
        let (times, is_copied) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let report = two.a().move_user(&ana, A, (B, two.b()), &|step| {
                if step == MoveStep::Locked && times.fetch_add(1, Ordering::Relaxed) == 0 {
                    scope.spawn(|| {
                        while sql(&two.b, writes) == "0" && !is_copied.load(Ordering::Relaxed) {
                            std::thread::yield_now();
                        }
                        cut(if lost == A { &two.a } else { &two.b });
                    });
                }
                is_copied.store(step != MoveStep::Locked, Ordering::Relaxed);
                Ok(())
            });
            assert_eq!(report.unwrap().turns, 3_000);
        });
        assert!(records(two.b(), &ana) == before);
        assert_eq!(two.places(&ana), (UserPlace::Absent, UserPlace::Here));
        assert_eq!(problems(two.b()), [""; 0]);
    }
}

#[test]
fn a_move_needs_one_connection_to_each_server() {
    let Some(two) = Two::new() else { return };
    let ana = user("ana");
    fill(two.a(), &ana, 300);
    let of_one = |server: &InDatabase| {
        let sign = if server.address().contains('?') { '&' } else { '?' };
        let address = format!("{}{sign}connections=1", server.address());
        PostgresStore::open(&address, &PostgresOptions::default()).unwrap()
    };
    let moved = of_one(&two.a).move_user(&ana, A, (B, &of_one(&two.b)), &|_| Ok(()));
    assert_eq!(moved.unwrap().turns, 300);
    assert_eq!(two.places(&ana), (UserPlace::Absent, UserPlace::Here));
}

#[test]
fn a_move_is_refused_where_the_user_is_another_one_or_keys_cannot_be_kept() {
    let Some(two) = Two::new() else { return };
    let (ana, bob) = (user("ana"), user("bob"));
    is_not_here(two.moved(&ana));
    fill(two.a(), &ana, 20);
    fill(two.b(), &ana, 25);
    let before = (records(two.a(), &ana), records(two.b(), &ana));
    let refused = two.moved(&ana);
    assert!(matches!(refused, Err(StoreError::UserExists { .. })), "{refused:?}");
    assert!((records(two.a(), &ana), records(two.b(), &ana)) == before);

    two.a().insert_turns(&bob, &[turn("one"), turn("two")]).unwrap();
    let newest = two.a().change_mark(&bob).unwrap().last_turn.unwrap();
    two.a().forget(&ForgetTarget::Turns(Scope::of(bob.clone()), vec![newest])).unwrap();
    sql(&two.b, "UPDATE longmem.store_salt SET salt = sha256(salt)");
    let refused = two.moved(&bob);
    assert!(matches!(refused, Err(StoreError::RingMismatch { .. })), "{refused:?}");
    assert_eq!(two.places(&bob), (UserPlace::Here, UserPlace::Absent));
}

#[test]
fn traces_are_cleared_if_they_are_those_that_were_seen() {
    let Some(two) = Two::new() else { return };
    let ana = user("ana");
    fill(two.a(), &ana, 20);
    assert!(!two.a().clear_traces(&ana, &UserPlace::Here).unwrap());
    two.stopped_at(&ana, MoveStep::Copied);
    let stale = two.b().user_place(&ana).unwrap();
    two.stopped_at(&ana, MoveStep::Copied);
    assert!(!two.b().clear_traces(&ana, &stale).unwrap(), "it is of a later move");
    let seen = two.b().user_place(&ana).unwrap();
    assert!(two.b().clear_traces(&ana, &seen).unwrap());
    assert!(!two.b().clear_traces(&ana, &seen).unwrap());
    for table in ["users", "turns", "vectors", "postings", "facts", "user_values"] {
        assert_eq!(sql(&two.b, &format!("SELECT count(*) FROM longmem.{table}")), "0");
    }

    // Of a user who moved and was forgotten the name goes, too.
    two.stopped_at(&ana, MoveStep::Switched);
    let seen = two.a().user_place(&ana).unwrap();
    let UserPlace::MovedTo { server, number } = &seen else { panic!("{seen:?}") };
    assert_eq!(server, B);
    assert!(two.b().finish_arriving(&ana, A, *number).unwrap());
    let marked = two.a().marked_users().unwrap();
    assert_eq!(marked, [(ana.clone(), seen.clone())]);
    let forgotten = required(two.b()).forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert!(forgotten.user);
    assert!(!two.a().clear_traces(&ana, &UserPlace::Absent).unwrap());
    assert!(two.a().clear_traces(&ana, &seen).unwrap());
    assert_eq!(two.places(&ana), (UserPlace::Absent, UserPlace::Absent));
    assert_eq!(sql(&two.a, "SELECT count(*) FROM longmem.users"), "0");
}

#[test]
fn a_model_is_replaced_without_waiting_for_who_is_still_arriving() {
    let Some(two) = Two::new() else { return };
    let ana = user("ana");
    fill(two.a(), &ana, 30);
    two.stopped_at(&ana, MoveStep::Copied);
    let mut newer = model();
    newer.revision = "two".to_owned();
    two.b().begin_indexing(&newer, true).unwrap();
    assert_eq!(two.b().waiting(None).unwrap(), 0);
    assert!(two.b().finish_replacing().unwrap());
    assert_eq!(two.b().serving_model().unwrap(), Some(newer));
    // Who arrives later is waited for.
    two.moved(&ana).unwrap();
    let said = two.b().stats().unwrap();
    assert_eq!((said.vectors, said.turns_without_vectors > 20), (0, true));
    assert_eq!(problems(two.b()), [""; 0]);
}
