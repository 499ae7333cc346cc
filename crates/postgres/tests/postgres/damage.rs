//! A check finds what is wrong with a database, and nothing where nothing is.

use crate::fixture::InDatabase;
use longmem_core::{NewTurn, PassageSpan, Role, SessionName, TextEmbedder, UserName};
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_store::{EmbeddedTurn, Turns, Upkeep, Vectors};
use longmem_test_support::{PostgresServer, WordHashEmbedder};

fn store_turns(store: &PostgresStore, user: &str, count: usize) {
    let turn = |number: usize| NewTurn {
        session: SessionName::new("talk").unwrap(),
        session_title: None,
        role: Role::User,
        speaker: Some("Ana".to_owned()),
        text: format!("moved to Lisbon for the {number}th time"),
        time: "2026-03-07T10:00:00Z".parse().unwrap(),
        note: false,
        source_key: None,
    };
    let turns: Vec<NewTurn> = (0..count).map(turn).collect();
    let user = UserName::new(user).unwrap();
    let (first, last) = turns.split_at(count - 10);
    store.insert_turns(&user, first).unwrap();
    store.insert_turns(&user, last).unwrap();
}

fn index(store: &PostgresStore) {
    let embedder = WordHashEmbedder::default();
    store.begin_indexing(embedder.model(), false).unwrap();
    let queued = store.queued_turns(None, None, 9999).unwrap();
    let with_vectors: Vec<EmbeddedTurn> = queued
        .into_iter()
        .map(|turn| EmbeddedTurn {
            passages: vec![(
                PassageSpan { start: 0, end: turn.text.len(), tokens: 8 },
                embedder.vector(&turn.text),
            )],
            user: turn.user,
            turn: turn.turn,
        })
        .collect();
    for batch in with_vectors.chunks(100) {
        store.write_vectors(embedder.model(), batch, 0).unwrap();
    }
}

fn problems(store: &PostgresStore) -> Vec<String> {
    let mut problems = Vec::new();
    store.check(&mut |problem| problems.push(problem)).unwrap();
    problems
}

/// What is done to the tables by hand, and a part of what the check says of it.
const DAMAGE: [(&str, &str); 32] = [
    ("DROP TABLE summaries CASCADE", "the table summaries is missing"),
    ("ALTER TABLE turns DISABLE ROW LEVEL SECURITY", "row security does not guard the table turns"),
    (
        "ALTER TABLE vectors DROP CONSTRAINT vectors_pkey",
        "an index of the table vectors is missing",
    ),
    ("DELETE FROM turns WHERE id = (SELECT min(id) FROM turns)", "rows refer to rows that are not"),
    ("DELETE FROM embedding_models", "rows refer to rows that are not there"),
    ("UPDATE embedding_models SET state = 'building'", "0 of 1 embedding models serve"),
    ("UPDATE embedding_models SET \"window\" = 0", "1 embedding models are of an impossible size"),
    ("SELECT setval('turn_chunks', 0, false)", "1 of the sequences would give out a number again"),
    ("SELECT setval('session_numbers', 1, false)", "1 of the sequences would give out a number"),
    ("DELETE FROM store_salt", "the salt of forgotten keys"),
    (
        "INSERT INTO forgotten_keys SELECT user_id, '\\x00' FROM users LIMIT 1",
        "do not have 16 bytes",
    ),
    ("UPDATE turns SET time_ms = 9223372036854775807 WHERE id % 7 = 3", "a time that cannot be"),
    ("UPDATE users SET name = 'eve' WHERE name = 'ana'", "has another user's name, or none"),
    ("UPDATE sessions SET name = ''", "has 1 sessions whose names are none"),
    ("UPDATE users SET last_turn = 1 WHERE name = 'ana'", "wrong number of the newest turn"),
    ("UPDATE users SET next_turn = 1 WHERE name = 'ana'", "or of the next turn or passage"),
    ("UPDATE users SET next_passage = 1 WHERE name = 'ana'", "or of the next turn or passage"),
    ("UPDATE users SET tail_turns = 11 WHERE name = 'ana'", "11 are counted"),
    ("UPDATE users SET folded_turn = folded_turn - 1 WHERE name = 'ana'", "should have 11 turns"),
    ("DELETE FROM turn_words WHERE turn_id = (SELECT max(id) FROM turns)", "has the words of 19"),
    (
        "UPDATE turn_words SET words = '\\x00' WHERE turn_id = (SELECT max(id) FROM turns)",
        "1 turns whose words are not those",
    ),
    (
        "UPDATE turns SET words = 1 WHERE id = (SELECT max(id) FROM turns)",
        "1 turns with a wrong number of words",
    ),
    (
        "UPDATE turns SET text = 'Oslo' WHERE id = (SELECT min(id) FROM turns)",
        "word lists do not hold",
    ),
    ("DELETE FROM turn_blocks", "1 turn lists do not hold"),
    ("DELETE FROM postings WHERE word = 'lisbon'", "1 word lists do not hold what they should"),
    (
        "INSERT INTO postings SELECT user_id, 'oslo', 1000, '\\x01' FROM users",
        "2 word lists do not hold",
    ),
    ("UPDATE code_runs SET passages = passages + 1", "code lists do not hold what they should"),
    (
        "DELETE FROM code_runs WHERE last_passage = (SELECT max(last_passage) FROM code_runs)",
        "1 code lists",
    ),
    ("UPDATE user_models SET passages = 299", "has 300 vectors of a model, and 299 are counted"),
    ("DELETE FROM user_models", "has 300 vectors of a model, and 0 are counted"),
    (
        "UPDATE user_models SET last_passage = last_passage - 1",
        "a wrong number of a model's newest",
    ),
    ("UPDATE vectors SET vector = '\\x00' WHERE id = (SELECT min(id) FROM vectors)", "is damaged"),
];

#[test]
fn damage_is_found_and_nothing_else() {
    if !InDatabase::can_be() {
        return;
    }
    let server = PostgresServer::shared().unwrap();
    let database = InDatabase::new();
    let store = database.postgres();
    // More turns than the tail holds, so that there are lists and a tail, and fewer.
    store_turns(store, "ana", 300);
    store_turns(store, "bob", 20);
    index(store);
    assert_eq!(problems(store), <[String; 0]>::default());
    let whole = database.name().to_owned();
    drop(database);
    let others = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{whole}'");
    while server.sql("postgres", &others) != "0" {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    for (damage, said) in DAMAGE {
        let copy = server.new_database(Some(&whole));
        // References are not watched over meanwhile.
        let by_hand = "SET session_replication_role = replica; SET search_path = longmem";
        server.sql(&copy, &format!("{by_hand}; {damage}"));
        let store =
            PostgresStore::open(&server.address(&copy), &PostgresOptions::default()).unwrap();
        let problems = problems(&store);
        assert!(problems.iter().any(|problem| problem.contains(said)), "{damage}: {problems:#?}");
        drop(store);
        server.sql("postgres", &format!("DROP DATABASE {copy} WITH (FORCE)"));
    }
}
