//! Nothing is lost or doubled by killing a process or by running several.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::support::{Home, read_all};

/// JSON Lines of so many different turns, a hundred a session.
fn made_up_history(turns: usize) -> String {
    const WORDS: [&str; 8] =
        ["river", "kitchen", "budget", "train", "garden", "cello", "winter", "letter"];
    let mut random = fastrand::Rng::with_seed(7);
    (0..turns).fold(String::new(), |mut lines, number| {
        let mut word = || WORDS[random.usize(..WORDS.len())];
        let line = json!({
            "id": number.to_string(),
            "session": format!("talk {}", number / 100),
            "role": if number % 2 == 0 { "user" } else { "assistant" },
            "time": format!("2026-01-01T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60),
            "text": format!("{} {} {} {number}", word(), word(), word()),
        });
        writeln!(lines, "{line}").unwrap();
        lines
    })
}

/// Rows of a table while another process writes; 0 as long as there is none.
fn rows(store: &Path, table: &str) -> u64 {
    let count = || {
        let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
    };
    count().unwrap_or(0)
}

/// A moment in the life of a process.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after its start.
    After(Duration),
    /// When a table has so many rows.
    Rows(&'static str, u64),
}

impl Moment {
    const fn millis(millis: u64) -> Self {
        Self::After(Duration::from_millis(millis))
    }

    /// Waits for it; false if the process ended first.
    fn comes(self, child: &mut Child, store: &Path) -> bool {
        match self {
            Self::After(time) => {
                std::thread::sleep(time);
                child.try_wait().unwrap().is_none()
            }
            Self::Rows(table, wanted) => loop {
                if rows(store, table) >= wanted {
                    return child.try_wait().unwrap().is_none();
                }
                if child.try_wait().unwrap().is_some() {
                    return false;
                }
                std::thread::sleep(Duration::from_millis(2));
            },
        }
    }
}

/// Starts a command and kills it at that moment, as `kill -9` does. True if it was still running.
fn killed_at(moment: Moment, home: &Home, arguments: &[&str]) -> bool {
    let mut child =
        home.longmem(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let running = moment.comes(&mut child, &home.store());
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

fn counts(home: &Home) -> Value {
    let stats = home.run(&["stats", "--json"]).succeeds().json();
    json!([stats["turns"], stats["passages"], stats["vectors"], stats["turns_without_vectors"]])
}

#[test]
fn a_killed_import_ends_in_the_same_store() {
    const TURNS: u64 = 20_000;
    let history = made_up_history(TURNS as usize);
    let import = ["import", "history.jsonl", "--format", "jsonl"];
    let unbroken = Home::new();
    unbroken.write("history.jsonl", &history);
    unbroken.run(&import).succeeds();

    let killed = Home::new();
    killed.write("history.jsonl", &history);
    let moments = [
        Moment::millis(1),
        Moment::millis(7),
        Moment::millis(20),
        Moment::Rows("turns", 1),
        Moment::Rows("turns", 4_321),
        Moment::Rows("turns", 11_111),
        Moment::Rows("turns", 17_777),
    ];
    let (mut kills_on_the_way, mut stored_before) = (0, 0);
    for moment in moments {
        let running = killed_at(moment, &killed, &import);
        let stored = rows(&killed.store(), "turns");
        assert!(stored >= stored_before, "what was stored stays, {moment:?}");
        stored_before = stored;
        kills_on_the_way += u32::from(running && stored > 0 && stored < TURNS);
    }
    assert!(kills_on_the_way > 0, "at least one kill came in the middle");
    killed.run(&import).succeeds();
    assert_eq!(counts(&killed), counts(&unbroken));
    assert_eq!(killed.run(&["export"]).stdout, unbroken.run(&["export"]).stdout);
}

#[test]
fn a_killed_index_ends_in_the_same_store() {
    const TURNS: u64 = 1_000;
    let home = Home::with_model();
    home.write("history.jsonl", made_up_history(TURNS as usize));
    home.run(&["import", "history.jsonl"]).succeeds();
    let moments = [
        Moment::millis(2),
        Moment::Rows("vectors", 1),
        Moment::millis(150),
        Moment::millis(500),
        Moment::millis(900),
    ];
    let mut kills_on_the_way = 0;
    for moment in moments {
        let running = killed_at(moment, &home, &["index"]);
        let stored = rows(&home.store(), "vectors");
        kills_on_the_way += u32::from(running && stored > 0 && stored < TURNS);
    }
    assert!(kills_on_the_way > 0, "at least one kill came in the middle");
    let before = rows(&home.store(), "vectors");
    let report = home.run(&["index", "--json"]).succeeds().json();
    assert_eq!(report["passages"], TURNS - before, "what was embedded is not embedded again");
    assert_eq!(counts(&home), json!([TURNS, TURNS, TURNS, 0]));
    assert_eq!(home.run(&["doctor", "--json"]).succeeds().json()["ok"], true);
    let best = home.run(&["recall", "a letter about the winter garden", "--json"]).succeeds();
    assert_eq!(best.json()["results"].as_array().map(Vec::len), Some(5));
}

/// Ctrl-C stops at the next batch, says so, and ends with its own exit code.
#[test]
fn an_interrupted_import_goes_on() {
    let home = Home::new();
    home.write("history.jsonl", made_up_history(20_000));
    let mut child = home
        .longmem(&["import", "history.jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(Moment::Rows("turns", 1_000).comes(&mut child, &home.store()));
    let signal =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.is_ok_and(|status| status.success()));
    let said = read_all(child.stderr.take().unwrap());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(said, "error: interrupted; what was read is stored, and importing again goes on\n");
    let stored = rows(&home.store(), "turns");
    assert!((1_000..20_000).contains(&stored), "{stored}");
    home.run(&["import", "history.jsonl"]).succeeds();
    assert_eq!(rows(&home.store(), "turns"), 20_000);
}

#[test]
fn several_processes_write_read_and_index_at_once() {
    const IMPORTED: u64 = 1_200;
    const REMEMBERED: u64 = 30;
    let home = Home::with_model().with_history();
    home.write("many.jsonl", made_up_history(IMPORTED as usize));
    home.run(&["index"]).succeeds();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            home.run(&["import", "many.jsonl", "--user", "bo"]).succeeds();
            home.run(&["index"]).succeeds();
        });
        threads.spawn(|| {
            for number in 0..REMEMBERED {
                let said = format!("note number {number}");
                home.run(&["remember", &said, "--user", "ana"]).succeeds();
            }
        });
        threads.spawn(|| {
            for _ in 0..6 {
                let run = home.run(&["recall", "where do I live?", "--json"]).succeeds();
                assert_eq!(run.json()["results"][0]["session"], "move");
                home.run(&["recall", "kitchen", "--words-only"]).succeeds();
                home.run(&["stats"]).succeeds();
                home.run(&["export"]).succeeds();
            }
        });
    });
    home.run(&["index"]).succeeds();
    let turns = IMPORTED + REMEMBERED + 7;
    assert_eq!(counts(&home), json!([turns, turns, turns, 0]));
    let notes = home.exported("ana");
    let notes: BTreeSet<&str> = notes.iter().filter_map(|turn| turn["text"].as_str()).collect();
    assert_eq!(notes.len() as u64, REMEMBERED);
    assert_eq!(home.exported("bo").len() as u64, IMPORTED);
    assert_eq!(home.exported("default").len(), 7);
}
