//! The interactive chat: sessions that go on, commands, answers that are broken off.

use std::process::Stdio;

use crate::stand_in::{Answer, StandIn};
use crate::support::{Home, assert_shown, transcript};

/// A home with a history whose language model gives these answers.
fn home(answers: Vec<Answer>) -> (Home, StandIn) {
    let server = StandIn::answering(answers);
    let home = Home::with_model()
        .with_history()
        .with("ANTHROPIC_API_KEY", "sk-ant-4711")
        .with("ANTHROPIC_BASE_URL", &server.url);
    (home, server)
}

fn yes() -> Vec<Answer> {
    vec![Answer::anthropic("Yes", ".")]
}

/// What was said in a session, as "role: text".
fn said_in(home: &Home, session: &str) -> Vec<String> {
    let turns = home.exported("default").into_iter().filter(|turn| turn["session"] == session);
    let text = |turn: &serde_json::Value, field: &str| turn[field].as_str().unwrap().to_owned();
    turns.map(|turn| format!("{}: {}", text(&turn, "role"), text(&turn, "text"))).collect()
}

#[test]
fn a_slip_in_a_name_begins_no_second_session() {
    let (home, _server) = home(yes());
    let chat = |arguments: &[&str]| {
        home.run_with_input(&[&["chat", "--session"], arguments].concat(), "Hello, world!\n")
    };
    let runs = [
        chat(&["kitchne"]).ends_with(1),
        home.run(&["ask", "Hello, world!", "--session", "kitchne"]).ends_with(1),
        chat(&["move", "--new"]).ends_with(1),
        home.run(&["chat", "--new"]).ends_with(2),
    ];
    assert_shown!(home, transcript(runs));
    assert_eq!(said_in(&home, "kitchne"), Vec::<String>::new());

    chat(&["kitchne", "--new"]).succeeds();
    assert_eq!(said_in(&home, "kitchne").len(), 2);
    // Names that count are meant so.
    for name in ["day-1", "day-2", "day-10"] {
        let run = chat(&[name]).succeeds();
        assert!(run.stderr.starts_with(&format!("New session \"{name}\"")), "{run}");
    }
}

#[test]
fn a_session_goes_on_by_its_title_or_as_the_last_talk() {
    let (home, _server) = home(yes());
    let none = home.run(&["chat", "--continue"]).ends_with(1);
    assert!(none.stderr.contains("has no talk to go on with"), "{none}");
    home.run_with_input(&["chat", "--session", "moving house"], "Is it far?\n").succeeds();
    assert_eq!(said_in(&home, "move").len(), 6);
    let last = home.run_with_input(&["chat", "-c"], "And now?\n").succeeds();
    let greeting = "Session \"Moving house\" (move) of default, 6 turns; ";
    assert!(last.stderr.starts_with(greeting), "{last}");

    home.run_with_input(&["chat"], "hi\nWhich tiles fit the kitchen?\n").succeeds();
    let sessions = home.run(&["sessions"]).succeeds();
    assert!(sessions.stdout.starts_with("Which tiles fit the kitchen? · "), "{sessions}");
    let last = home.run_with_input(&["chat", "-c"], "/session\n").succeeds();
    assert!(last.stderr.starts_with("Session \"Which tiles fit the kitchen?\" (chat "), "{last}");
    home.run(&["chat", "--resume"]).ends_with(1);
}

#[test]
fn memory_is_changed_in_the_talk() {
    let (home, _server) = home(yes());
    let lines = "/why\n/remember The wifi code is 4711.\n/facts add lives in Lisbon\n\
        /facts edit 1 lives in Graça\n/facts\n/facts delete 1\n/facts delete 1\n/facts edit\n\
        /show 8\n/show 99\n/show x\nWhat does the kitchen cost?\n/why\n/forget\n/forget 99\n/sessions\n";
    let run = home.run_with_input(&["chat", "--session", "talk"], lines).succeeds();
    assert_shown!(home, transcript([run]));
    assert_eq!(said_in(&home, "notes"), ["user: The wifi code is 4711."]);
}

/// The program, which was broken off with this signal when the first half of its answer had come.
#[cfg(unix)]
fn broken_off(home: &Home, arguments: &[&str], message: &str, signal: &str) -> Option<i32> {
    use std::io::{Read, Write};

    let mut chat = home.longmem(arguments);
    chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut chat = chat.spawn().unwrap();
    let mut keys = chat.stdin.take().unwrap();
    keys.write_all(message.as_bytes()).unwrap();
    // A single question waits for the end of what is piped in.
    let keys = (!message.is_empty()).then_some(keys);
    let mut heard = [0; 7];
    chat.stdout.as_mut().unwrap().read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"Half an");
    let interrupt = [signal, &chat.id().to_string()];
    assert!(std::process::Command::new("kill").args(interrupt).status().unwrap().success());
    drop(keys);
    chat.wait().unwrap().code()
}

/// Whoever breaks an answer off keeps what was shown, and it goes on from there.
#[cfg(unix)]
#[test]
fn an_answer_that_is_broken_off_is_kept() {
    let part = "assistant: Half an\n\n[broken off]";
    for (arguments, message, signal, code) in [
        (&["ask", "Really?", "--session", "talk"][..], "", "-INT", 130),
        (&["chat", "--session", "talk"], "Really?\n", "-INT", 0),
        (&["chat", "--session", "talk"], "Really?\n", "-HUP", 130),
        (&["chat", "--session", "talk"], "Really?\n", "-TERM", 130),
    ] {
        let (home, server) =
            home(vec![Answer::anthropic_hanging("Half an"), Answer::anthropic("answer", ".")]);
        assert_eq!(broken_off(&home, arguments, message, signal), Some(code), "{signal}");
        assert_eq!(said_in(&home, "talk"), ["user: Really?", part]);
        home.run(&["doctor"]).succeeds();
        home.run_with_input(&["chat", "--session", "talk"], "/continue\n").succeeds();
        assert_eq!(said_in(&home, "talk").len(), 3);
        // Later prompts hold the answer in one piece.
        home.run_with_input(&["chat", "--session", "talk"], "And then?\n").succeeds();
        let prompt = server.asked()[2].body.to_string();
        assert!(prompt.contains("Half an answer.") && !prompt.contains("broken off"), "{prompt}");
    }
    let (home, _server) = home(vec![Answer::anthropic_hanging("Half an")]);
    assert_eq!(broken_off(&home, &["ask", "Really?"], "", "-INT"), Some(130));
    assert_eq!(home.exported("default").len(), 7);
}

/// A program that reads an answer gets it as it is.
#[test]
fn an_answer_in_a_pipe_is_raw() {
    let (home, _server) = home(vec![Answer::anthropic("## Head\n**bold** ", "`code`")]);
    let run = home.run_with_input(&["chat"], "Hello!\n").succeeds();
    assert_eq!(run.stdout, "## Head\n**bold** `code`\n");
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use super::*;
    use crate::terminal::Terminal;

    const ALT_ENTER: &str = "\u{1b}\r";

    fn chat(home: &Home, arguments: &[&str]) -> Terminal {
        Terminal::run(&home.longmem(&[&["chat"], arguments].concat()))
    }

    #[test]
    fn several_lines_are_one_message() {
        let (home, _server) = home(yes());
        let mut terminal = chat(&home, &["--session", "talk"]);
        terminal.wait_for("you> ");
        terminal.type_in("\u{1b}[200~line one\nline two\n\u{1b}[201~\r");
        terminal.wait_for("Yes.");
        terminal.wait_for("you> ");
        terminal.type_in(&format!("three{ALT_ENTER}four\\\rfive\r"));
        terminal.wait_for("Yes.");
        terminal.wait_for("you> ");
        terminal.type_in("/quit\r");
        terminal.wait();
        let said = said_in(&home, "talk");
        assert_eq!([&said[0], &said[2]], ["user: line one\nline two", "user: three\nfour\nfive"]);
    }

    #[test]
    fn markup_is_shown_as_attributes_and_stored_as_it_is() {
        let (home, server) = home(vec![Answer::anthropic("## Head\n**bo", "ld** words")]);
        let mut terminal = chat(&home, &["--session", "talk"]);
        terminal.wait_for("you> ");
        terminal.type_in("Hello!\r");
        terminal.wait_for("Head\r\nbold words");
        assert!(terminal.written().contains("\u{1b}[1mbold\u{1b}[0m"));
        terminal.wait_for("you> ");
        terminal.type_in("\u{4}");
        terminal.wait();
        assert_eq!(said_in(&home, "talk")[1], "assistant: ## Head\n**bold** words");
        let home = home.with("NO_COLOR", "1");
        let mut terminal = Terminal::run(&home.longmem(&["ask", "Hello?"]));
        terminal.wait_for("## Head\r\n**bold** words");
        terminal.wait();
        assert_eq!(server.asked().len(), 2);
    }

    #[test]
    fn what_is_forgotten_leaves_the_history_of_the_prompt() {
        let (home, _server) = home(yes());
        let mut terminal = chat(&home, &["--session", "talk"]);
        terminal.wait_for("you> ");
        terminal.type_in("The code is 4711.\r");
        terminal.wait_for("Yes.");
        terminal.wait_for("you> ");
        terminal.type_in(" never kept\r");
        terminal.wait_for("Yes.");
        terminal.wait_for("you> ");
        terminal.type_in("The dog limps.\r");
        terminal.wait_for("Yes.");
        terminal.wait_for("you> ");
        terminal.type_in("/forget\r");
        terminal.wait_for("Forget 2 turns for good?");
        terminal.type_in("y");
        terminal.wait_for("Forgot 2 turns.");
        terminal.wait_for("you> ");
        terminal.type_in("/quit\r");
        terminal.wait();
        let histories = std::fs::read_dir(home.path("data/longmem/spool")).unwrap();
        let history = histories.map(|file| file.unwrap().path());
        let history = history.into_iter().find(|path| path.extension().unwrap() == "history");
        let history = std::fs::read_to_string(history.unwrap()).unwrap();
        assert_eq!(history, "The code is 4711.\n/forget\n/quit\n");
    }

    /// What was typed is on disk when the window is closed at the prompt, and in an answer.
    #[test]
    fn a_closed_window_loses_nothing() {
        let (home, _server) =
            home(vec![Answer::anthropic("Yes", "."), Answer::anthropic_hanging("Half an")]);
        let mut terminal = chat(&home, &["--session", "talk"]);
        terminal.wait_for("you> ");
        terminal.type_in("Hello!\r");
        terminal.wait_for("Yes.");
        terminal.wait_for("you> ");
        terminal.type_in("Really?\r");
        // A word is shown when it is complete.
        terminal.wait_for("Half");
        terminal.close();
        let whole = |home: &Home| said_in(home, "talk").len() == 4;
        for _ in 0..200 {
            if whole(&home) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert_eq!(said_in(&home, "talk")[3], "assistant: Half an\n\n[broken off]");
    }

    #[test]
    fn a_session_is_picked_from_a_list() {
        let (home, _server) = home(yes());
        let mut terminal = chat(&home, &["--resume"]);
        terminal.wait_for("Moving house");
        terminal.type_in("kitch");
        terminal.type_in("\r");
        let shown = terminal.wait_for("Session \"The kitchen\" (kitchen) of default, 3 turns");
        assert!(shown.contains("Tomás> The tiles come from Aveiro on Tuesday."), "{shown}");
        terminal.wait_for("you> ");
        terminal.type_in("/quit\r");
        terminal.wait();
    }
}
