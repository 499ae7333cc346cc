//! Nothing crosses users, and stored text never commands a terminal.

use crate::support::Home;

/// Users whose names could be taken for each other, for a pattern, for a path or for code, and
/// where each has a secret garden.
const USERS: [(&str, &str); 8] = [
    ("ana", "Lisbon"),
    ("Ana", "Braga"),
    ("ana ", "Porto"),
    ("%", "Aveiro"),
    ("../*", "Faro"),
    ("x'); DROP TABLE turns;--", "Sintra"),
    ("x\" OR \"1\"=\"1", "Évora"),
    ("ana\u{200b}", "Coimbra"),
];

/// What a user keeps: words of which none is the other's, in a session of a telling name.
fn tell(home: &Home, user: &str, place: &str) {
    let said = format!("My secret garden is in {place}.");
    let session = format!("about {place}");
    home.run(&["remember", &said, "--user", user, "--session", &session]).succeeds();
}

#[test]
fn no_user_sees_another() {
    let home = Home::with_model();
    for (user, place) in USERS {
        tell(&home, user, place);
    }
    home.run(&["index"]).succeeds();
    for (user, own) in USERS {
        let foreign = || USERS.iter().map(|(_, place)| *place).filter(|place| *place != own);
        // A question that nearly quotes what everybody said.
        let question = "My secret garden is in which city?";
        for command in [
            &["recall", question, "-n", "100", "--explain"][..],
            &["recall", question, "-n", "100", "--json"],
            &["recall", "secret garden", "--words-only"],
            &["ask", question],
            &["context", question, "--json"],
            &["sessions"],
            &["export"],
            &["forget", "--all", "--dry-run"],
        ] {
            let run = home.run(&[command, &["--user", user]].concat()).succeeds();
            assert!(run.shown().contains(own), "{run}");
            assert!(!foreign().any(|place| run.shown().contains(place)), "{user:?}: {run}");
        }
        let input = "/recall secret garden\n/quit\n";
        let talk = home.run_with_input(&["chat", "--user", user], input).succeeds();
        assert!(talk.stdout.contains(own), "{talk}");
        assert!(!foreign().any(|place| talk.shown().contains(place)), "{user:?}: {talk}");
    }
}

/// A session's turns stand in a prompt without being recalled.
#[test]
fn sessions_of_the_same_name_are_two() {
    let home = Home::with_model();
    for (user, place) in [("ana", "Lisbon"), ("bo", "Braga")] {
        let said = format!("My secret garden is in {place}.");
        home.run(&["remember", &said, "--user", user, "--session", "garden"]).succeeds();
    }
    let ask = ["context", "where?", "--session", "garden", "--json", "--user", "ana"];
    let run = home.run(&ask).succeeds();
    assert!(run.stdout.contains("Lisbon") && !run.stdout.contains("Braga"), "{run}");
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
    let run =
        home.run(&["forget", "--turn", &turn, "--yes", "--json", "--user", "ana"]).ends_with(1);
    assert!(run.stderr.contains("\"unknown_turn\""), "{run}");
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
    let results = recalled["results"].as_array().unwrap();
    assert!(results.iter().any(|found| found["text"] == said), "{recalled}");
}
