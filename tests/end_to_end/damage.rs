//! Damaged stores: what is said of them, and what is saved.

use rusqlite::Connection;

use super::support::{Home, assert_shown, transcript};

/// SQLite's bytes in a page.
const PAGE: usize = 4096;

#[test]
fn what_can_be_read_of_a_damaged_store_is_saved_into_a_new_one() {
    let home = Home::new().with_history();
    home.run(&["facts", "add", "lives in Lisbon"]).succeeds();
    let turns = home.exported("default");
    // The page above all others of the table of turns, where SQLite begins to look for any of them.
    let store = Connection::open(home.store()).unwrap();
    let root: usize = store
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'turns_by_user'", [], |row| {
            row.get(0)
        })
        .unwrap();
    store.execute("UPDATE turns SET text = CAST(x'ff41' AS TEXT) WHERE id = 7", []).unwrap();
    drop(store);
    let mut bytes = std::fs::read(home.store()).unwrap();
    bytes[(root - 1) * PAGE..root * PAGE].fill(0);
    std::fs::write(home.store(), &bytes).unwrap();

    let runs = [
        home.run(&["export"]).ends_with(3),
        home.run(&["doctor"]).ends_with(3),
        home.run(&["doctor", "--salvage", "saved.db"]).succeeds(),
        home.run(&["doctor", "--salvage", "saved.db"]).ends_with(1),
        home.run(&["doctor", "--salvage", "again.db", "--json"]).succeeds(),
        home.run(&["facts", "--db", "saved.db"]).succeeds(),
    ];
    assert_shown!(home, transcript(runs));
    assert_eq!(std::fs::read(home.store()).unwrap(), bytes, "the damaged file is only read");
    let saved = home.run(&["export", "--db", "saved.db"]).succeeds().stdout;
    let lines = saved.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let saved: Vec<_> = lines.filter(|line| line["role"].is_string()).collect();
    assert_eq!(saved[..6], turns[..6]);
    assert_eq!(saved[6]["text"], "\u{fffd}A");
}

#[test]
fn a_wrong_number_of_the_format_is_damage_and_says_nothing_of_the_schema() {
    for version in [0, -5, 3, 1 << 30] {
        let home = Home::new().with_history();
        let store = Connection::open(home.store()).unwrap();
        store.pragma_update(None, "user_version", version).unwrap();
        drop(store);
        let run = home.run(&["stats"]).ends_with(3);
        assert!(run.stderr.contains("is damaged"), "{version}: {}", run.stderr);
        assert!(!run.stderr.contains("CREATE"), "{version}: {}", run.stderr);
        let saved = home.run(&["doctor", "--salvage", "saved.db", "--json"]).succeeds().json();
        assert_eq!(saved["turns"], 7, "{version}");
    }
}

/// Whatever is damaged, commands answer or say so.
#[test]
fn no_damage_looks_like_a_bug() {
    let whole = Home::new().with_history();
    let whole = std::fs::read(whole.store()).unwrap();
    let home = Home::new().with_history();
    let mut random = fastrand::Rng::with_seed(11);
    for number in 0..20 {
        let mut bytes = whole.clone();
        let page = random.usize(..bytes.len() / PAGE) * PAGE;
        match number % 4 {
            0 => bytes[page..page + PAGE].fill(0),
            1 => bytes[page..page + PAGE].iter_mut().for_each(|byte| *byte = random.u8(..)),
            2 => (0..30).for_each(|_| bytes[random.usize(..whole.len())] ^= 1 << random.u8(..8)),
            _ => bytes.truncate(random.usize(1..whole.len())),
        }
        std::fs::write(home.store(), &bytes).unwrap();
        for command in [
            &["stats"][..],
            &["recall", "kitchen budget", "--words-only"],
            &["export"],
            &["remember", "one more"],
            &["doctor"],
            &["doctor", "--salvage", "saved.db"],
        ] {
            let run = home.run(command);
            assert!(matches!(run.code, Some(0 | 1 | 3)), "{number}: {}", run.shown());
        }
        let _ = std::fs::remove_file(home.path("saved.db"));
    }
}

#[test]
fn vectors_of_another_model_are_told_of() {
    let home = Home::with_model().with_history();
    home.run(&["index"]).succeeds();
    let store = Connection::open(home.store()).unwrap();
    store.execute("UPDATE embedding_models SET revision = 'other'", []).unwrap();
    drop(store);
    let recall = home.run(&["recall", "kitchen budget"]).succeeds();
    assert!(recall.stderr.contains("by words only"), "{}", recall.stderr);
    assert!(recall.stderr.contains("index --reembed"), "{}", recall.stderr);
    let recall = home.run(&["recall", "kitchen budget", "--json"]).succeeds().json();
    assert_eq!(recall["other_model"]["revision"], "other");
    let context = home.run(&["context", "kitchen budget"]).succeeds();
    assert!(context.stderr.contains("by words only"), "{}", context.stderr);
    let doctor = home.run(&["doctor", "--json"]).ends_with(3).json();
    let checks = doctor["checks"].as_array().unwrap();
    let vectors = checks.iter().find(|check| check["name"] == "vectors").unwrap();
    assert_eq!(vectors["ok"], false);
    home.run(&["index", "--reembed"]).succeeds();
    let recall = home.run(&["recall", "kitchen budget"]).succeeds();
    assert!(!recall.stderr.contains("by words only"), "{}", recall.stderr);
}

#[test]
fn a_number_of_threads_that_cannot_be_is_refused_with_the_range() {
    let home = Home::new();
    for threads in ["0", "257", "100000", "-1", "many"] {
        let run = home.run(&["stats", "--threads", threads]).ends_with(2);
        assert!(run.stderr.contains("1 to 256"), "{threads}: {}", run.stderr);
    }
    let run = Home::new().with("LONGMEM_THREADS", "100000").run(&["stats"]).ends_with(2);
    assert!(run.stderr.contains("1 to 256"), "{}", run.stderr);
    home.write("config.toml", "threads = 100000\n");
    let run = home.run(&["stats", "--config", "config.toml"]).ends_with(1);
    assert!(run.stderr.contains("1 to 256"), "{}", run.stderr);
}

#[test]
fn turns_that_were_kept_aside_are_told_of() {
    let home = Home::new().with_history();
    let spool = home.path("data/longmem/spool");
    std::fs::create_dir_all(&spool).unwrap();
    let lock = Connection::open(home.store()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    home.run_with_input(&["chat"], "My sister lives in Oslo\n");
    drop(lock);
    let doctor = home.run(&["doctor", "--json"]).json();
    let checks = doctor["checks"].as_array().unwrap();
    let waiting = checks.iter().find(|check| check["name"] == "waiting").unwrap();
    assert!(waiting["finding"].as_str().unwrap().contains("1 turn of default"), "{waiting}");
}
