//! A whole store with something of everything, and hundreds of ways to damage it.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use longmem_core::{
    FactKind, FixedClock, NewTurn, Role, SessionName, SourceKey, SummaryOf, Timestamp, UserName,
};
use longmem_memory::{FactNote, ForgetTarget, IndexOptions, Memory, StoreError};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use rusqlite::Connection;

/// The users of the store.
pub(crate) const USERS: [&str; 3] = ["ana", "bob", "Zoë"];

/// Turns of each user.
pub(crate) const TURNS: usize = 50;

/// SQLite's bytes in a page, unless it is told otherwise.
const PAGE: usize = 4096;

pub(crate) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(crate) fn session(name: &str) -> SessionName {
    SessionName::new(name).unwrap()
}

pub(crate) fn open(path: &Path) -> Result<Memory, StoreError> {
    open_at(path, "2026-03-02T10:00:00Z".parse().unwrap())
}

/// Opens a store when the clock stands at a time.
pub(crate) fn open_at(path: &Path, now: Timestamp) -> Result<Memory, StoreError> {
    let store = SqliteStore::open(path, IfMissing::Fail)?;
    let clock = FixedClock(now);
    Ok(Memory::new(Arc::new(store), Arc::new(WordHashEmbedder::default()), Arc::new(clock)))
}

/// Makes a store with turns of several users, vectors, facts with a history, summaries, kept values
/// and forgotten turns.
pub(crate) fn make(path: &Path) {
    drop(SqliteStore::open(path, IfMissing::Create).unwrap());
    let memory = open(path).unwrap();
    for name in USERS {
        let user = user(name);
        let turns: Vec<NewTurn> = (0..TURNS).map(|number| turn(name, number)).collect();
        let inserted = memory.remember(&user, &turns).unwrap();
        let doomed = inserted[7].id;
        let scope = longmem_core::Scope::of(user.clone());
        memory.forget(&ForgetTarget::Turns(scope, vec![doomed])).unwrap();
        for statement in ["Ana moved to Lisbon", "likes green tea", "works at Globex"] {
            memory.note_fact(&user, &FactNote::new(statement, FactKind::Identity)).unwrap();
        }
        let mut newer = FactNote::new("Ana moved to Porto", FactKind::Identity);
        newer.replaces =
            memory.facts(&user, longmem_memory::FactsAt::Now).unwrap().first().map(|fact| fact.id);
        memory.note_fact(&user, &newer).unwrap();
        let talk = session("talk 1");
        memory.learn_from(&user, &talk).unwrap();
        let through = inserted[20].id;
        let of = SummaryOf::Session { session: talk, through };
        let epoch = memory.epoch(&user).unwrap();
        assert!(memory.write_summary(&user, &of, "They spoke of tea.", epoch).unwrap());
        memory.keep_value(Some(&user), "a setting", Some(b"value")).unwrap();
    }
    memory.keep_value(None, "of all", Some(b"value")).unwrap();
    memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    // Some turns wait for vectors.
    memory.remember(&user("ana"), &[turn("ana", TURNS), turn("ana", TURNS + 1)]).unwrap();
}

fn turn(name: &str, number: usize) -> NewTurn {
    let filling =
        if number.is_multiple_of(40) { "a long report ".repeat(300) } else { String::new() };
    let words = ["lisbon", "tea", "garden", "réunion", "invoice", "Kühlschrank", "port"];
    let text = format!(
        "{name} said number {number} about the {} and the {}. {filling}",
        words[number % 7],
        words[number / 7 % 7]
    );
    NewTurn {
        session: session(&format!("talk {}", number / 20)),
        session_title: (number.is_multiple_of(20))
            .then(|| format!("Talk about {}", words[number % 7])),
        role: if number.is_multiple_of(2) { Role::User } else { Role::Assistant },
        speaker: number.is_multiple_of(3).then(|| "Ana Silva".to_owned()),
        text,
        time: Timestamp::from_second(1_767_225_600 + 60 * number as i64).unwrap(),
        note: number == 5,
        source_key: Some(SourceKey(format!("jsonl:{name}:{number}"))),
    }
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Damages the bytes of a file, in one of the ways that disks and copies do; says which.
pub(crate) fn damage_bytes(bytes: &mut Vec<u8>, seed: u64) -> String {
    let mut random = Seeded::new(seed);
    let length = bytes.len();
    let pages = length / PAGE;
    match seed % 10 {
        0 => {
            let (at, bit) = (random.below(length), random.below(8));
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} is flipped")
        }
        1 => {
            for _ in 0..40 {
                let at = random.below(length);
                bytes[at] ^= 1 << random.below(8);
            }
            "40 bits are flipped".to_owned()
        }
        2 => {
            let (first, count) = (random.below(length), 1 + random.below(200));
            let end = length.min(first + count);
            bytes[first..end].iter_mut().for_each(|byte| *byte = random.below(256) as u8);
            format!("{count} bytes from {first} on are noise")
        }
        3 => {
            let page = random.below(pages);
            bytes[page * PAGE..][..PAGE].fill(0);
            format!("page {} is zero", page + 1)
        }
        4 => {
            let page = random.below(pages);
            bytes[page * PAGE..][..PAGE]
                .iter_mut()
                .for_each(|byte| *byte = random.below(256) as u8);
            format!("page {} is noise", page + 1)
        }
        5 => {
            let (a, b) = (1 + random.below(pages - 1), 1 + random.below(pages - 1));
            for at in 0..PAGE {
                bytes.swap(a * PAGE + at, b * PAGE + at);
            }
            format!("pages {} and {} are swapped", a + 1, b + 1)
        }
        6 => {
            bytes.truncate(PAGE * (1 + random.below(pages - 1)));
            format!("it ends after page {}", bytes.len() / PAGE)
        }
        7 => {
            bytes.truncate(1 + random.below(length - 1));
            format!("it ends after {} bytes", bytes.len())
        }
        8 => {
            // In the header of a page, where its cells are pointed at.
            let at = random.below(pages) * PAGE + random.below(40);
            bytes[at] = random.below(256) as u8;
            format!("byte {at}, near the beginning of a page, is {}", bytes[at])
        }
        _ => {
            let at = random.below(100);
            bytes[at] ^= 1 << random.below(8);
            format!("byte {at} of the header is {}", bytes[at])
        }
    }
}

/// Statements after which the tables hold what longmem never writes.
pub(crate) const WRONG_VALUES: &[&str] = &[
    "UPDATE turns SET text = CAST(x'c3' AS TEXT) WHERE id = 17",
    "UPDATE turns SET text = CAST(x'61ff62' AS TEXT)",
    "UPDATE turns SET text = NULL WHERE id = 17",
    "UPDATE turns SET text = x'00ff' WHERE id = 17",
    "UPDATE turns SET text = 7 WHERE id = 17",
    "UPDATE turns SET text = '' WHERE id = 17",
    "UPDATE turns SET speaker = CAST(x'ff' AS TEXT) WHERE speaker IS NOT NULL",
    "UPDATE turns SET role = 'king' WHERE id = 17",
    "UPDATE turns SET role = NULL WHERE id = 17",
    "UPDATE turns SET time_ms = 9223372036854775807",
    "UPDATE turns SET time_ms = -9223372036854775808",
    "UPDATE turns SET time_ms = 'noon' WHERE id = 17",
    "UPDATE turns SET time_ms = NULL WHERE id = 17",
    "UPDATE turns SET position = -1 WHERE id = 17",
    "UPDATE turns SET position = 9223372036854775807 WHERE id = 17",
    "UPDATE turns SET position = 4294967295 WHERE id = 17",
    "UPDATE turns SET note = 7 WHERE id = 17",
    "UPDATE turns SET note = 'yes' WHERE id = 17",
    "UPDATE turns SET session_id = 999 WHERE id = 17",
    "UPDATE turns SET user_id = 999 WHERE id = 17",
    "UPDATE turns SET source_key = NULL WHERE id = 17",
    "UPDATE turns SET source_key = CAST(x'ff' AS TEXT) WHERE id = 17",
    "UPDATE turns SET id = -17 WHERE id = 17",
    "UPDATE turns SET id = 9223372036854775807 WHERE id = 17",
    "UPDATE users SET name = CAST(x'ff' AS TEXT) WHERE id = 2",
    "UPDATE users SET name = NULL WHERE id = 2",
    "UPDATE users SET name = '' WHERE id = 2",
    "UPDATE users SET name = char(10) WHERE id = 2",
    "UPDATE users SET last_turn = NULL",
    "UPDATE users SET last_turn = 'x'",
    "UPDATE users SET last_turn = -5",
    "UPDATE users SET last_turn = 9223372036854775807",
    "UPDATE users SET last_turn = 0",
    "UPDATE users SET epoch = NULL",
    "UPDATE users SET epoch = 'x'",
    "UPDATE users SET next_turn = 9223372036854775807",
    "UPDATE users SET next_turn = 9223372036854775000",
    "UPDATE users SET next_turn = -9223372036854775808",
    "UPDATE users SET next_turn = 3",
    "UPDATE users SET next_turn = NULL",
    "UPDATE users SET next_passage = 3",
    "UPDATE users SET next_passage = -8192",
    "UPDATE users SET next_passage = 9223372036854775807",
    "DELETE FROM users WHERE id = 2",
    "UPDATE sessions SET name = CAST(x'ff' AS TEXT) WHERE id = 2",
    "UPDATE sessions SET name = '' WHERE id = 2",
    "UPDATE sessions SET name = NULL WHERE id = 2",
    "UPDATE sessions SET title = CAST(x'ff' AS TEXT)",
    "UPDATE sessions SET title = 9",
    "DELETE FROM sessions WHERE id = 2",
    "DELETE FROM number_chunks",
    "UPDATE number_chunks SET next_chunk = 0",
    "UPDATE number_chunks SET next_chunk = -1",
    "UPDATE number_chunks SET next_chunk = 9223372036854775807",
    "UPDATE number_chunks SET next_chunk = NULL",
    "DELETE FROM forgotten_salt",
    "UPDATE forgotten_salt SET salt = 'x'",
    "UPDATE forgotten_salt SET salt = NULL",
    "UPDATE forgotten_keys SET hash = x'00' WHERE hash = (SELECT min(hash) FROM forgotten_keys)",
    "UPDATE turn_blocks SET entries = x''",
    "UPDATE turn_blocks SET entries = x'ffffffffffffffffffff'",
    "UPDATE turn_blocks SET entries = randomblob(300)",
    "UPDATE turn_blocks SET entries = zeroblob(300)",
    "UPDATE turn_blocks SET entries = substr(entries, 1, length(entries) / 2)",
    "UPDATE turn_blocks SET entries = CAST(entries || entries AS BLOB)",
    "UPDATE turn_blocks SET entries = NULL",
    "UPDATE turn_blocks SET entries = 'text'",
    "UPDATE turn_blocks SET block = block + 3",
    "UPDATE turn_blocks SET block = 9223372036854775807 WHERE user_id = 1",
    "UPDATE turn_blocks SET block = -9223372036854775808 WHERE user_id = 1",
    "DELETE FROM turn_blocks",
    "UPDATE postings SET entries = x''",
    "UPDATE postings SET entries = x'ffffffffffffffffffffffffffffff'",
    "UPDATE postings SET entries = zeroblob(300)",
    "UPDATE postings SET entries = randomblob(50)",
    "UPDATE postings SET entries = NULL",
    "UPDATE postings SET entries = 5",
    "UPDATE postings SET entries = CAST(entries || entries AS BLOB)",
    "UPDATE postings SET block = 9223372036854775807",
    "UPDATE postings SET block = -1",
    "UPDATE OR IGNORE postings SET word = CAST(x'ff' AS TEXT) || word",
    "UPDATE OR IGNORE postings SET word = x'ff'",
    "DELETE FROM postings",
    "UPDATE OR IGNORE words SET word = CAST(x'ff' AS TEXT)",
    "UPDATE OR IGNORE words SET word = 5",
    "UPDATE OR IGNORE words SET word = ''",
    "DELETE FROM words",
    "UPDATE embedding_models SET dimensions = -1",
    "UPDATE embedding_models SET dimensions = 0",
    "UPDATE embedding_models SET dimensions = 383",
    "UPDATE embedding_models SET dimensions = 9223372036854775807",
    "UPDATE embedding_models SET dimensions = 'x'",
    "UPDATE embedding_models SET window = -1",
    "UPDATE embedding_models SET normalized = 'x'",
    "UPDATE embedding_models SET name = CAST(x'ff' AS TEXT)",
    "UPDATE embedding_models SET state = 'gone'",
    "UPDATE embedding_models SET state = 'building'",
    "UPDATE embedding_models SET truncated_tokens = -1",
    "UPDATE embedding_models SET truncated_tokens = NULL",
    "UPDATE embedding_models SET id = 5",
    "DELETE FROM embedding_models",
    "UPDATE passages SET user_id = 2",
    "UPDATE passages SET start_byte = -1",
    "UPDATE passages SET start_byte = 100000, end_byte = 3",
    "UPDATE passages SET turn_id = 999",
    "UPDATE passages SET turn_id = 17",
    "UPDATE passages SET model_id = 9",
    "UPDATE passages SET id = -id",
    "UPDATE passages SET id = 9223372036854775807 WHERE id = 3",
    "UPDATE passages SET tokens = 'x'",
    "DELETE FROM passages WHERE id = 3",
    "UPDATE vectors SET vector = x''",
    "UPDATE vectors SET vector = x'0000c07f'",
    "UPDATE vectors SET vector = zeroblob(1536)",
    "UPDATE vectors SET vector = zeroblob(1535)",
    "UPDATE vectors SET vector = randomblob(1536)",
    "UPDATE vectors SET vector = CAST(replace(hex(vector), '0', 'c') AS BLOB)",
    "UPDATE vectors SET vector = NULL",
    "UPDATE vectors SET vector = 'text'",
    "UPDATE vectors SET passage_id = passage_id + 100000",
    "DELETE FROM vectors WHERE passage_id % 2",
    "UPDATE code_blocks SET entries = x''",
    "UPDATE code_blocks SET entries = x'ffffffffffffffffff7f'",
    "UPDATE code_blocks SET entries = x'00ffffffffffffffff7f00'",
    "UPDATE code_blocks SET entries = x'00ffffffffffffffff7f01' || zeroblob(48)",
    "UPDATE code_blocks SET entries = x'00ffffffffffffffffff0101' || zeroblob(48)",
    "UPDATE code_blocks SET entries = x'000100'",
    "UPDATE code_blocks SET entries = zeroblob(400)",
    "UPDATE code_blocks SET entries = randomblob(4000)",
    "UPDATE code_blocks SET entries = NULL",
    "UPDATE code_blocks SET passages = -1",
    "UPDATE code_blocks SET passages = 9223372036854775807",
    "UPDATE code_blocks SET passages = 'x'",
    "UPDATE code_blocks SET last_passage = -1",
    "UPDATE code_blocks SET last_passage = 9223372036854775807",
    "UPDATE code_blocks SET block = 9223372036854775807",
    "UPDATE code_blocks SET block = -9223372036854775808",
    "DELETE FROM code_blocks",
    "UPDATE index_queue SET turn_id = 999999 WHERE turn_id = (SELECT min(turn_id) FROM index_queue)",
    "UPDATE index_queue SET user_id = 99",
    "INSERT OR IGNORE INTO index_queue SELECT user_id, id FROM turns",
    "UPDATE facts SET statement = CAST(x'ff' AS TEXT)",
    "UPDATE facts SET statement = NULL",
    "UPDATE facts SET kind = 'x'",
    "UPDATE facts SET subject = 5",
    "UPDATE facts SET valid_from_ms = 9223372036854775807",
    "UPDATE facts SET valid_from_ms = 'x'",
    "UPDATE facts SET superseded_by = id",
    "UPDATE facts SET superseded_by = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 END",
    "UPDATE facts SET superseded_by = 999",
    "UPDATE facts SET source_turn_id = 999",
    "UPDATE facts SET user_id = 99",
    "UPDATE fact_vectors SET vector = x'00'",
    "UPDATE entities SET name = CAST(x'ff' AS TEXT)",
    "UPDATE entities SET kind = 'x'",
    "UPDATE entities SET key = NULL",
    "UPDATE entity_mentions SET entity_id = 99",
    "UPDATE summaries SET text = CAST(x'ff' AS TEXT)",
    "UPDATE summaries SET of = 'x'",
    "UPDATE summaries SET session_id = NULL",
    "UPDATE summaries SET through_turn = 999",
    "UPDATE summaries SET created_ms = 9223372036854775807, through_turn = NULL",
    "UPDATE summaries SET folded_into = id",
    "UPDATE learned_sessions SET through_turn = -1",
    "UPDATE learned_sessions SET through_turn = 'x'",
    "UPDATE user_values SET value = 'x'",
    "UPDATE user_values SET name = CAST(x'ff' AS TEXT)",
    "UPDATE store_values SET value = NULL",
    "PRAGMA user_version = 0",
    "PRAGMA user_version = -5",
    "PRAGMA user_version = 1",
    "PRAGMA user_version = 2",
    "PRAGMA user_version = 3",
    "PRAGMA user_version = 1073741828",
    "DROP TABLE words",
    "DROP TABLE turn_blocks",
    "DROP TABLE turns",
    "DROP TABLE users",
    "DROP TABLE forgotten_salt",
    "DROP INDEX turns_by_user",
    "ALTER TABLE turns RENAME COLUMN text TO texx",
    "ALTER TABLE users RENAME COLUMN epoch TO epochs",
    "ALTER TABLE vectors ADD COLUMN more TEXT",
];

/// Writes wrong values: what tables refuse is written while their definitions allow it, and the
/// definitions are put back.
pub(crate) fn damage_values(path: &Path, statement: &str) {
    let connection = Connection::open(path).unwrap();
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;")
        .unwrap();
    if !statement.starts_with("UPDATE") {
        return connection.execute_batch(statement).unwrap();
    }
    let kept: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let version: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0)).unwrap();
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    for (name, sql) in &kept {
        let lax = sql.replace("STRICT, ", "").replace("STRICT", "").replace("NOT NULL", "");
        let lax = lax.trim_end().trim_end_matches(',');
        connection
            .execute("UPDATE sqlite_schema SET sql = ?2 WHERE name = ?1", [name, lax])
            .unwrap();
    }
    connection.execute_batch(&format!("PRAGMA schema_version = {}", version + 1)).unwrap();
    drop(connection);

    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;")
        .unwrap();
    // Where a unique index forbids it, the store stays as it was.
    let _ = connection.execute_batch(statement);
    drop(connection);

    let connection = Connection::open(path).unwrap();
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    for (name, sql) in &kept {
        connection
            .execute("UPDATE sqlite_schema SET sql = ?2 WHERE name = ?1", [name, sql])
            .unwrap();
    }
    connection.execute_batch(&format!("PRAGMA schema_version = {}", version + 2)).unwrap();
}
