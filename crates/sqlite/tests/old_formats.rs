//! Every format that was ever released opens, answers as it did, and ends with today's schema.
//!
//! `fixtures/format_N.db` is a small store as the version that brought format N wrote it. With a new
//! format comes a new fixture:
//! `cargo test -p longmem-sqlite --test old_formats -- --ignored write_fixture`.
//! None is ever written again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use longmem_core::{
    EmbeddingModel, FactId, FactKind, NewFact, NewTurn, PassageSpan, Role, Scope, SourceKey,
    TextEmbedder, TurnId, USER_SUBJECT, UserName,
};
use longmem_search::{CandidateRequest, Searcher};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{
    EmbeddedTurn, Facts, FactsAt, ForgetTarget, KeptValues, Turns, Upkeep, Vectors,
};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use rusqlite::{Connection, params};
use tempfile::TempDir;

mod made_up;
mod process;

const TEXTS: [&str; 4] = [
    "I moved to Lisbon in March",
    "How is the flat?",
    "It has a view of the river",
    "先月東京に引っ越した",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Whose vectors serve in a fixture, and whose were being made when it was written.
fn embedders() -> [WordHashEmbedder; 2] {
    ["1", "2"].map(WordHashEmbedder::with_revision)
}

/// Copies of all fixtures, each in a folder of its own.
fn copies() -> Vec<(TempDir, PathBuf)> {
    let copies: Vec<_> = fs_err::read_dir(fixtures())
        .unwrap()
        .map(|fixture| {
            let folder = TempDir::new().unwrap();
            let copy = folder.path().join("memory.db");
            fs_err::copy(fixture.unwrap().path(), &copy).unwrap();
            (folder, copy)
        })
        .collect();
    assert_ne!(copies.len(), 0);
    copies
}

fn format_of(connection: &Connection) -> u32 {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn an_old_store_answers_as_it_did() {
    for (_folder, path) in copies() {
        let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
        let ana = Scope::of(user("ana"));
        let all = store.turns_after(&ana, None, 99).unwrap();
        assert_eq!(all.iter().map(|stored| stored.turn.text.as_str()).collect::<Vec<_>>(), TEXTS);
        assert_eq!(all[1].turn.role, Role::Assistant);
        assert_eq!(all[0].turn.speaker.as_deref(), Some("Ana"));
        assert_eq!(all[0].turn.session_title.as_deref(), Some("Moving"));
        assert_eq!(all[2].source_key, SourceKey("ana 2".into()));
        assert_eq!(all[3].turn.time.to_string(), "2026-01-01T00:00:03Z");

        let by_words = |text: &str| -> Vec<TurnId> {
            Searcher::default()
                .search_words(&store, &ana, text, 9)
                .unwrap()
                .iter()
                .map(|hit| hit.turn)
                .collect()
        };
        assert_eq!(by_words("moving to LISBON?"), [all[0].turn.id]);
        assert_eq!(by_words("東京"), [all[3].turn.id]);

        let [serving, building] = embedders();
        assert_eq!(store.serving_model().unwrap().as_ref(), Some(serving.model()));
        let near = |model: &EmbeddingModel| {
            Searcher::default()
                .nearest(&store, &ana, (model, &serving.vector("a view of the river")), 9)
                .unwrap()
        };
        let hits = near(serving.model());
        assert_eq!((hits.len(), hits[0].turn), (3, all[2].turn.id));
        assert_eq!(near(building.model()).len(), 1);
        assert_eq!(store.waiting(None).unwrap(), 4, "three of ana, one of bob");
        assert_eq!(store.users().unwrap().len(), 2);
    }
}

/// Before format 3, a note was a turn like any other in the session `notes`.
#[test]
fn old_notes_are_notes() {
    for (_folder, path) in copies() {
        let connection = Connection::open(&path).unwrap();
        if format_of(&connection) > 2 {
            continue;
        }
        let keys = ["turn:0a1b", "diary", "said:0c", "jsonl:0d:0"];
        connection.execute("UPDATE sessions SET name = 'notes' WHERE id = 1", []).unwrap();
        for (id, key) in (1..).zip(keys) {
            let sql = "UPDATE turns SET source_key = ?2 WHERE id = ?1";
            connection.execute(sql, params![id, key]).unwrap();
        }
        drop(connection);
        let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
        let notes = |name: &str| -> Vec<bool> {
            let turns = store.turns_after(&Scope::of(user(name)), None, 9).unwrap();
            turns.iter().map(|stored| stored.turn.note).collect()
        };
        assert_eq!(notes("ana"), [true, true, false, false]);
        assert_eq!(notes("bob"), [false]);
        let scope = Scope::of(user("ana"));
        let mut request = CandidateRequest::new(&scope, 9);
        request.words = Some("lisbon flat river 東京");
        let found = Searcher::default().candidates(&store, &request).unwrap().turns;
        let notes: Vec<bool> = found.iter().map(|found| found.note).collect();
        assert_eq!(notes, [true, true, false, false]);
        assert_eq!((found[2].before, found[2].after), (None, Some(found[3].turn)));
    }
}

#[test]
fn an_old_store_keeps_its_facts_and_gives_no_number_out_again() {
    for (_folder, path) in copies() {
        let connection = Connection::open(&path).unwrap();
        if format_of(&connection) > 2 {
            continue;
        }
        connection
            .execute_batch(
                "INSERT INTO facts (id, user_id, subject, statement, kind, valid_from_ms)
                 VALUES (7, 1, 'Ana', 'lives in Oslo', 'identity', 1767225700000), (9, 1, 'Ana',
                         'is gone', 'plan', 1767225700000);
                 DELETE FROM facts WHERE id = 9;
                 UPDATE facts SET superseded_by = 7 WHERE id = 1;
                 INSERT INTO entities (id, user_id, key, name, kind)
                 VALUES (1, 1, 'oslo', 'Oslo', 'other');
                 INSERT INTO entity_mentions (fact_id, entity_id) VALUES (7, 1);",
            )
            .unwrap();
        drop(connection);
        let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
        let ana = user("ana");
        let facts = store.facts(&ana, FactsAt::Ever).unwrap();
        let (old, new) = (&facts[0], &facts[1]);
        assert_eq!((old.id, old.superseded_by), (FactId(1), Some(FactId(7))));
        assert_eq!((old.turn, old.until), (Some(TurnId(1)), Some(new.since)));
        assert_eq!((new.id, new.entities[0].name.as_str()), (FactId(7), "Oslo"));
        assert_eq!(store.insert_fact(&ana, &instruction(), None).unwrap(), FactId(10));
        store.forget(&ForgetTarget::User(ana.clone())).unwrap();
        assert_eq!(store.facts(&ana, FactsAt::Ever).unwrap(), []);
    }
}

#[test]
fn notes_instructions_and_vectors_of_facts_stay() {
    for (_folder, path) in copies() {
        if format_of(&Connection::open(&path).unwrap()) < 3 {
            continue;
        }
        let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
        let ana = user("ana");
        let turns = store.turns_after(&Scope::of(ana.clone()), None, 9).unwrap();
        let notes: Vec<bool> = turns.iter().map(|stored| stored.turn.note).collect();
        assert_eq!(notes, [false, false, false, true]);
        let facts = store.facts(&ana, FactsAt::Now).unwrap();
        assert_eq!((facts[0].kind, &*facts[0].statement), (FactKind::Instruction, INSTRUCTION));
        let [serving, building] = embedders();
        let vectors = store.fact_vectors(&ana, serving.model()).unwrap();
        assert_eq!(vectors, [(facts[0].id, serving.vector(INSTRUCTION))]);
        assert_eq!(store.fact_vectors(&ana, building.model()).unwrap(), []);
    }
}

#[test]
fn kept_values_and_forgotten_keys_stay() {
    for (_folder, path) in copies() {
        if format_of(&Connection::open(&path).unwrap()) < 4 {
            continue;
        }
        let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
        for (owner, value) in values(&user("ana")) {
            assert_eq!(store.kept_value(owner, "name").unwrap().unwrap(), value);
        }
        assert_eq!(store.import_turns(&user("ana"), &[forgotten()], false).unwrap(), [None]);
        let again = store.import_turns(&user("ana"), &[forgotten()], true).unwrap();
        assert!(again[0].unwrap().new);
    }
}

/// Before format 4, words were spelt with their vowel signs and invisible signs.
#[test]
fn words_of_an_old_store_are_found_as_they_are_spelt_now() {
    for (_folder, path) in copies() {
        let connection = Connection::open(&path).unwrap();
        if format_of(&connection) > 3 {
            continue;
        }
        let text = "the extra\u{ad}ordinary Straße, الْمِفْتَاحُ";
        connection.execute("UPDATE turns SET text = ?1 WHERE id = 1", [text]).unwrap();
        drop(connection);
        let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
        let ana = Scope::of(user("ana"));
        let find = |word: &str| {
            let found = Searcher::default().search_words(&store, &ana, word, 9).unwrap();
            found.iter().map(|hit| hit.turn.0).collect::<Vec<_>>()
        };
        for word in ["extraordinary", "STRASSE", "المفتاح"] {
            assert_eq!(find(word), [1], "{word}");
        }
        assert_eq!(find("river"), [3], "what the lists held before is in them still");
        store.forget(&ForgetTarget::Turns(ana.clone(), vec![TurnId(1)])).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
    }
}

#[test]
fn an_old_store_takes_new_turns_and_forgets_old_ones() {
    for (_folder, path) in copies() {
        let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
        let again = turns_of("ana");
        let inserted = store.insert_turns(&user("ana"), &again).unwrap();
        assert!(inserted.iter().all(|inserted| !inserted.new), "an import that is run again");
        let new = store.insert_turns(&user("ana"), &[turn("talk", "lisbon again", 9)]).unwrap();
        assert!(new[0].id > inserted[3].id);
        store.forget(&ForgetTarget::Scope(Scope::of(user("bob")))).unwrap();
        assert_eq!(store.users().unwrap().len(), 1);
        store.check(&mut |problem| panic!("{problem}")).unwrap();
    }
}

#[test]
fn an_old_store_ends_with_the_schema_of_a_new_one() {
    let folder = TempDir::new().unwrap();
    let new = folder.path().join("memory.db");
    drop(SqliteStore::open(&new, IfMissing::Create).unwrap());
    for (_folder, old) in copies() {
        drop(SqliteStore::open(&old, IfMissing::Fail).unwrap());
        assert_eq!(
            schema(&old),
            schema(&new),
            "a step is missing, or one was changed after its release"
        );
    }
}

/// A limit on the size of files kills the process at the write that would cross it: at every stage of
/// the journal, the tables and the log.
#[cfg(unix)]
#[test]
fn an_old_store_survives_a_death_at_any_point_of_its_migration() {
    let (mut killed, mut finished) = (0, 0);
    // In blocks of 512 bytes.
    for limit in (8..=800).step_by(24) {
        for (folder, path) in copies() {
            let before: u64 = Connection::open(&path)
                .unwrap()
                .query_row("SELECT count(*) FROM turns", [], |row| row.get(0))
                .unwrap();
            let inner = process::child("opens_until_it_is_killed", &path);
            let status = std::process::Command::new("sh")
                .args(["-c", &format!("ulimit -c 0; ulimit -f {limit}; exec \"$0\" \"$@\"")])
                .arg(inner.get_program())
                .args(inner.get_args())
                .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
                .stdout(std::process::Stdio::null())
                .status()
                .unwrap();
            if status.code().is_some() {
                finished += 1;
            } else {
                killed += 1;
            }
            let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
            assert_eq!(store.stats().unwrap().turns, before, "{limit}");
            store.check(&mut |problem| panic!("{limit}: {problem}")).unwrap();
            drop((store, folder));
        }
    }
    assert!(killed > 20 && finished > 20, "{killed} killed, {finished} finished");
}

#[test]
#[ignore = "run by an_old_store_survives_a_death_at_any_point_of_its_migration"]
fn opens_until_it_is_killed() {
    let Some(path) = process::store_of_parent() else { return };
    SqliteStore::open(path, IfMissing::Fail).unwrap();
}

/// Every table and index with its columns, white space and comments left out.
fn schema(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection
        .prepare("SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema")
        .unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut schema: Vec<String> = rows
        .map(|row| {
            let lines = row.unwrap();
            let code = lines.lines().map(|line| line.split("--").next().unwrap_or_default());
            code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
        })
        .collect();
    schema.sort();
    schema
}

fn turns_of(name: &str) -> Vec<NewTurn> {
    let count = if name == "ana" { 4 } else { 1 };
    let mut turns: Vec<NewTurn> = TEXTS[..count]
        .iter()
        .enumerate()
        .map(|(number, text)| NewTurn {
            source_key: Some(SourceKey(format!("{name} {number}"))),
            session_title: Some("Moving".to_owned()),
            ..turn("talk", text, number as i64)
        })
        .collect();
    turns[0].speaker = Some("Ana".to_owned());
    if let [_, answer, _, note] = &mut turns[..] {
        answer.role = Role::Assistant;
        note.note = true;
    }
    turns
}

const INSTRUCTION: &str = "wants answers in English";

fn instruction() -> NewFact {
    NewFact {
        subject: USER_SUBJECT.to_owned(),
        statement: INSTRUCTION.to_owned(),
        kind: FactKind::Instruction,
        source: None,
        since: "2026-01-01T00:00:09Z".parse().unwrap(),
        entities: Vec::new(),
    }
}

/// A turn that was forgotten.
fn forgotten() -> NewTurn {
    NewTurn { source_key: Some(SourceKey("forgotten".to_owned())), ..turn("talk", "oslo", 9) }
}

/// A value of a user and one of the whole store.
fn values(ana: &UserName) -> [(Option<&UserName>, &'static [u8]); 2] {
    [(Some(ana), b"of ana"), (None, b"of all")]
}

/// Three of ana's turns have vectors that serve; a replacement has begun with one of these.
#[test]
#[ignore = "writes the fixture of the newest format"]
fn write_fixture() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    for name in ["ana", "bob"] {
        store.insert_turns(&user(name), &turns_of(name)).unwrap();
    }
    let [serving, building] = embedders();
    for (embedder, replace, count) in [(&serving, false, 3), (&building, true, 1)] {
        store.begin_indexing(embedder.model(), replace).unwrap();
        let queued = store.queued_turns(None, None, count).unwrap();
        let embedded: Vec<_> = queued
            .into_iter()
            .map(|queued| EmbeddedTurn {
                user: queued.user,
                turn: queued.turn,
                passages: vec![(
                    PassageSpan { start: 0, end: queued.text.len(), tokens: 8 },
                    embedder.vector(&queued.text),
                )],
            })
            .collect();
        store.write_vectors(embedder.model(), &embedded, 0).unwrap();
    }
    let ana = user("ana");
    let instruction = store.insert_fact(&ana, &instruction(), None).unwrap();
    let vector = serving.vector(INSTRUCTION);
    store.set_fact_vectors(&ana, serving.model(), &[(instruction, vector)]).unwrap();
    let doomed = store.insert_turns(&ana, &[forgotten()]).unwrap()[0].id;
    store.forget(&ForgetTarget::Turns(Scope::of(ana.clone()), vec![doomed])).unwrap();
    for (owner, value) in values(&ana) {
        store.keep_value(owner, "name", Some(value)).unwrap();
    }
    drop(store);
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "INSERT INTO facts (user_id, subject, statement, kind, source_turn_id, valid_from_ms)
             VALUES (1, 'Ana', 'lives in Lisbon', 'identity', 1, 1767225600000);
             INSERT INTO summaries (user_id, of, session_id, through_turn, text, created_ms)
             VALUES (1, 'stretch', 1, 3, 'Ana moved to Lisbon.', 1767225600000);",
        )
        .unwrap();
    let format = format_of(&connection);
    drop(connection);
    fs_err::copy(path, fixtures().join(format!("format_{format}.db"))).unwrap();
}
