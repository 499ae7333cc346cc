//! How often a server is waited for, and how much it writes: what a network and a disk make slow.

use std::sync::Arc;

use crate::fixture::{InDatabase, InRing};
use longmem_core::{FixedClock, NewTurn, Role, Scope, SessionName, UserName};
use longmem_memory::{IndexOptions, Memory, RecallRequest};
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_store::Turns;
use longmem_test_support::{PostgresServer, WordHashEmbedder};

const QUESTION: &str = "Who bought a lamp, honey and a kite in the town?";

/// Holds a word that nobody wrote: its spellings are looked for, and searched.
const UNKNOWN_WORD: &str = "Who bought a lamp, honey and a telescope in the town?";

/// What is bought, in the order of an alphabet, so that few turns say the same.
const GOODS: [&str; 40] = [
    "an axe", "a bag", "a bell", "a boat", "a book", "bread", "a chair", "a clock", "cloth",
    "a coat", "a drum", "a fan", "fish", "a flute", "glass", "honey", "a horn", "ink", "a jar",
    "a kite", "a lamp", "a map", "a mask", "nails", "oil", "paint", "paper", "pears", "a pipe",
    "a plate", "rice", "a rope", "salt", "silk", "soap", "a spoon", "tea", "a tent", "wax", "wool",
];

fn turn(number: usize) -> NewTurn {
    let mut random = fastrand::Rng::with_seed(number as u64);
    let goods: Vec<&str> = (0..3).map(|_| GOODS[random.usize(..GOODS.len())]).collect();
    NewTurn {
        session: SessionName::new(format!("session {}", number / 50)).unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: format!("I bought {} in the town {number}", goods.join(" and ")),
        time: "2026-03-07T10:00:00Z".parse().unwrap(),
        note: false,
        source_key: None,
    }
}

fn memory(store: &Arc<PostgresStore>) -> Memory {
    let clock = FixedClock("2026-03-08T10:00:00Z".parse().unwrap());
    Memory::new(Arc::clone(store) as _, Arc::new(WordHashEmbedder::default()), Arc::new(clock))
}

fn trips(store: &PostgresStore, work: impl FnOnce()) -> u64 {
    let before = store.trips();
    work();
    store.trips() - before
}

#[test]
fn recalls_and_writes_wait_for_the_server_a_few_times_however_much_there_is() {
    if InDatabase::can_be() {
        let database = InDatabase::new();
        trips_are_few(&database, |store| store);
    }
}

/// That the user is on this server is asked by the way.
#[test]
fn a_server_of_a_ring_is_waited_for_no_more_often() {
    if InDatabase::can_be() {
        let ring = InRing::new();
        trips_are_few(ring.database(), |store| InRing::member(&store));
    }
}

fn trips_are_few(database: &InDatabase, used_as: impl Fn(PostgresStore) -> PostgresStore) {
    for turns in [100, 12_000] {
        let ana = UserName::new(format!("ana of {turns}")).unwrap();
        let fresh = || {
            let options = PostgresOptions::default();
            Arc::new(used_as(PostgresStore::open(database.address(), &options).unwrap()))
        };
        let store = &fresh();
        let all: Vec<NewTurn> = (0..turns).map(turn).collect();
        memory(store).remember(&ana, &all).unwrap();
        let go_on = &mut |_| std::ops::ControlFlow::Continue(());
        memory(store).index(IndexOptions::default(), go_on).unwrap();

        // Each time the least of several: what a former work of the store does behind it counts, too.
        let mut request = RecallRequest::new(Scope::of(ana.clone()), QUESTION);
        request.with_neighbours = 3;
        let of_cold = (0..5).map(|_| {
            let cold = fresh();
            let asking = memory(&cold);
            trips(&cold, || assert!(!asking.recall(&request).unwrap().results.is_empty()))
        });
        let of_cold = of_cold.min().unwrap();
        assert!(of_cold <= 6, "a cold recall among {turns} turns took {of_cold} trips");
        let cold = fresh();
        let asking = memory(&cold);
        let recall = || assert!(!asking.recall(&request).unwrap().results.is_empty());
        // Whole vectors come with the next searches, some thousand with each.
        (0..10).for_each(|_| recall());
        let least = |recall: &dyn Fn()| (0..5).map(|_| trips(&cold, recall)).min();
        let warm = least(&recall).unwrap();
        assert!(warm <= 3, "a warm recall among {turns} turns took {warm} trips");
        UNKNOWN_WORD.clone_into(&mut request.query);
        let recall = || assert!(!asking.recall(&request).unwrap().results.is_empty());
        recall();
        let warm = least(&recall).unwrap();
        assert!(warm <= 4, "a warm recall with an unknown word took {warm} trips");

        let store = &fresh();
        for count in [1, 1_000] {
            let new: Vec<NewTurn> = (0..count).map(|n| turn(turns + n)).collect();
            let taken = trips(store, || {
                store.insert_turns(&ana, &new).unwrap();
            });
            assert!(taken <= 5, "storing {count} turns beside {turns} took {taken} trips");
        }
        let bob = UserName::new(format!("bob of {turns}")).unwrap();
        let first = trips(store, || {
            store.insert_turns(&bob, &[turn(0)]).unwrap();
        });
        assert!(first <= 7, "the first turn of a user took {first} trips");
    }
}

#[test]
fn a_turn_writes_at_most_eight_kilobytes_of_log() {
    // What others write at the same time would count, too.
    let Some(server) = PostgresServer::start(&["fsync=off", "autovacuum=off"]) else { return };
    let database = server.new_database(None);
    let options = PostgresOptions { create: true, ..PostgresOptions::default() };
    let store = PostgresStore::open(&server.address(&database), &options).unwrap();
    let ana = UserName::new("ana").unwrap();
    let many: Vec<NewTurn> = (0..9_000).map(turn).collect();
    store.insert_turns(&ana, &many).unwrap();
    let written = || {
        let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
        server.sql(&database, sql).parse::<i64>().unwrap()
    };
    // Right after a checkpoint, each page is written whole once.
    server.sql(&database, "CHECKPOINT");
    let (before, turns) = (written(), 1_000);
    for number in 0..turns {
        store.insert_turns(&ana, &[turn(9_000 + number)]).unwrap();
    }
    let of_a_turn = (written() - before) / turns as i64;
    assert!(of_a_turn <= 8_000, "a turn wrote {of_a_turn} bytes of the write-ahead log");
}
