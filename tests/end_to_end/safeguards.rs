//! Redaction and moderation as README sets them up, and programs that moderate badly.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::stand_in::{Answer, StandIn};
use crate::support::{Home, REPOSITORY};

/// A file of README's, known by its first line and by words in it.
fn of_readme(begins: &str, words: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(REPOSITORY).join("README.md")).unwrap();
    let blocks = readme.split(begins).skip(1).map(|block| block.split("```").next().unwrap());
    blocks.into_iter().find(|block| block.contains(words)).unwrap().to_owned()
}

fn script(home: &Home, name: &str, text: &str) -> String {
    home.write(name, text);
    let path = home.path(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn configure(home: &Home, text: &str) {
    std::fs::create_dir_all(home.path("config/longmem")).unwrap();
    home.write("config/longmem/config.toml", text);
}

/// README's configuration with README's program in its place.
fn as_in_readme(home: &Home) {
    let judge = script(home, "judge", &of_readme("```sh\n", "bluebird"));
    let config = of_readme("```toml\n", "[moderation]");
    let config = &config[config.find("[redaction]").unwrap()..];
    configure(home, &config.replace("/usr/local/bin/judge", &judge));
}

/// Fails if a file of longmem's holds one of these texts.
fn assert_nowhere(home: &Home, texts: &[&str]) {
    let mut folders = vec![home.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).unwrap();
            let content = String::from_utf8_lossy(&content).to_lowercase();
            for text in texts {
                assert!(!content.contains(text), "{} holds {text}", path.display());
            }
        }
    }
}

#[test]
fn what_readme_sets_up_keeps_secrets_and_refused_words_out_of_every_file() {
    let home = Home::new();
    as_in_readme(&home);
    home.run(&["remember", "I am E-12345, PASSWORD=zebra77x!"]).succeeds();
    let refused = home.run(&["remember", "project bluebird"]).ends_with(1);
    assert!(refused.stderr.contains("bluebird is not to be kept"), "{refused}");
    home.run(&["facts", "add", "my password is zebra77x!"]).succeeds();
    for changed in [
        &["facts", "edit", "1", "card 4111 1111 1111 1111"][..],
        &["edit", "1", "now PASSWORD=zebra77x!", "--yes"],
        &["sessions", "rename", "notes", "PASSWORD=zebra77x!"],
    ] {
        home.run(changed).succeeds();
    }
    for refused in [
        &["facts", "add", "watches a bluebird"][..],
        &["facts", "edit", "1", "a bluebird"],
        &["edit", "1", "a bluebird", "--yes"],
        &["sessions", "rename", "notes", "a bluebird"],
        &["ask", "Where is the bluebird?", "--session", "talk"],
    ] {
        assert!(home.run(refused).ends_with(1).stderr.contains("is not to be kept"));
    }
    let talk =
        "my PASSWORD=zebra77x! is new\nthe bluebird\n/remember a bluebird\n/facts add E-12345\n";
    home.run_with_input(&["chat", "--session", "talk"], talk);
    assert_nowhere(&home, &["zebra", "e-12345", "bluebird", "4111 1111"]);
    let counted = home.run(&["stats", "--json"]).succeeds().json()["redacted"].to_string();
    assert!(counted.contains("employee number") && counted.contains("password"), "{counted}");
}

/// What is refused is neither in the prompt that would ask it nor in the next one; an answer that is
/// refused is neither shown nor stored.
#[test]
fn what_is_refused_reaches_no_model_and_a_refused_answer_nobody() {
    let answers = vec![Answer::anthropic("The blue", "bird sings."), Answer::anthropic("Yes", ".")];
    let server = StandIn::answering(answers);
    let home = Home::with_model()
        .with("ANTHROPIC_API_KEY", "sk-ant-4711")
        .with("ANTHROPIC_BASE_URL", &server.url);
    as_in_readme(&home);
    let talk = "the bluebird\nWho sings? PASSWORD=zebra77x!\nReally?\n";
    let run = home.run_with_input(&["chat", "--session", "talk"], talk);
    assert!(!run.stdout.contains("bird") && run.stdout.contains("Yes."), "{run}");
    let asked: String = server.asked().iter().map(|asked| asked.body.to_string()).collect();
    assert!(asked.contains("Really?"), "{asked}");
    assert!(!asked.contains("bluebird") && !asked.contains("zebra"), "{asked}");
    assert_nowhere(&home, &["bluebird", "zebra"]);
}

/// Whatever a program does, nothing unjudged is stored, and nothing of it runs on.
#[test]
fn a_program_that_moderates_badly_lets_nothing_through() {
    let home = Home::new();
    let allow = r#"echo '{"action":"allow"}'"#;
    let many = format!("{allow}; {allow}");
    let programs = [
        ("endless", "while :; do echo x; done", "one line"),
        ("endless-line", "exec tr '\\0' x </dev/zero", "more than one line"),
        ("twice", many.as_str(), "more than one line"),
        ("never-reads", "exec sleep 600", "gave no answer within"),
        ("forks", "sleep 600 & echo $! > child; wait", "gave no answer within"),
        ("no-utf8", r#"printf '{"action":"refuse","reason":"\377"}\n'"#, "something else than"),
        ("no-json", "echo yes", "something else than"),
        ("no-action", r#"echo '{"action":"perhaps"}'"#, "something else than"),
        ("ends", "echo why >&2; exit 7", "ended without an answer"),
        ("closes", "exec >&-; sleep 600", "ended without an answer"),
        ("empty", r#"echo '{"action":"replace","text":" "}'"#, "an empty one"),
    ];
    for (name, text, expected) in programs {
        let program = script(&home, name, &format!("#!/bin/sh\n{text}\n"));
        // Those that answer have time enough on a busy machine.
        let timeout = if expected == "gave no answer within" { 1 } else { 30 };
        configure(
            &home,
            &format!("[moderation]\ncommand = [\"{program}\"]\ntimeout_seconds = {timeout}\n"),
        );
        let run = home.run(&["remember", "unjudged"]).ends_with(3);
        assert!(run.stderr.contains(expected) && run.stderr.contains("hint: "), "{run}");
    }
    let child = std::fs::read_to_string(home.path("child")).unwrap();
    let status = format!("/proc/{}/stat", child.trim());
    // What was killed may take a moment to be gone, and stays as a zombie where nobody waits for it.
    let runs_on = || std::fs::read_to_string(&status).is_ok_and(|status| !status.contains(") Z "));
    let ended = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        !runs_on()
    });
    assert!(ended, "a child runs on");
    for named in ["missing/judge", "./judge", "no-such-judge"] {
        configure(&home, &format!("[moderation]\ncommand = [\"{named}\"]\n"));
        assert!(home.run(&["remember", "unjudged"]).code != Some(0));
    }
    assert_eq!(home.run(&["stats", "--json"]).succeeds().json()["turns"], 0);
}

/// What is typed stands in the history of the prompt before it is judged.
#[cfg(target_os = "linux")]
#[test]
fn what_is_typed_is_kept_without_secrets_and_with_moderation_not_at_all() {
    use crate::terminal::Terminal;

    let talk = |home: &Home, line: &str, answer: &str| {
        let mut terminal = Terminal::run(&home.longmem(&["chat", "--session", "talk"]));
        terminal.wait_for("you> ");
        terminal.type_in(&format!("{line}\r"));
        terminal.wait_for(answer);
        terminal.wait_for("you> ");
        terminal.type_in("/quit\r");
        terminal.wait();
    };
    let home = Home::new().with("LONGMEM_REDACT", "1");
    talk(&home, "/remember PASSWORD=zebra77x! is new", "Remembered: turn 1");
    assert_nowhere(&home, &["zebra"]);
    let spool = std::fs::read_dir(home.path("data/longmem/spool")).unwrap();
    let history = spool.map(|file| file.unwrap().path());
    let history = history.into_iter().find(|path| path.extension().unwrap() == "history").unwrap();
    let kept = std::fs::read_to_string(history).unwrap();
    assert_eq!(kept, "/remember PASSWORD=[redacted: password] is new\n/quit\n");

    let home = Home::new();
    as_in_readme(&home);
    talk(&home, "/remember a bluebird", "is not to be kept");
    assert_nowhere(&home, &["bluebird"]);
}
