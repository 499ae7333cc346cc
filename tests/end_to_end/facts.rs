//! What is known of a user: by hand, in a talk, from a talk.

use serde_json::Value;

use crate::rule_server::RuleServer;
use crate::support::{Home, assert_shown, transcript};

#[test]
fn by_hand() {
    let home = Home::new();
    let runs = [
        home.run(&["facts", "add", "works in fintech"]),
        home.run(&[
            "facts",
            "add",
            "is on leave until May",
            "--subject",
            "Priya",
            "--kind",
            "plan",
        ]),
        home.run(&["facts", "add", "works at a bank with Tomás Sousa", "--replaces", "1"]),
        home.run(&["facts", "add", "wants short answers", "--kind", "instruction"]),
        home.run(&["facts"]),
        home.run(&["facts", "--history"]),
        home.run(&["facts", "edit", "2", "is on leave until June"]),
        home.run(&["facts", "--about", "priya"]),
        home.run(&["facts", "--names"]),
        home.run(&["facts", "--as-of", "2020-01-01"]),
        home.run(&["facts", "delete", "3", "--yes"]),
        home.run(&["facts", "--history", "--json"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn facts_that_cannot_be() {
    let home = Home::new();
    let no_store = home.run(&["facts"]);
    home.run(&["facts", "add", "lives in Lisbon", "--user", "ana"]).succeeds();
    home.run(&["facts", "add", "lives in Oslo", "--user", "bob"]).succeeds();
    let long = "x".repeat(301);
    let runs = [
        no_store,
        home.run(&["facts", "--user", "nobody"]),
        home.run(&["facts", "edit", "2", "lives in Rome", "--user", "ana"]),
        home.run(&["facts", "delete", "2", "--yes", "--user", "ana"]),
        home.run(&["facts", "delete", "99", "--user", "ana", "--json"]),
        home.run(&["facts", "add", "lives here", "--replaces", "2", "--user", "ana"]),
        home.run(&["facts", "add", "two\nlines", "--user", "ana"]),
        home.run(&["facts", "add", "  ", "--user", "ana"]),
        home.run(&["facts", "add", "is", "--kind", "mood", "--user", "ana"]),
        home.run(&["facts", "--learn", "--user", "ana"]),
    ];
    assert_shown!(home, transcript(runs));
    home.run(&["facts", "add", &long, "--user", "ana"]).ends_with(1);
    let bob = home.run(&["facts", "--user", "bob", "--json"]).succeeds().json();
    assert_eq!(bob["facts"][0]["statement"], "lives in Oslo", "nobody touched it");
}

/// Neither needs a language model.
#[test]
fn what_do_you_know_about_me() {
    let home = Home::with_model();
    home.run(&["facts", "add", "works in fintech"]).succeeds();
    let chat = "/memory\nWhat do you know about me?\n";
    let runs = [
        home.run(&["ask", "what do you know about me?"]),
        home.run_with_input(&["chat", "--session", "talk"], chat),
    ];
    assert_shown!(home, transcript(runs));
    let known = home.run(&["ask", "what do you know about me?", "--json"]).succeeds().json();
    assert_eq!(known["facts"][0]["statement"], "works in fintech");
    let fresh = Home::with_model();
    let run = fresh.run_with_input(&["chat"], "/memory\n").succeeds();
    assert!(run.stderr.contains("Nothing is noted."), "{run}");
}

#[test]
fn facts_and_summaries_are_forgotten_with_their_user() {
    let home = Home::with_model().with_history();
    home.run(&["facts", "add", "works in fintech"]).succeeds();
    let runs = [
        home.run(&["forget", "--all", "--dry-run"]),
        home.run(&["forget", "--all", "--yes", "--json"]),
        home.run(&["facts"]),
    ];
    assert_shown!(home, transcript(runs));
}

/// The system text of a request.
fn system(asked: &Value) -> String {
    asked["system"].as_array().into_iter().flatten().map(|b| b["text"].as_str().unwrap()).collect()
}

/// A home whose language model follows rules, and where talks are learned from.
fn learning_home() -> (Home, RuleServer) {
    let server = RuleServer::start();
    let home = Home::with_model()
        .with("LONGMEM_NO_LEARNING", "")
        .with("ANTHROPIC_API_KEY", "sk-ant-test")
        .with("ANTHROPIC_BASE_URL", &server.url);
    (home, server)
}

/// Learned in the first session, in the prompt of the second, changed there, new in the third.
#[test]
fn a_fact_goes_from_talk_to_talk_until_it_changes() {
    let (home, server) = learning_home();
    let chat = |session: &str, input: &str| {
        home.run_with_input(&["chat", "--session", session], input).succeeds()
    };
    let first = chat("one", "The budget is 8,000.\nPriya is my sister.\n");
    assert!(first.stderr.contains("(learned: 2 new facts, 1 summary)"), "{first}");

    chat("two", "Good morning!\nThe budget is 11,500.\n");
    let prompts = server.take_chats();
    let second = system(&prompts[2]);
    assert!(second.contains("set the budget to 8,000\n"), "{second}");
    assert!(second.contains("Priya: is the user's sister\n"), "{second}");
    assert!(second.contains("\"one\": The budget is 8,000."), "its summary: {second}");

    chat("three", "What is the budget?\n");
    let third = system(&server.take_chats()[0]);
    assert!(third.contains("set the budget to 11,500\n"), "{third}");
    assert!(!third.contains("set the budget to 8,000"), "{third}");

    let runs = [
        home.run(&["facts"]),
        home.run(&["facts", "--history", "--about", "budget"]),
        home.run(&["facts", "--about", "Priya"]),
        home.run(&["sessions", "--summary"]),
        home.run(&["sessions", "--summary", "--session", "one", "--json"]),
        home.run(&["sessions", "--actions", "--session", "one"]),
    ];
    assert_shown!(home, transcript(runs));
}

/// The answer that outranks the newer one in recall does not outrank the fact.
#[test]
fn the_fact_that_holds_is_in_the_prompt_whatever_recall_ranks_first() {
    let (home, server) = learning_home();
    home.run_with_input(&["chat", "--session", "one"], "The budget is 8,000.\n").succeeds();
    home.run_with_input(&["chat", "--session", "two"], "The budget is 11,500.\n").succeeds();
    server.take_chats();
    home.run(&["ask", "What is the kitchen budget?"]).succeeds();
    let prompt = system(&server.take_chats()[0]);
    assert!(prompt.contains("set the budget to 11,500"), "{prompt}");
    assert!(!prompt.contains("set the budget to 8,000"), "{prompt}");
    let context = home.run(&["context", "What is the kitchen budget?"]).succeeds();
    assert!(context.stdout.contains("set the budget to 11,500"), "{context}");
}

/// What was imported is learned from when somebody asks for it, and once.
#[test]
fn learning_from_what_was_imported() {
    let (home, server) = learning_home();
    home.write(
        "old.jsonl",
        r#"{"role":"user","text":"I live in Porto.","id":"1","time":"2026-01-01","session":"old"}
{"role":"assistant","text":"I live in Rome.","id":"2","time":"2026-01-01","session":"old"}
"#,
    );
    home.run(&["import", "old.jsonl"]).succeeds();
    home.run_with_input(&["chat", "--session", "new"], "Hello!\n").succeeds();
    assert_eq!(home.run(&["facts"]).succeeds().stdout, "");
    let learned = home.run(&["facts", "--learn", "--learning-llm", "cheap"]).succeeds();
    assert!(learned.stdout.contains("lives in Porto · since 2026-01-01 · turn 1 in old"));
    assert!(!learned.stdout.contains("Rome"), "{learned}");
    assert_eq!(server.models().last().map(String::as_str), Some("cheap"));
    let asked = server.models().len();
    home.run(&["facts", "--learn"]).succeeds();
    assert_eq!(server.models().len(), asked, "there was nothing new to look at");
}

/// A model that does not answer loses nothing, and nobody waits for it for long.
#[test]
fn what_could_not_be_learned_is_learned_the_next_time() {
    let (home, server) = learning_home();
    server.set_learning_refused(true);
    let run = home.run_with_input(&["chat", "--session", "one"], "I live in Porto.\n").succeeds();
    assert!(run.stderr.contains("is not learned yet"), "{run}");
    server.set_learning_refused(false);
    home.run_with_input(&["chat", "--session", "two"], "").succeeds();
    let facts = home.run(&["facts"]).succeeds();
    assert!(facts.stdout.contains("lives in Porto"), "{facts}");
}

#[test]
fn nothing_is_learned_where_it_is_switched_off() {
    let (home, server) = learning_home();
    home.write("off.toml", "[learning]\nenabled = false\n");
    let chat = |flags: &[&str]| {
        let arguments = [&["chat", "--session", "one"], flags].concat();
        home.run_with_input(&arguments, "I live in Porto.\n").succeeds()
    };
    chat(&["--no-learning"]);
    chat(&["--config", "off.toml"]);
    assert_eq!(server.take_chats().len(), 2);
    assert_eq!(server.models().len(), 2, "the model was asked for answers only");
}

/// Neither a language model nor a learner is there.
#[test]
fn standing_instructions_are_noted_when_they_are_said() {
    let home = Home::with_model().with("LONGMEM_NO_LEARNING", "");
    let said = "I always take the bus. Always answer in metric.\nalways answer in Metric!\n";
    let runs = [
        home.run_with_input(&["chat", "--session", "one"], said),
        home.run(&["facts"]),
        home.run(&["remember", "Call me Samuel.", "--key", "name"]),
        home.run(&["remember", "From now on call me Sam.", "--json"]),
        home.run(&["remember", "She never calls.", "--json"]),
        home.run(&["remember", "Never use emojis.", "--role", "assistant"]),
        home.run(&["ask", "Don't use emojis.", "--session", "two"]),
        home.run(&["facts", "--history"]),
        home.run(&["context", "How far is Porto?"]).beginning(8),
        home.run(&["forget", "--session", "one", "--yes"]),
        home.run(&["facts", "delete", "3", "--yes"]),
        home.run(&["remember", "Call me Samuel.", "--key", "name"]),
        home.run(&["facts"]),
    ];
    assert_shown!(home, transcript(runs));
    let asked = home.run(&["ask", "Stop using bullet points.", "--session", "two", "--json"]);
    let facts = home.run(&["facts", "--json"]).succeeds().json();
    assert_eq!(asked.succeeds().json()["noted"][0], facts["facts"][1]["id"]);
}

#[test]
fn nothing_is_noted_of_what_is_imported_or_where_learning_is_switched_off() {
    let home = Home::with_model();
    home.write("old.jsonl", r#"{"role":"user","text":"Always answer in metric.","session":"old"}"#);
    home.write("off.toml", "[learning]\nenabled = false\n");
    home.run(&["import", "old.jsonl"]).succeeds();
    home.run(&["remember", "Call me Sam."]).succeeds();
    home.run(&["ask", "Call me Sam.", "--session", "one"]).succeeds();
    home.run_with_input(&["chat", "--session", "one"], "Call me Sam.\n").succeeds();
    let home = home.with("LONGMEM_NO_LEARNING", "");
    home.run(&["remember", "Call me Sam.", "--no-learning"]).succeeds();
    home.run(&["remember", "Call me Sam.", "--config", "off.toml"]).succeeds();
    home.run(&["ask", "Call me Sam.", "--session", "two", "--no-learning"]).succeeds();
    assert_eq!(home.run(&["facts"]).succeeds().stdout, "");
    let remembered = home.run(&["remember", "Call me Sam.", "--json"]).succeeds().json();
    assert_eq!(remembered["noted"].as_array().map(Vec::len), Some(1));
}
