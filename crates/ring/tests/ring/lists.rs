//! Lists of servers change, and every process goes by the newest.

use longmem_core::{NewTurn, Role, Scope, SessionName, SourceKey, UserName};
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_ring::{MovedHome, RingStore};
use longmem_store::{
    ForgetTarget, KeptValues, KeyState, Store, StoreError, Turns, Upkeep, Vectors,
};
use longmem_test_support::{PostgresServer, WordHashEmbedder};

use crate::fixture::{List, can_be, connect, new_database};

pub(crate) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(crate) fn turn(text: &str) -> NewTurn {
    NewTurn {
        session: SessionName::new("talk").unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: "2026-03-01T10:00:00Z".parse().unwrap(),
        note: false,
        source_key: Some(SourceKey(format!("test:{text}"))),
    }
}

pub(crate) fn texts(store: &dyn Store, user: &UserName) -> Vec<String> {
    let turns = store.turns_after(&Scope::of(user.clone()), None, 100_000).unwrap();
    turns.into_iter().map(|stored| stored.turn.text).collect()
}

fn reopened(list: &List) -> Result<RingStore, StoreError> {
    RingStore::open(list.file(), connect(), true)
}

fn said(list: &List) -> String {
    reopened(list).err().unwrap().to_string()
}

/// Ten users, each with one turn.
fn users(store: &RingStore) -> Vec<UserName> {
    let users: Vec<UserName> = (0..10).map(|number| user(&format!("user {number}"))).collect();
    for user in &users {
        store.insert_turns(user, &[turn("hello")]).unwrap();
    }
    users
}

fn servers_of(list: &List, user: &UserName) -> Vec<&'static str> {
    let here = list.servers.iter().filter(|(_, address, _)| {
        let store = PostgresStore::open(address, &PostgresOptions::default()).unwrap();
        store.user_names().unwrap().contains(user)
    });
    here.map(|(name, ..)| *name).collect()
}

#[test]
fn a_server_comes_takes_its_share_and_goes() {
    if !can_be() {
        return;
    }
    let mut list = List::of_databases(&["a", "b"]);
    let store = list.open();
    let users = users(&store);
    store.keep_value(None, "greeting", Some(b"hello")).unwrap();
    let model = longmem_core::TextEmbedder::model(&WordHashEmbedder::default()).clone();
    store.begin_indexing(&model, false).unwrap();
    // A process that was told nothing goes on, and finds who moved.
    let unaware = list.open();
    let added = new_database();
    list.change(|servers| servers.push(("c", added.clone(), false)));
    let store = reopened(&list).unwrap();
    let away = store.away().unwrap();
    assert!(away.iter().all(|away| away.home == "c" && away.at != "c"), "{away:?}");
    assert!(!away.is_empty() && away.len() < users.len());
    for away in &away {
        let moved = store.move_home(&away.user, &|_| Ok(())).unwrap();
        assert!(matches!(moved, MovedHome::Moved { to, .. } if to == "c"));
        assert_eq!(servers_of(&list, &away.user), ["c"]);
    }
    assert_eq!((store.away().unwrap(), store.users().unwrap().len()), (Vec::new(), users.len()));
    let alone = PostgresStore::open(&added, &PostgresOptions::default()).unwrap();
    assert_eq!(alone.serving_model().unwrap(), Some(model));
    assert_eq!(alone.kept_value(None, "greeting").unwrap().as_deref(), Some(&b"hello"[..]));
    for user in &users {
        unaware.insert_turns(user, &[turn("more")]).unwrap();
        assert_eq!(texts(&unaware, user), ["hello", "more"]);
    }
    // Whom nobody knows is made only by the newest list, which the file says.
    unaware.insert_turns(&user("new"), &[turn("first")]).unwrap();
    assert_eq!(texts(&store, &user("new")), ["first"]);

    // And away again: the server is emptied first.
    list.change(|servers| servers[2].2 = true);
    let store = reopened(&list).unwrap();
    let mut without = List { generation: list.generation, ..List::new(&[]) };
    without.servers.clone_from(&list.servers);
    without.change(|servers| drop(servers.pop()));
    assert!(said(&without).contains("server \"c\" is missing from the file, and users may live"));
    for away in store.away().unwrap() {
        store.move_home(&away.user, &|_| Ok(())).unwrap();
    }
    assert_eq!(store.clean_up().unwrap().into_iter().collect::<Vec<_>>(), ["c"]);
    list.change(|servers| drop(servers.pop()));
    let store = reopened(&list).unwrap();
    for user in &users {
        assert_eq!(texts(&store, user), ["hello", "more"]);
    }
    let mut problems = Vec::new();
    store.check(&mut |problem| problems.push(problem)).unwrap();
    assert_eq!(problems, [""; 0]);
}

/// Each server has a salt of its own when its tables are made.
#[test]
fn a_server_comes_to_others_that_know_forgotten_turns() {
    let Some(server) = PostgresServer::shared() else { return };
    let [a, b, c] = [(); 3].map(|()| server.address(&server.new_database(None)));
    let mut list = List::new(&[("a", &a), ("b", &b)]);
    let store = list.open();
    let users = users(&store);
    let forgets = users.iter().find(|user| servers_of(&list, user) == ["b"]).unwrap();
    store.forget(&ForgetTarget::Scope(Scope::of(forgets.clone()))).unwrap();
    list.change(|servers| servers.push(("c", c.clone(), false)));
    let store = reopened(&list).unwrap();
    let key = SourceKey("test:hello".to_owned());
    assert_eq!(store.key_states(forgets, &[key]).unwrap(), [KeyState::Forgotten]);
}

#[test]
fn a_list_that_contradicts_the_servers_is_refused() {
    if !can_be() {
        return;
    }
    let mut list = List::of_databases(&["a", "b"]);
    drop(list.open());
    list.change(|_| {});
    let store = list.open();
    list.generation = 1;
    list.write();
    assert!(said(&list).contains("they know generation 2; use the newer file"));
    // Who is at work with an older list than the servers' makes nobody.
    list.generation = 2;
    list.servers[1].2 = true;
    list.write();
    assert!(said(&list).contains("raise the generation with each change"));
    list.servers[1].2 = false;
    list.servers.reverse();
    list.write();
    reopened(&list).unwrap();
    list.servers[0].0 = "other";
    list.change(|_| {});
    assert!(said(&list).contains("a name never changes"));
    drop(store);
}

#[test]
fn a_server_that_lost_its_database_is_noticed() {
    if !can_be() {
        return;
    }
    let mut list = List::of_databases(&["a", "b"]);
    users(&list.open());
    let former = list.servers[1].1.clone();
    list.servers[1].1 = new_database();
    list.write();
    let error = said(&list);
    assert!(
        error.contains("server \"b\"") && error.contains("knows nothing of the ring"),
        "{error}"
    );
    list.servers[1].1 = former;
    list.write();
    assert_eq!(reopened(&list).unwrap().users().unwrap().len(), 10);
}

#[test]
fn a_process_that_does_not_get_the_new_file_makes_no_users() {
    if !can_be() {
        return;
    }
    let mut list = List::of_databases(&["a", "b"]);
    let copy = List { generation: 1, ..List::new(&[]) };
    std::fs::copy(list.file(), copy.file()).unwrap();
    let elsewhere = copy.open();
    list.change(|servers| servers.push(("c", new_database(), false)));
    drop(list.open());
    let refused = elsewhere.insert_turns(&user("ana"), &[turn("hello")]).unwrap_err();
    assert!(matches!(refused, StoreError::RingChanged { stored: 2, given: 1, .. }), "{refused}");
    std::fs::copy(list.file(), copy.file()).unwrap();
    elsewhere.insert_turns(&user("ana"), &[turn("hello")]).unwrap();
}

#[test]
fn what_was_forgotten_on_one_server_stays_forgotten_on_the_next() {
    if !can_be() {
        return;
    }
    let mut list = List::of_databases(&["a", "b"]);
    let store = list.open();
    let users = users(&store);
    list.change(|servers| servers.push(("c", new_database(), false)));
    let store = reopened(&list).unwrap();
    let away = store.away().unwrap().remove(0).user;
    let forgotten = store.forget(&ForgetTarget::User(away.clone())).unwrap();
    assert!(forgotten.user);
    assert!(!store.users().unwrap().iter().any(|known| known.user == away));
    let keys = [turn("hello").source_key.unwrap()];
    assert_eq!(store.key_states(&away, &keys).unwrap(), [KeyState::Forgotten]);
    assert_eq!(store.import_turns(&away, &[turn("hello")], false).unwrap(), [None]);
    store.insert_turns(&away, &[turn("back")]).unwrap();
    assert_eq!(servers_of(&list, &away), ["c"]);
    assert_eq!(store.import_turns(&away, &[turn("hello")], false).unwrap(), [None]);
    assert!(users.contains(&away));
}

#[test]
fn users_of_the_other_servers_are_served_while_one_is_gone() {
    let (Some(first), Some(second)) = (PostgresServer::shared(), PostgresServer::start(&[])) else {
        return;
    };
    let quick = |server: &PostgresServer| {
        server.address(&server.new_database(None)).replace("patience=120", "patience=3")
    };
    let list = List::new(&[("a", &quick(first)), ("b", &quick(&second))]);
    let store = list.open();
    let users = users(&store);
    second.kill();
    let (mut served, mut gone) = (0, 0);
    // A process that starts meanwhile serves them too.
    for store in [&store, &list.open()] {
        for user in &users {
            match store.insert_turns(user, &[turn("more")]) {
                Ok(_) => served += 1,
                Err(StoreError::Unreachable { .. }) => gone += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(store.is_there());
        assert!(matches!(store.stats(), Err(StoreError::Unreachable { .. })));
        let unknown = store.insert_turns(&user("new"), &[turn("first")]).unwrap_err();
        assert!(matches!(unknown, StoreError::Unreachable { .. }), "{unknown}");
        let status = store.status().unwrap();
        let answer: Vec<bool> = status.servers.iter().map(|server| server.counts.is_ok()).collect();
        assert_eq!(answer, [true, false]);
    }
    assert!(served > 0 && gone > 0, "{served} were served, {gone} were not");
    second.start_again();
    for user in &users {
        store.insert_turns(user, &[turn("later")]).unwrap();
    }
}
