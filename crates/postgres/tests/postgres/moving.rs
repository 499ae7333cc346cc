//! Users move between a file and a server.

use std::sync::Arc;

use crate::fixture::InDatabase;
use longmem_core::{
    Embedding, EmbeddingModel, Entity, EntityKind, FactKind, NewFact, NewTurn, PassageSpan, Role,
    SessionName, SourceKey, Timestamp, TurnId, UserName,
};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::suite::Fixture;
use longmem_store::{EmbeddedTurn, Extent, Store, StoreError, UserRecords, content_fingerprint};
use tempfile::TempDir;

struct InFile(TempDir);

impl InFile {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.0.path().join("memory.db"), IfMissing::Create).unwrap())
    }
}

pub(crate) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(crate) fn model() -> EmbeddingModel {
    EmbeddingModel {
        name: "made-up".to_owned(),
        revision: "one".to_owned(),
        dimensions: 8,
        pooling: "mean".to_owned(),
        normalized: true,
        window: 64,
    }
}

/// So many turns, most of which have vectors, and facts that replaced one another.
pub(crate) fn fill(store: &dyn Store, name: &UserName, count: usize) {
    store.begin_indexing(&model(), false).unwrap();
    let turns: Vec<NewTurn> = (0..count)
        .map(|place| NewTurn {
            session: SessionName::new(format!("session {}", place / 40)).unwrap(),
            session_title: (place % 40 == 0).then(|| format!("Talk {place}")),
            role: if place % 9 == 8 { Role::Tool } else { Role::User },
            speaker: (place % 3 == 0).then(|| "Ana".to_owned()),
            text: format!("word{} word{} and some more words", place % 50, place % 7),
            time: Timestamp::from_second(1_767_225_600 + place as i64).unwrap(),
            note: place % 100 == 5,
            source_key: (place % 2 == 0).then(|| SourceKey(format!("jsonl:{place}"))),
        })
        .collect();
    let ids: Vec<TurnId> =
        store.insert_turns(name, &turns).unwrap().iter().map(|inserted| inserted.id).collect();
    let vector = |place: usize| {
        let numbers = (0..8).map(|at| ((place * 31 + at * 17) % 23) as f32 - 11.0).collect();
        Embedding::normalized(numbers).unwrap()
    };
    let span = PassageSpan { start: 0, end: 4, tokens: 1 };
    let embedded: Vec<EmbeddedTurn> = (0..count)
        .filter(|place| place % 11 != 0)
        .map(|place| EmbeddedTurn {
            user: name.clone(),
            turn: ids[place],
            passages: vec![(span, vector(place)); 1 + place % 2],
        })
        .collect();
    store.write_vectors(&model(), &embedded, 0).unwrap();
    let mut replaced = None;
    for place in 0..20 {
        let fact = NewFact {
            subject: "user".to_owned(),
            statement: format!("lives in place {place}"),
            kind: FactKind::Identity,
            source: (place % 2 == 0).then(|| ids[place]),
            since: turns[place].time,
            entities: vec![Entity {
                name: format!("Place {}", place / 3),
                kind: EntityKind::Other,
            }],
        };
        replaced =
            Some(store.insert_fact(name, &fact, replaced.filter(|_| place % 5 > 0)).unwrap());
    }
    store.set_fact_vectors(name, &model(), &[(replaced.unwrap(), vector(3))]).unwrap();
    store.keep_value(Some(name), "profile", Some(b"\0\xff")).unwrap();
}

fn copy(from: &dyn Store, to: &dyn Store, name: &UserName) -> longmem_store::Result<()> {
    to.write_user(name, &|sink| from.read_user(name, Extent::Everything, sink)).map(drop)
}

pub(crate) fn records(store: &dyn Store, name: &UserName) -> Vec<UserRecords> {
    let mut records = Vec::new();
    store
        .read_user(name, Extent::Everything, &mut |batch| {
            records.push(batch);
            Ok(())
        })
        .unwrap();
    records
}

pub(crate) fn problems(store: &dyn Store) -> Vec<String> {
    let mut problems = Vec::new();
    store.check(&mut |problem| problems.push(problem)).unwrap();
    problems
}

#[test]
fn a_user_is_the_same_in_a_file_on_a_server_on_another_server_and_in_a_file_again() {
    if !InDatabase::can_be() {
        return;
    }
    let (first, last) = (InFile::new(), InFile::new());
    let (server, another) = (InDatabase::new(), InDatabase::new());
    let ana = user("ana");
    fill(&*first.store(), &user("before"), 30);
    fill(&*first.store(), &ana, 2_000);
    let stores = [first.store(), server.store(), another.store(), last.store()];
    for pair in stores.windows(2) {
        pair[1].begin_indexing(&model(), false).unwrap();
        copy(&*pair[0], &*pair[1], &ana).unwrap();
        assert_eq!(problems(&*pair[1]), [""; 0]);
        assert!(records(&*pair[0], &ana) == records(&*pair[1], &ana));
        let content = content_fingerprint(&*pair[0], &ana).unwrap();
        assert_eq!(content, content_fingerprint(&*pair[1], &ana).unwrap());
        assert_eq!((content.turns, content.facts), (2_000, 20));
    }
    // All go on where they are.
    for store in &stores {
        fill(&**store, &user("after"), 30);
        let more = NewTurn {
            session: SessionName::new("session 1").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            text: "one more".to_owned(),
            time: Timestamp::UNIX_EPOCH,
            note: false,
            source_key: None,
        };
        let newest = store.change_mark(&ana).unwrap().last_turn.unwrap();
        let inserted = store.insert_turns(&ana, &[more]).unwrap();
        assert!(inserted[0].id > newest, "numbers rise");
        assert_eq!(problems(&**store), [""; 0]);
    }
}

#[test]
fn a_user_who_is_there_or_comes_in_half_changes_nothing() {
    if !InDatabase::can_be() {
        return;
    }
    let (from, to) = (InFile::new(), InDatabase::new());
    let (from, to, ana) = (from.store(), to.store(), user("ana"));
    fill(&*from, &ana, 1_000);
    for batches in 0..4 {
        let stopped = to.write_user(&ana, &|sink| {
            let mut left = batches;
            from.read_user(&ana, Extent::Everything, &mut |records| {
                left -= 1;
                if left < 0 { Err(StoreError::Stopped) } else { sink(records) }
            })
        });
        assert!(matches!(stopped, Err(StoreError::Stopped)), "{stopped:?}");
        assert_eq!(to.users().unwrap(), []);
    }
    assert!(matches!(copy(&*from, &*to, &user("bob")), Err(StoreError::UnknownUser(_))));
    copy(&*from, &*to, &ana).unwrap();
    let before = records(&*to, &ana);
    assert!(matches!(copy(&*from, &*to, &ana), Err(StoreError::UserExists { .. })));
    assert!(records(&*to, &ana) == before);
    assert!(matches!(records_of_nobody(&*to), Err(StoreError::UnknownUser(_))));
}

fn records_of_nobody(store: &dyn Store) -> longmem_store::Result<()> {
    store.read_user(&user("nobody"), Extent::Everything, &mut |_| Ok(()))
}
