//! What was acknowledged is there once, whatever happens to the server.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use longmem_core::{NewTurn, Role, Scope, SessionName, SourceKey, UserName};
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_store::{Inserted, StoreError, Turns};
use longmem_test_support::{POSTGRES_ACCOUNT, PostgresServer};

const WRITERS: usize = 4;

fn turn(session: &str, text: &str, key: &str) -> NewTurn {
    NewTurn {
        session: SessionName::new(session).unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: "2026-03-07T10:00:00Z".parse().unwrap(),
        note: false,
        source_key: Some(SourceKey(key.to_owned())),
    }
}

fn user(number: usize) -> UserName {
    UserName::new(format!("user {number}")).unwrap()
}

fn open(address: &str) -> PostgresStore {
    let options = PostgresOptions { create: true, ..PostgresOptions::default() };
    PostgresStore::open(address, &options).unwrap()
}

/// Several write without a pause, in ones and threes, while something happens; returns what each user's
/// turns were acknowledged as, by their keys.
fn write_while(addresses: &[&str], happens: impl FnOnce()) -> Vec<BTreeMap<String, i64>> {
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (stop, address) = (&stop, addresses[writer % addresses.len()]);
                threads.spawn(move || {
                    let store = open(address);
                    let mut acknowledged = BTreeMap::new();
                    for number in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let keys: Vec<String> =
                            (0..=2 * (number % 2)).map(|k| format!("{number}.{k}")).collect();
                        let turns: Vec<NewTurn> = keys
                            .iter()
                            .map(|key| turn("talk", &format!("words {key}"), key))
                            .collect();
                        // Two writers share each user.
                        let inserted = store.insert_turns(&user(writer / 2), &turns).unwrap();
                        for (key, Inserted { id, .. }) in keys.into_iter().zip(inserted) {
                            acknowledged.insert(key, id.0);
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        happens();
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

/// Each turn that was acknowledged is there, once, under its number.
fn assert_all_there(store: &PostgresStore, acknowledged: &[BTreeMap<String, i64>]) {
    let mut counted = 0;
    for (writer, keys) in acknowledged.iter().enumerate() {
        let scope = Scope::of(user(writer / 2));
        let stored = store.turns_after(&scope, None, usize::MAX).unwrap();
        let mut by_key = BTreeMap::new();
        for stored in &stored {
            let twice = by_key.insert(stored.source_key.0.clone(), stored.turn.id.0);
            assert_eq!(twice, None, "{} is there twice", stored.source_key.0);
        }
        for (key, id) in keys {
            assert_eq!(by_key.get(key), Some(id), "turn {key} of writer {writer}");
        }
        // Positions have no gaps, and numbers rise with them.
        let session = SessionName::new("talk").unwrap();
        let in_order = store.session_turns(&user(writer / 2), &session, None, None).unwrap();
        let last = store.recent_turns(&user(writer / 2), &session, in_order.len() + 1).unwrap();
        assert_eq!(in_order, last);
        counted += keys.len();
    }
    assert!(counted > 20, "only {counted} turns were written");
}

#[test]
fn a_killed_server_loses_nothing_and_makes_nothing_twice() {
    let Some(server) = PostgresServer::start(&[]) else { return };
    let address = server.address(&server.new_database(None));
    open(&address);
    let acknowledged = write_while(&[&address], || {
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(400));
            server.kill();
            server.start_again();
        }
        thread::sleep(Duration::from_millis(400));
    });
    assert_all_there(&open(&address), &acknowledged);
}

#[test]
fn a_restarted_server_and_ended_connections_lose_nothing() {
    let Some(server) = PostgresServer::start(&[]) else { return };
    let address = server.address(&server.new_database(None));
    open(&address);
    let acknowledged = write_while(&[&address], || {
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(40));
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ";
            server.sql("postgres", &format!("{end}'{POSTGRES_ACCOUNT}'"));
        }
        server.stop();
        server.start_again();
        thread::sleep(Duration::from_millis(200));
    });
    assert_all_there(&open(&address), &acknowledged);
}

#[test]
fn a_promoted_standby_has_everything_that_was_acknowledged() {
    let Some(primary) = PostgresServer::start(&[]) else { return };
    let database = primary.new_database(None);
    open(&primary.address(&database));
    let standby = primary.standby();
    primary.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.sql("postgres", "SELECT pg_reload_conf()");
    let both = format!(
        "postgres:///{database}?host={},{}&user={POSTGRES_ACCOUNT}&target_session_attrs=read-write\
         &patience=120",
        primary.folder().display(),
        standby.folder().display()
    );
    let acknowledged = write_while(&[&both], || {
        thread::sleep(Duration::from_millis(600));
        primary.kill();
        standby.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''");
        standby.promote();
        standby.sql("postgres", "SELECT pg_reload_conf()");
        thread::sleep(Duration::from_millis(600));
    });
    assert_all_there(&open(&both), &acknowledged);
}

#[test]
fn a_full_disk_takes_nothing_of_a_batch_and_goes_on_when_there_is_space() {
    let Some(server) = PostgresServer::start(&["fsync=off"]) else { return };
    let small = server.folder().join("small");
    std::fs::create_dir(&small).unwrap();
    let mount = |size: &str| {
        let options = format!("size={size},mode=0777,remount");
        let options = if size == "24m" { &options[..options.len() - 8] } else { &options };
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "longmem-test"])
            .arg(&small)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !mount("24m") {
        return skipped("a small disk cannot be made here");
    }
    let _unmounted = Unmount(&small);
    Command::new("chown").arg("postgres").arg(&small).status().unwrap();
    server.sql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", small.display()));
    server.sql(
        "postgres",
        &format!("CREATE DATABASE small OWNER {POSTGRES_ACCOUNT} TABLESPACE small"),
    );
    let store = open(&server.address("small"));
    // Text that compression does not make small.
    let text = |number: u64| {
        let mut random = fastrand::Rng::with_seed(number);
        std::iter::repeat_with(|| random.alphanumeric()).take(100_000).collect::<String>()
    };
    let batch = |number: u64| -> Vec<NewTurn> {
        (0..10).map(|at| turn("talk", &text(number * 10 + at), &format!("{number}.{at}"))).collect()
    };
    let ana = user(0);
    let mut stored = 0;
    let error = (0..)
        .find_map(|number| match store.insert_turns(&ana, &batch(number)) {
            Ok(_) => {
                stored += 10;
                None
            }
            Err(error) => Some(error),
        })
        .unwrap();
    assert!(matches!(error, StoreError::DiskFull(_)), "{error}");
    let count = || store.turns_after(&Scope::of(ana.clone()), None, usize::MAX).unwrap().len();
    assert_eq!(count(), stored);
    assert!(mount("200m"));
    store.insert_turns(&ana, &batch(1_000)).unwrap();
    assert_eq!(count(), stored + 10);
}

/// Says why a test is not run, past what catches the output of tests.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

struct Unmount<'a>(&'a std::path::Path);

impl Drop for Unmount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
