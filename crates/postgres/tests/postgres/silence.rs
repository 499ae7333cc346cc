//! Answers that stop coming while the connection lives: nobody waits for them for ever, and what was asked
//! is asked again.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use longmem_core::{Scope, UserName};
use longmem_postgres::{PostgresOptions, PostgresStore, Stop};
use longmem_store::{StoreError, Turns};
use longmem_test_support::{POSTGRES_ACCOUNT, PostgresServer};

use crate::fixture::{InDatabase, turn};

/// Passes bytes between programs and the server, until it is told to hold them back.
struct Relay {
    folder: tempfile::TempDir,
    held: Arc<Held>,
}

/// Which connections nothing passes any more.
#[derive(Default)]
struct Held {
    connections: AtomicUsize,
    /// All that were made before this one.
    before: AtomicUsize,
    /// The next one over which this is sent, once it was.
    at: Mutex<Option<&'static [u8]>>,
}

impl Relay {
    fn new(server: &PostgresServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let server = server.folder().join(".s.PGSQL.5432");
        let held = Arc::new(Held::default());
        let of_thread = Arc::clone(&held);
        thread::spawn(move || accept(&listener, &server, &of_thread));
        Self { folder, held }
    }

    fn address(&self, database: &str, settings: &str) -> String {
        let folder = self.folder.path().display();
        format!("postgres:///{database}?host={folder}&user={POSTGRES_ACCOUNT}&{settings}")
    }

    /// Holds back what comes over the connections that there are.
    fn hold_old(&self) {
        let connections = self.held.connections.load(Ordering::Relaxed);
        self.held.before.store(connections, Ordering::Relaxed);
    }

    /// Holds back what comes over any connection.
    fn hold_all(&self) {
        self.held.before.store(usize::MAX, Ordering::Relaxed);
    }

    /// Holds back what comes over the connection that sends this next, behind it.
    fn hold_at(&self, sent: &'static [u8]) {
        *self.held.at.lock().unwrap() = Some(sent);
    }
}

fn accept(listener: &UnixListener, server: &PathBuf, held: &Arc<Held>) {
    for client in listener.incoming() {
        // A server that does not run closes what is made to it.
        let (client, Ok(server)) = (client.unwrap(), UnixStream::connect(server)) else { continue };
        let number = held.connections.fetch_add(1, Ordering::Relaxed);
        let is_held = Arc::new(AtomicBool::new(false));
        for (from, to, sends) in [
            (client.try_clone().unwrap(), server.try_clone().unwrap(), true),
            (server, client, false),
        ] {
            let (held, is_held) = (Arc::clone(held), Arc::clone(&is_held));
            thread::spawn(move || {
                pass_on(from, to, |bytes| {
                    let mut at = held.at.lock().unwrap();
                    if sends
                        && let Some(sent) = *at
                        && bytes.windows(sent.len()).any(|window| window == sent)
                    {
                        *at = None;
                        is_held.store(true, Ordering::Relaxed);
                        return false;
                    }
                    is_held.load(Ordering::Relaxed) || number < held.before.load(Ordering::Relaxed)
                });
            });
        }
    }
}

/// Passes on what comes, as long as nothing holds it back: then the connection stays as it is.
fn pass_on(mut from: UnixStream, mut to: UnixStream, is_held: impl Fn(&[u8]) -> bool) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if !is_held(&bytes[..length]) && to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn ana() -> UserName {
    UserName::new("ana").unwrap()
}

/// A store behind a relay, with one turn.
fn store(settings: &str, stop: Option<Stop>) -> Option<(Relay, InDatabase, PostgresStore)> {
    let server = PostgresServer::shared()?;
    let (relay, database) = (Relay::new(server), InDatabase::new());
    let options = PostgresOptions { stop, ..PostgresOptions::default() };
    let store = PostgresStore::open(&relay.address(database.name(), settings), &options).unwrap();
    store.insert_turns(&ana(), &[turn("one")]).unwrap();
    Some((relay, database, store))
}

/// The texts of all turns.
fn texts(store: &PostgresStore) -> Vec<String> {
    let turns = store.turns_after(&Scope::of(ana()), None, usize::MAX).unwrap();
    turns.into_iter().map(|stored| stored.turn.text).collect()
}

#[test]
fn what_gets_no_answer_is_asked_again_on_another_connection() {
    let Some((relay, _database, store)) = store("patience=4", None) else { return };
    relay.hold_old();
    assert_eq!(texts(&store), ["one"]);
    relay.hold_old();
    store.insert_turns(&ana(), &[turn("two")]).unwrap();
    assert_eq!(texts(&store), ["one", "two"]);
}

#[test]
fn a_write_is_made_once_wherever_its_answers_stop() {
    for sent in [b"BEGIN".as_slice(), b"INSERT INTO turns", b"COMMIT\0"] {
        let Some((relay, _database, store)) = store("patience=4", None) else { return };
        relay.hold_at(sent);
        store.insert_turns(&ana(), &[turn("two")]).unwrap();
        assert_eq!(texts(&store), ["one", "two"]);
    }
}

#[test]
fn a_commit_is_not_taken_for_one_that_got_its_number_from_a_killed_server() {
    // Hardly anything that is written now is on the disk before the server is killed.
    let settings = [
        "synchronous_commit=off",
        "wal_writer_delay=10s",
        "wal_level=minimal",
        "max_wal_senders=0",
        "full_page_writes=off",
        "autovacuum=off",
    ];
    let Some(server) = PostgresServer::start(&settings) else { return };
    let (relay, database) = (Relay::new(&server), server.new_database(None));
    let options = PostgresOptions { create: true, ..PostgresOptions::default() };
    let address = relay.address(&database, "patience=120");
    let store = PostgresStore::open(&address, &options).unwrap();
    store.insert_turns(&ana(), &[turn("turn 0")]).unwrap();
    let number = |sql: &str| server.sql(&database, sql).parse::<u64>().ok();
    let next_number = || number("SELECT pg_current_xact_id()").unwrap();
    let mut said = vec!["turn 0".to_owned()];
    for again in 1.. {
        assert!(again < 20, "the server remembers all numbers");
        let text = format!("turn {again}");
        server.sql(&database, "CHECKPOINT");
        relay.hold_at(b"COMMIT\0");
        let forgotten = thread::scope(|threads| {
            let writer = threads.spawn(|| store.insert_turns(&ana(), &[turn(&text)]).unwrap());
            let stored = format!("SELECT xmin FROM longmem.turns WHERE text = '{text}'");
            let lost = std::iter::repeat_with(|| number(&stored)).flatten().next().unwrap();
            relay.hold_all();
            server.kill();
            server.start_again();
            // Whoever is first now commits under the number, if it is forgotten.
            let next = next_number();
            while next_number() <= lost {}
            relay.hold_old();
            writer.join().unwrap();
            next <= lost
        });
        said.push(text);
        if forgotten {
            break;
        }
    }
    assert_eq!(texts(&store), said);
}

#[test]
fn a_server_that_stops_answering_is_unreachable() {
    let Some((relay, _database, store)) = store("patience=2", None) else { return };
    relay.hold_all();
    let error = store.turns_after(&Scope::of(ana()), None, 1).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
}

#[test]
fn whoever_waits_for_an_answer_can_stop() {
    let wanted = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&wanted);
    let stop = Stop::new(move || asked.load(Ordering::Relaxed));
    let Some((relay, _database, store)) = store("patience=3600", Some(stop)) else { return };
    wanted.store(true, Ordering::Relaxed);
    assert_eq!(texts(&store), ["one"], "what is answered at once is not stopped");
    for hold in [Relay::hold_old, Relay::hold_all] {
        hold(&relay);
        let error = store.insert_turns(&ana(), &[turn("two")]).unwrap_err();
        assert!(matches!(error, StoreError::Stopped), "{error:?}");
    }
}

#[test]
fn a_statement_that_takes_long_is_waited_for() {
    let Some((_relay, database, store)) = store("patience=8", None) else { return };
    let server = PostgresServer::shared().unwrap();
    thread::scope(|threads| {
        let (locked, is_locked) = std::sync::mpsc::channel();
        let name = database.name().to_owned();
        threads.spawn(move || {
            locked.send(()).unwrap();
            let lock = "BEGIN; SELECT 1 FROM longmem.users FOR UPDATE; SELECT pg_sleep(5); COMMIT";
            server.sql(&name, lock);
        });
        is_locked.recv().unwrap();
        thread::sleep(Duration::from_millis(500));
        store.insert_turns(&ana(), &[turn("two")]).unwrap();
    });
    assert_eq!(texts(&store), ["one", "two"]);
}
