//! Nothing crosses users, and stored text never commands a terminal.

use crate::support::Home;

/// Pairs of users whose names could be taken for each other, for a pattern, or for code.
const PAIRS: [(&str, &str); 6] = [
    ("ana", "Ana"),
    ("ana", "ana "),
    ("%", "_"),
    ("*", "../*"),
    ("x'); DROP TABLE turns;--", "x\" OR \"1\"=\"1"),
    ("ana\u{202e}", "ana\u{200b}"),
];

/// What a user keeps: words of which none is the other's, in a session of a telling name.
fn tell(home: &Home, user: &str, place: &str) {
    let said = format!("My secret garden is in {place}.");
    let session = format!("about {place}");
    home.run(&["remember", &said, "--user", user, "--session", &session]).succeeds();
}

#[test]
fn two_users_never_see_each_other() {
    for (one, other) in PAIRS {
        let home = Home::with_model();
        tell(&home, one, "Lisbon");
        tell(&home, other, "Braga");
        home.run(&["index"]).succeeds();
        for (user, own, foreign) in [(one, "Lisbon", "Braga"), (other, "Braga", "Lisbon")] {
            let question = format!("where is my secret garden, in {foreign}?");
            for command in [
                &["recall", &question, "--explain"][..],
                &["recall", &question, "--json"],
                &["recall", "secret garden", "--words-only"],
                &["ask", "where is my secret garden?"],
                &["context", "where is my secret garden?", "--json"],
                &["context", "where is my garden?", "--session", &format!("about {foreign}")],
                &["sessions"],
                &["sessions", "--json"],
                &["export"],
                &["forget", "--all", "--dry-run"],
                &["forget", "--all", "--dry-run", "--json"],
            ] {
                let run = home.run(&[command, &["--user", user]].concat()).succeeds();
                assert!(run.shown().contains(own) || command[0] == "sessions", "{run}");
                assert!(!run.shown().contains(foreign), "{user:?} sees {other:?}: {run}");
            }
            let input = "/recall secret garden\n/quit\n";
            let talk = home.run_with_input(&["chat", "--user", user], input).succeeds();
            assert!(talk.stdout.contains(own) && !talk.shown().contains(foreign), "{talk}");
        }
    }
}

#[test]
fn a_session_of_another_user_cannot_be_named() {
    let home = Home::new();
    tell(&home, "ana", "Lisbon");
    tell(&home, "bo", "Braga");
    for command in ["recall x --words-only", "export", "forget --yes"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--user", "ana", "--session", "about Braga"]);
        let run = home.run(&arguments).ends_with(1);
        assert!(run.stderr.starts_with("error: user \"ana\" has no session \"about Braga\""));
    }
}

#[test]
fn nobody_forgets_for_another() {
    let home = Home::new();
    tell(&home, "ana", "Lisbon");
    tell(&home, "bo", "Braga");
    let turn = home.run(&["recall", "garden", "--words-only", "--json", "--user", "bo"]).json();
    let turn = turn["results"][0]["id"].to_string();
    let run = home.run(&["forget", "--turn", &turn, "--yes", "--json", "--user", "ana"]).succeeds();
    assert_eq!(run.json()["turns"], 0);
    home.run(&["forget", "--all", "--yes", "--user", "ana"]).succeeds();
    assert_eq!(home.exported("bo").len(), 1);
}

/// Two users may name a turn alike.
#[test]
fn keys_belong_to_a_user() {
    let home = Home::new();
    for user in ["ana", "bo"] {
        let said = ["remember", "The port is 7443.", "--key", "port", "--json", "--user", user];
        assert_eq!(home.run(&said).succeeds().json()["new"], true);
        assert_eq!(home.run(&said).succeeds().json()["new"], false);
    }
}

#[test]
fn stored_escapes_are_shown_and_not_obeyed() {
    let home = Home::with_model();
    let said =
        "red \u{1b}[31malert\u{1b}[0m \u{1b}]0;title\u{7} over\rwritten \u{9b}2J \u{202e}drow";
    let names = ["--user", "a\u{202e}b", "--session", "s\u{2066}x"];
    let remember = ["remember", said, "--speaker", "loud\u{1b}[2J"];
    let line =
        r#"{"role":"user","text":"more","session":"t","title":"bad \u001b[5m title","id":"1"}"#;
    home.write("\u{1b}[7m.jsonl", line);
    let runs = [
        home.run(&[&remember[..], &names].concat()),
        home.run(&["import", "\u{1b}[7m.jsonl", "--user", names[1]]),
        home.run(&["recall", "alert", "--explain", "--user", names[1]]),
        home.run(&["ask", "alert", "--user", names[1]]),
        home.run(&["context", "alert", "--user", names[1]]),
        home.run(&["sessions", "--user", names[1]]),
        home.run(&["stats"]),
        home.run(&[&["forget", "--dry-run"][..], &names].concat()),
        home.run(&["recall", "alert", "--words-only", "--session", "\u{202e}", "--user", names[1]]),
        home.run_with_input(
            &[&["chat"][..], &names].concat(),
            "alert\n/recall alert\n/session\n/\u{1b}[2J\n",
        ),
    ];
    for run in runs {
        let harmless = |c: char| c == '\n' || !(c.is_control() || "\u{202e}\u{2066}".contains(c));
        assert!(run.shown().chars().all(harmless), "{run}");
    }
    // Data is passed on as it is, in JSON's own clothes.
    let recalled = home.run(&["recall", "alert", "--json", "--user", names[1]]).succeeds().json();
    assert_eq!(recalled["results"][0]["text"], said);
}
