//! A talk while another process holds the store: what was said waits in the spool, and comes into the
//! store once, whoever is killed.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rusqlite::Connection;

use crate::home::{Home, Killer, life_of};

const MESSAGE: &str = "I moved to a house in Porto.";

/// Another process that writes and does not end, as the store sees it.
fn locked(store: &Path) -> Connection {
    let connection = Connection::open(store).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

fn waits(home: &Home) -> bool {
    let Ok(files) = std::fs::read_dir(home.path(".local/share/longmem/spool")) else {
        return false;
    };
    let mut spools = files.map(|file| file.unwrap().path());
    spools.any(|path| {
        let is_spool = path.extension().is_some_and(|extension| extension == "jsonl");
        is_spool && std::fs::read_to_string(path).is_ok_and(|lines| lines.contains(MESSAGE))
    })
}

fn talk(home: &Home, message: &str) -> Child {
    let mut chat = home.command(&["chat", "--session", "talk", "--no-learning"]);
    chat.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut chat = chat.spawn().unwrap();
    writeln!(chat.stdin.take().unwrap(), "{message}").unwrap();
    chat
}

/// How often the message is in the store. Commands that read would store what waits first.
fn stored(home: &Home) -> usize {
    let connection = Connection::open(home.store()).unwrap();
    let count = "SELECT count(*) FROM turns WHERE text = ?1";
    connection.query_row(count, [MESSAGE], |row| row.get(0)).unwrap()
}

fn round(seed: u64) {
    let home = Home::new();
    let storing = ["chat", "-c", "--no-learning"];
    home.done(&["remember", "the first"]);
    assert!(talk(&home, "Hello, who is there?").wait().unwrap().success());
    let life = life_of(&mut home.command(&storing));

    let lock = locked(&home.store());
    let mut chat = talk(&home, MESSAGE);
    while !waits(&home) {
        assert_eq!(chat.try_wait().unwrap(), None, "it ended, and the message waits nowhere");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(fastrand::Rng::with_seed(seed).u64(..100)));
    chat.kill().unwrap();
    chat.wait().unwrap();
    drop(lock);
    home.is_sound(&home.store());
    assert_eq!(stored(&home), 0);

    let mut killer = Killer::new(seed);
    for _ in 0..4 {
        killer.strikes(&mut home.command(&storing), life);
        let stored = stored(&home);
        assert!(stored == 1 || stored == 0 && waits(&home), "{stored} times in the store");
        home.is_sound(&home.store());
    }
    home.done(&storing);
    assert_eq!(stored(&home), 1);
    assert!(!waits(&home));
    assert!(home.turns().iter().any(|turn| turn["text"] == "the first"));
}

#[test]
fn what_was_said_while_the_store_was_locked_comes_once() {
    std::thread::scope(|threads| {
        for seed in 1..=4 {
            threads.spawn(move || round(seed));
        }
    });
}

/// The session in which something was said is the last one, also while that waits.
#[test]
fn a_talk_goes_on_that_waits_in_the_spool() {
    let home = Home::new();
    home.done(&["remember", "the first"]);
    let lock = locked(&home.store());
    let mut chat = talk(&home, MESSAGE);
    while !waits(&home) {
        std::thread::sleep(Duration::from_millis(10));
    }
    chat.kill().unwrap();
    chat.wait().unwrap();
    drop(lock);
    home.done(&["chat", "-c", "--no-learning"]);
    assert_eq!(stored(&home), 1);
}
