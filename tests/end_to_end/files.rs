//! Who may read what longmem writes, which files are refused, and what is said when a disk is full or
//! the output cannot be written.

#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Home, Run, assert_shown, read_all, transcript};

/// Runs the program through a shell that sets something up first.
fn run_after(home: &Home, set_up: &str, arguments: &[&str]) -> Run {
    let inner = home.longmem(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{set_up}; exec \"$0\" \"$@\"")]);
    shell.arg(inner.get_program()).args(inner.get_args());
    shell.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(home.path(""));
    Run::of(format!("{set_up}; longmem {}", arguments.join(" ")), shell, "")
}

/// Runs the program with an output on which nothing can be written.
fn run_to_full_output(home: &Home, line: &str) -> Run {
    let mut process = home.longmem(&line.split(' ').collect::<Vec<_>>());
    process.stdout(File::create("/dev/full").unwrap()).stderr(Stdio::piped());
    let mut child = process.spawn().unwrap();
    let stderr = read_all(child.stderr.take().unwrap());
    let code = child.wait().unwrap().code();
    Run::ended(format!("longmem {line} > /dev/full"), stderr, code)
}

/// Every file and folder below a folder that others than its owner may read.
fn open_to_others(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            let metadata = fs::metadata(&path).unwrap();
            let mode = metadata.mode() & 0o777;
            let mut open = if metadata.is_dir() { open_to_others(&path) } else { Vec::new() };
            if mode & 0o077 != 0 {
                open.push(format!("{} {mode:o}", path.display()));
            }
            open
        })
        .collect()
}

#[test]
fn what_is_written_is_private_under_any_umask() {
    for umask in ["umask 000", "umask 022", "umask 077"] {
        let home = Home::new();
        fs::create_dir(home.path("mine")).unwrap();
        fs::set_permissions(home.path("mine"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::remove_dir(home.path("no-model")).unwrap();
        for line in [
            "remember hello",
            "backup mine/copy.db",
            "export -o mine/turns.jsonl",
            "remember hello --db mine/new/memory.db",
        ] {
            run_after(&home, umask, &line.split(' ').collect::<Vec<_>>()).succeeds();
        }
        // The folder that everything of a person stands in is theirs to open.
        let made = home.path("data/longmem");
        assert_eq!(fs::metadata(&made).unwrap().mode() & 0o777, 0o700, "{umask}");
        for folder in [made, home.path("mine")] {
            assert_eq!(open_to_others(&folder), [""; 0], "{umask}");
        }
    }
}

#[test]
fn a_store_that_others_could_read_is_narrowed_with_a_notice() {
    let home = Home::new().with_history();
    fs::set_permissions(home.store(), fs::Permissions::from_mode(0o644)).unwrap();
    let first = home.run(&["stats", "--json"]).succeeds();
    let expected = format!(
        "{} could be read by other accounts (mode 644); from now on it is yours alone\n",
        home.store().display()
    );
    assert_eq!(first.stderr, expected);
    assert_eq!(first.json()["turns"], 7);
    assert_eq!(home.run(&["stats"]).succeeds().stderr, "");
    assert_eq!(fs::metadata(home.store()).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn files_that_are_no_files_are_refused_at_once() {
    let home = Home::new().with_history();
    assert!(Command::new("mkfifo").arg(home.path("pipe")).status().unwrap().success());
    fs::hard_link(home.store(), home.path("second.db")).unwrap();
    home.write("empty.db", "");
    let lines = [
        "stats --db pipe",
        "remember x --db pipe",
        "remember x --db /dev/null",
        "stats --db /dev/full",
        "stats --db .",
        "stats --config pipe",
        "context x --persona pipe",
        "import pipe",
        "import /dev/zero",
        "stats --db second.db",
        "stats",
        "stats --db empty.db",
        "recall x --words-only --db empty.db",
    ];
    assert_shown!(home, transcript(lines.map(|line| home.run_words(line))));
    assert_eq!(fs::read(home.path("empty.db")).unwrap(), b"");
    home.run(&["stats", "--config", "/dev/null", "--db", "empty.db"]).ends_with(1);
}

#[test]
fn new_files_replace_others_only_on_request() {
    let home = Home::new().with_history();
    let store = home.store().display().to_string();
    symlink("turns.jsonl", home.path("link")).unwrap();
    let lines = [
        "export -o turns.jsonl",
        "export -o turns.jsonl",
        "export -o turns.jsonl --force",
        "export -o link --force",
        "export -o /dev/null --force",
        "backup copy.db",
        "backup copy.db --force",
        "export --force",
    ];
    let mut runs: Vec<_> = lines.iter().map(|line| home.run_words(line)).collect();
    runs.push(home.run(&["backup", &store, "--force"]));
    runs.push(home.run(&["export", "-o", &format!("{store}-wal"), "--force"]));
    assert_shown!(home, transcript(runs));
    assert_eq!(home.exported("default").len(), 7);
    assert_eq!(fs::read_to_string(home.path("turns.jsonl")).unwrap().lines().count(), 8);
    let left = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("partial")));
}

/// What was stored must not be stored again because its report could not be printed.
#[test]
fn what_is_done_is_said_to_be_done_where_nothing_can_be_printed() {
    let home = Home::new();
    home.write("history.jsonl", crate::support::HISTORY);
    let lines = [
        "remember hello",
        "remember hello --json",
        "facts add likes-tea",
        "facts add likes-tea --json",
        "facts edit 1 likes-coffee",
        "facts delete 1",
        "import history.jsonl",
        "import history.jsonl --json",
        "backup copy.db",
        "forget --session kitchen --yes",
        "forget --session move --yes --json",
        "stats",
        "export",
    ];
    assert_shown!(home, transcript(lines.map(|line| run_to_full_output(&home, line))));
    assert_eq!(home.exported("default").len(), 2, "what was said to be stored and forgotten is");
}

/// A limit on the size of files stops an import in the middle, as a full disk does.
#[test]
fn an_import_that_stops_in_the_middle_says_what_is_stored_and_goes_on() {
    let home = Home::new();
    let lines = history(20_000);
    home.write("history.jsonl", lines);
    let limit = "trap '' XFSZ; ulimit -f 5000";
    let stopped = run_after(&home, limit, &["import", "history.jsonl"]).ends_with(3);
    let stored = home.run(&["stats", "--json"]).succeeds().json()["turns"].as_u64().unwrap();
    assert!((1_000..20_000).contains(&stored), "{stored}");
    let said = format!("what was stored before stays ({stored} turns), and the same again goes on");
    assert!(stopped.stderr.contains(&said), "{stopped}");
    // Neither a copy nor an export that did not fit leaves anything.
    run_after(&home, "trap '' XFSZ; ulimit -f 100", &["backup", "copy.db"]).ends_with(3);
    run_after(&home, "trap '' XFSZ; ulimit -f 100", &["export", "-o", "out.jsonl"]).ends_with(3);
    let names: Vec<_> = fs::read_dir(home.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("copy") || name.starts_with("out"))
        .collect();
    assert_eq!(names, [""; 0]);
    home.run(&["import", "history.jsonl"]).succeeds();
    assert_eq!(home.run(&["stats", "--json"]).json()["turns"], 20_000);
    home.run(&["backup", "copy.db"]).succeeds();
}

/// What is deleted is said to be so where only its bytes cannot be overwritten, and any command that finds
/// room overwrites them.
#[test]
fn a_full_disk_does_not_deny_what_is_forgotten_or_changed() {
    let home = Home::new();
    let lines =
        (0..3_000).map(|n| format!("{{\"role\":\"user\",\"text\":\"word{n} of {}\"}}\n", n * 7));
    home.write("history.jsonl", lines.collect::<String>());
    home.run(&["import", "history.jsonl"]).succeeds();
    home.run(&["remember", "the zebraquartz is hidden"]).succeeds();
    home.run(&["remember", "it stays in oldnarwhal"]).succeeds();
    home.run(&["facts", "add", "sells walrusglass"]).succeeds();
    let is_on_disk = |text: &str| {
        fs::read_dir(home.store().parent().unwrap()).unwrap().any(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    };
    let limit = "trap '' XFSZ; ulimit -f 1000";
    for line in ["forget --turn 3001 --yes", "edit 3002 elsewhere --yes"] {
        let run = run_after(&home, limit, &line.split(' ').collect::<Vec<_>>()).succeeds();
        assert!(run.stderr.contains("the deleted bytes could not be overwritten"), "{run}");
    }
    run_after(&home, limit, &["facts", "delete", "1", "--yes"]).succeeds();
    assert!(is_on_disk("zebraquartz"), "else nothing was tried here");
    assert_eq!(home.run(&["stats", "--json"]).json()["turns"], 3_001);
    for gone in ["zebraquartz", "oldnarwhal", "walrusglass"] {
        assert!(!is_on_disk(gone), "{gone}");
    }
}

/// So many turns as JSON Lines.
fn history(turns: usize) -> String {
    let line = |n| json!({"id": format!("{n}"), "role": "user", "text": format!("word{n} of many {}", n * 7)});
    let lines: Vec<String> = (0..turns).map(|n| line(n).to_string()).collect();
    lines.join("\n")
}

#[test]
fn an_interrupted_backup_leaves_nothing_and_says_so() {
    let home = Home::new();
    let lines = history(40_000);
    home.write("history.jsonl", lines);
    home.run(&["import", "history.jsonl"]).succeeds();
    let mut child = home.longmem(&["backup", "copy.db"]).stderr(Stdio::piped()).spawn().unwrap();
    while !home.path("copy.db.partial").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        std::thread::yield_now();
    }
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.is_ok_and(|status| status.success()));
    let said = read_all(child.stderr.take().unwrap());
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert_eq!(said, "error: interrupted; nothing was copied, and no file was left\n");
    assert!(!home.path("copy.db").exists() && !home.path("copy.db.partial").exists());
    // Whoever is killed leaves no file under the final name, and the next copy replaces the rest.
    let mut child = home.longmem(&["backup", "copy.db"]).spawn().unwrap();
    while !home.path("copy.db.partial").exists() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!home.path("copy.db").exists());
    home.run(&["backup", "copy.db"]).succeeds();
    assert!(!home.path("copy.db.partial").exists());
    assert_eq!(home.run(&["stats", "--json", "--db", "copy.db"]).json()["turns"], 40_000);
}

/// In a name space of its own the store's folder is mounted for reading only; where that is not
/// allowed, the tests of longmem-sqlite with another account have to do.
#[cfg(target_os = "linux")]
#[test]
fn a_store_on_a_read_only_file_system_is_read() {
    const MOUNT: &str =
        "mount --bind data/longmem data/longmem && mount -o remount,bind,ro data/longmem";
    let home = Home::with_model().with_history();
    home.run(&["index"]).succeeds();
    home.run(&["remember", "The dog is called Baltasar."]).succeeds();
    let may_mount = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", MOUNT])
        .current_dir(home.path(""))
        .status();
    if !may_mount.is_ok_and(|status| status.success()) {
        return;
    }
    let lines = [
        "recall Baltasar --words-only -n 1",
        "recall dog -n 1",
        "stats --json",
        "sessions",
        "export --session move",
        "backup copy.db",
        "remember x",
        "facts add x",
        "index",
        "forget --all --yes",
    ];
    let shown = transcript(lines.map(|line| {
        let inner = home.longmem(&line.split(' ').collect::<Vec<_>>());
        let mut process = Command::new("unshare");
        let then = format!("{MOUNT} && exec \"$0\" \"$@\"");
        process.args(["--map-root-user", "--mount", "sh", "-c", &then]);
        process.arg(inner.get_program()).args(inner.get_args());
        process.env_clear();
        process.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        process.current_dir(home.path(""));
        Run::of(format!("longmem {line}"), process, "")
    }));
    assert_shown!(home, shown);
    let files = fs::read_dir(home.path("data/longmem")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: Vec<_> = names.filter(|name| name.starts_with("memory")).collect();
    assert_eq!(names, ["memory.db"]);
}
