//! Indexers on several machines share the work: each turn is embedded once, and what one that died had
//! taken is taken over.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use crate::fixture::InDatabase;
use longmem_core::{NewTurn, PassageSpan, Role, SessionName, TextEmbedder, TurnId, UserName};
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_store::{EmbeddedTurn, IndexShare, QueuedTurn, Turns, Upkeep, Vectors};
use longmem_test_support::{PostgresServer, WordHashEmbedder};

const USERS: usize = 24;
const TURNS_OF_EACH: usize = 100;

/// How long the lease of an indexer lasts that is going to die.
const LEASE: Duration = Duration::from_secs(3);

/// Tells a process which database it is to work on.
const ADDRESS: &str = "LONGMEM_TEST_ADDRESS";

fn insert(store: &PostgresStore, user: &str, count: usize) {
    let turns: Vec<NewTurn> = (0..count)
        .map(|number| NewTurn {
            session: SessionName::new("talk").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            text: format!("moved to Lisbon for the {number}th time"),
            time: "2026-03-07T10:00:00Z".parse().unwrap(),
            note: false,
            source_key: None,
        })
        .collect();
    store.insert_turns(&UserName::new(user).unwrap(), &turns).unwrap();
}

fn open(address: &str, lease: Option<Duration>) -> PostgresStore {
    let options = PostgresOptions { lease, ..PostgresOptions::default() };
    PostgresStore::open(address, &options).unwrap()
}

fn embedded(embedder: &WordHashEmbedder, queued: &[QueuedTurn]) -> Vec<EmbeddedTurn> {
    let embed = |turn: &QueuedTurn| {
        let span = PassageSpan { start: 0, end: turn.text.len(), tokens: 8 };
        let passages = vec![(span, embedder.vector(&turn.text))];
        EmbeddedTurn { user: turn.user.clone(), turn: turn.turn, passages }
    };
    queued.iter().map(embed).collect()
}

/// Embeds what waits until nothing does; counts in `times` how often each turn was embedded. Returns how
/// many turns it stored.
fn work(store: &PostgresStore, times: &Mutex<HashMap<TurnId, usize>>) -> u64 {
    let embedder = WordHashEmbedder::default();
    let _right = store.lock_index(IndexShare::WithOthers, true).unwrap().unwrap();
    store.begin_indexing(embedder.model(), false).unwrap();
    let mut stored = 0;
    loop {
        let claim = store.claim_queued(None, None, 64).unwrap();
        if claim.turns.is_empty() && !claim.others_at_it {
            return stored;
        }
        for turn in &claim.turns {
            *times.lock().unwrap().entry(turn.turn).or_default() += 1;
        }
        for batch in embedded(&embedder, &claim.turns).chunks(20) {
            stored += store.write_vectors(embedder.model(), batch, 0).unwrap();
        }
    }
}

#[test]
fn three_share_the_work_and_embed_no_turn_twice() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    for user in 0..USERS {
        insert(database.postgres(), &format!("user {user}"), TURNS_OF_EACH);
    }
    let times = Mutex::default();
    let begin = Barrier::new(3);
    let stored: Vec<u64> = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                threads.spawn(|| {
                    let store = open(database.address(), None);
                    begin.wait();
                    work(&store, &times)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(stored.iter().sum::<u64>(), (USERS * TURNS_OF_EACH) as u64);
    assert!(stored.iter().all(|stored| *stored > 0), "one did nothing: {stored:?}");
    let times = times.into_inner().unwrap();
    assert_eq!(times.len(), USERS * TURNS_OF_EACH);
    assert!(times.values().all(|times| *times == 1));
    let store = database.postgres();
    assert_eq!(store.waiting(None).unwrap(), 0);
    assert_eq!(store.stats().unwrap().vectors, (USERS * TURNS_OF_EACH) as u64);
    store.check(&mut |problem| panic!("{problem}")).unwrap();
    let server = PostgresServer::shared().unwrap();
    let leases = server.sql(database.name(), "SELECT count(*) FROM longmem.user_leases");
    assert_eq!(leases, "0", "what was taken was given back");
}

#[test]
fn what_an_indexer_had_taken_that_died_is_taken_over() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    let store = database.postgres();
    insert(store, "ana", 50);
    insert(store, "bob", 50);
    let mut dying = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "many_indexers::claims_and_is_killed",
            "--ignored",
            "--nocapture",
            "--quiet",
        ])
        .env(ADDRESS, database.address())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(dying.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "claimed"), "the child ended without a claim");

    // Others are given the rest, for as long as it lives: it prolongs its lease.
    let claim = store.claim_queued(None, None, 999).unwrap();
    assert_eq!((claim.turns.len(), claim.others_at_it), (50, false));
    let nothing = store.claim_queued(None, None, 999).unwrap();
    assert_eq!((nothing.turns.len(), nothing.others_at_it), (0, true));
    drop(claim);
    let server = PostgresServer::shared().unwrap();
    let until = || server.sql(database.name(), "SELECT until_ms FROM longmem.user_leases");
    let (first, asked) = (until(), Instant::now());
    while until() == first {
        assert!(asked.elapsed() < Duration::from_mins(1), "the lease is not prolonged");
        std::thread::sleep(Duration::from_millis(50));
    }
    dying.kill().unwrap();
    dying.wait().unwrap();

    let times = Mutex::default();
    assert_eq!(work(store, &times), 100);
    assert!(times.into_inner().unwrap().values().all(|times| *times == 1));
    assert_eq!(store.waiting(None).unwrap(), 0);
}

#[test]
#[ignore = "run by what_an_indexer_had_taken_that_died_is_taken_over"]
fn claims_and_is_killed() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let store = open(&address, Some(LEASE));
    let claim = store.claim_queued(None, None, 1).unwrap();
    assert_eq!(claim.turns.len(), 1);
    println!("\nclaimed");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn whoever_has_the_old_model_does_not_end_a_replacement_that_goes_on() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    let [one, other]: [Arc<PostgresStore>; 2] =
        [Arc::clone(database.postgres()), Arc::new(open(database.address(), None))];
    insert(&one, "ana", 10);
    let (old, new) = (WordHashEmbedder::default(), WordHashEmbedder::with_revision("2"));
    work(&one, &Mutex::default());
    // It has the right to index, and goes on when another one begins to replace the model.
    let _right = other.lock_index(IndexShare::WithOthers, false).unwrap().unwrap();
    let alone = one.lock_index(IndexShare::Alone, false).unwrap().unwrap();
    one.begin_indexing(new.model(), true).unwrap();
    let waiting = one.queued_turns(None, None, 99).unwrap();
    assert_eq!(waiting.len(), 10);
    other.begin_indexing(old.model(), false).unwrap();
    assert_eq!(other.write_vectors(old.model(), &embedded(&old, &waiting), 0).unwrap(), 0);
    assert_eq!(one.write_vectors(new.model(), &embedded(&new, &waiting[..9]), 0).unwrap(), 9);
    assert!(!one.finish_replacing().unwrap());
    assert_eq!(one.write_vectors(new.model(), &embedded(&new, &waiting[9..]), 0).unwrap(), 1);
    assert!(one.finish_replacing().unwrap());
    assert_eq!(one.serving_model().unwrap().as_ref(), Some(new.model()));
    drop(alone);

    // A replacement that nobody goes on with is given up by who comes with the old model.
    one.begin_indexing(old.model(), true).unwrap();
    assert_eq!(one.waiting(None).unwrap(), 10);
    other.begin_indexing(new.model(), false).unwrap();
    assert_eq!(one.waiting(None).unwrap(), 0);
    one.check(&mut |problem| panic!("{problem}")).unwrap();
}
