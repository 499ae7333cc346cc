//! Schemas for a while: what is made in them goes with them, and nothing else does.

use longmem_core::{NewTurn, Role, SessionName, Timestamp, UserName};
use longmem_postgres::{PostgresOptions, PostgresStore, ScratchSchema};
use longmem_store::{StoreError, Turns, Upkeep};
use longmem_test_support::PostgresServer;

fn options() -> PostgresOptions {
    PostgresOptions { create: true, ..PostgresOptions::default() }
}

fn with_a_turn(address: &str) -> PostgresStore {
    let store = PostgresStore::open(address, &options()).unwrap();
    let turn = NewTurn {
        session: SessionName::new("talk").unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: "I moved to Lisbon.".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        note: false,
        source_key: None,
    };
    store.insert_turns(&UserName::new("ana").unwrap(), &[turn]).unwrap();
    store
}

#[test]
fn a_store_in_one_goes_with_it_and_that_beside_it_stays() {
    let Some(server) = PostgresServer::shared() else { return };
    let database = server.new_database(None);
    let address = server.address(&database);
    let own = with_a_turn(&address);
    let [dropped, removed] = [(); 2].map(|()| ScratchSchema::make(&address, &options()).unwrap());
    for scratch in [&dropped, &removed] {
        assert_eq!(with_a_turn(scratch.address()).stats().unwrap().turns, 1);
    }
    let schemas = || {
        let sql = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'longmem%'";
        server.sql(&database, sql)
    };
    assert_eq!(schemas(), "3");
    drop(dropped);
    assert_eq!(schemas(), "2");
    removed.remove().unwrap();
    assert_eq!(schemas(), "1");
    assert_eq!(own.stats().unwrap().turns, 1);
}

#[test]
fn what_writes_make_the_log_longer() {
    let Some(server) = PostgresServer::shared() else { return };
    let address = server.address(&server.new_database(None));
    let store = PostgresStore::open(&address, &options()).unwrap();
    let before = store.log_bytes().unwrap();
    with_a_turn(&address);
    assert!(store.log_bytes().unwrap() > before);
}

#[test]
fn without_a_server_there_is_none_and_the_failure_says_so() {
    let made = ScratchSchema::make("postgres:///none?host=/nowhere&patience=1", &options());
    assert!(matches!(made.err(), Some(StoreError::Unreachable { .. })));
}
