//! `ask` and `chat` with a language model, whose place a server on this machine takes.

use serde_json::{Value, json};

use crate::stand_in::{Answer, Asked, StandIn};
use crate::support::{Home, Run, assert_shown, transcript};

const KEY: &str = "sk-ant-very-secret-4711";

/// A home whose language model is a server that gives these answers.
fn home(answers: Vec<Answer>) -> (Home, StandIn) {
    let server = StandIn::answering(answers);
    let home = Home::with_model()
        .with_history()
        .with("ANTHROPIC_API_KEY", KEY)
        .with("ANTHROPIC_BASE_URL", &server.url);
    (home, server)
}

/// What was said in a session, in order.
fn said_in(home: &Home, session: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let turns = home.exported("default").into_iter().filter(|turn| turn["session"] == session);
    turns.map(|turn| (text(&turn["role"]), text(&turn["text"]))).collect()
}

fn user(text: &str) -> (String, String) {
    ("user".to_owned(), text.to_owned())
}

fn assistant(text: &str) -> (String, String) {
    ("assistant".to_owned(), text.to_owned())
}

/// The roles of a request's messages, and its first and last texts.
fn roles(asked: &Asked) -> Vec<&str> {
    let messages = asked.body["messages"].as_array().unwrap();
    messages.iter().map(|message| message["role"].as_str().unwrap()).collect()
}

/// The server's address differs from run to run.
fn without_address(runs: impl IntoIterator<Item = Run>, server: &StandIn) -> String {
    transcript(runs).replace(&server.url, "[server]")
}

#[test]
fn ask_answers_from_memory_and_stores_nothing() {
    let (home, server) = home(vec![Answer::anthropic("In Lisbon, ", "in Graça.")]);
    let runs = [
        home.run(&["ask", "where do I live now?"]),
        home.run(&["ask", "where do I live now?", "--quiet"]),
    ];
    assert_shown!(home, without_address(runs, &server));
    assert_eq!(home.exported("default").len(), 7);

    let asked = server.asked();
    assert!(asked[0].head.starts_with("POST /v1/messages HTTP/1.1\r\n"));
    assert!(asked[0].head.contains(&format!("x-api-key: {KEY}\r\n")));
    let prompt = asked[0].body.to_string();
    assert!(prompt.contains("I live in Lisbon now!"), "memory goes with the question");
    assert_eq!(asked[0].body["stream"], true);
    assert_eq!(asked[0].body, asked[1].body);
}

#[test]
fn ask_as_json() {
    let (home, _server) = home(vec![Answer::anthropic("In ", "Lisbon.")]);
    let answer = home.run(&["ask", "where do I live now?", "--json"]).succeeds().json();
    assert_eq!(answer["answer"], "In Lisbon.");
    assert_eq!(answer["model"], "claude-x");
    assert_eq!(answer["stop_reason"], "end_turn");
    assert_eq!(answer["usage"]["output"], 9);
    assert!(answer["context"]["tokens"].as_u64() <= answer["context"]["budget"].as_u64());
}

#[test]
fn what_is_asked_in_a_session_is_remembered_there() {
    let (home, server) =
        home(vec![Answer::anthropic("In ", "Lisbon."), Answer::anthropic("Since ", "March.")]);
    home.run(&["ask", "Where do I live?", "--session", "talk"]).succeeds();
    home.run(&["ask", "Since when?", "--session", "talk"]).succeeds();
    let said = [
        user("Where do I live?"),
        assistant("In Lisbon."),
        user("Since when?"),
        assistant("Since March."),
    ];
    assert_eq!(said_in(&home, "talk"), said);
    assert_eq!(roles(&server.asked()[1]), ["user", "assistant", "user"]);
}

#[test]
fn an_openai_compatible_server_answers_too() {
    let server = StandIn::answering(vec![Answer::openai("In ", "Lisbon.")]);
    let home = Home::with_model().with_history().with("OPENAI_API_KEY", KEY);
    let url = format!("{}/v1", server.url);
    let flags = ["--base-url", &url, "--llm", "llama-x", "--session", "talk"];
    let run = home.run(&[&["ask", "Where do I live?"][..], &flags].concat()).succeeds();
    assert_eq!(run.stdout, "In Lisbon.\n");
    assert_eq!(said_in(&home, "talk"), [user("Where do I live?"), assistant("In Lisbon.")]);
    let asked = &server.asked()[0];
    assert!(asked.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    assert!(asked.head.contains(&format!("authorization: Bearer {KEY}\r\n")));
    assert_eq!(asked.body["model"], "llama-x");
}

#[test]
fn a_server_with_too_much_to_do_is_asked_again() {
    let overloaded = Answer::error("529 Overloaded", "overloaded_error", "Overloaded");
    let (home, server) = home(vec![overloaded, Answer::anthropic("In ", "Lisbon.")]);
    let run = home.run(&["ask", "Where do I live?", "--session", "talk"]).succeeds();
    assert_eq!(run.stdout, "In Lisbon.\n");
    assert_eq!(server.asked().len(), 2);
    assert_eq!(said_in(&home, "talk").len(), 2);
}

#[test]
fn a_refused_key_is_said_and_never_shown() {
    let message = format!("invalid x-api-key: {KEY}");
    let refused = Answer::error("401 Unauthorized", "authentication_error", &message);
    let (home, server) = home(vec![refused]);
    let runs = || {
        [
            home.run(&["ask", "Where do I live?"]),
            home.run(&["ask", "Where do I live?", "--json", "--session", "talk"]),
            home.run_with_input(&["chat", "--session", "talk"], "Where do I live?\n"),
        ]
    };
    for run in runs() {
        assert!(!run.shown().contains("very-secret"), "{run}");
    }
    assert_shown!(home, without_address(runs(), &server));
    assert_eq!(said_in(&home, "talk"), [user("Where do I live?")]);
}

/// The question is stored before the model is asked, and what came of the answer with a mark; asked
/// again, the question is not stored twice, and the part is not sent.
#[test]
fn a_broken_answer_loses_nothing_and_stores_nothing_twice() {
    let (home, server) =
        home(vec![Answer::anthropic_broken("In Lis"), Answer::anthropic("In ", "Lisbon.")]);
    let ask = ["ask", "Where do I live?", "--session", "talk"];
    let broken = home.run(&ask).ends_with(3);
    assert_eq!(broken.stdout, "In Lis\n", "what came is shown");
    assert!(broken.stderr.contains("stored, marked as broken off"), "{broken}");
    let part = assistant("In Lis\n\n[broken off]");
    assert_eq!(said_in(&home, "talk"), [user("Where do I live?"), part.clone()]);
    assert_shown!(home, without_address([home.run(&ask)], &server));
    let said = said_in(&home, "talk");
    assert_eq!(said, [user("Where do I live?"), part, assistant("In Lisbon.")]);
    assert_eq!(roles(&server.asked()[1]), ["user"]);
}

#[test]
fn chat_remembers_and_goes_on_later() {
    let (home, server) = home(vec![
        Answer::anthropic("Welcome ", "back."),
        Answer::anthropic("Seventy-", "eight."),
        Answer::anthropic("A ", "vet."),
    ]);
    let lines = "Hello!\n/recall where do I live?\n\n/nonsense\nHow many steps are there?\n\
        /context\n/session\n/help\n/quit\nnever said\n";
    let first = home.run_with_input(&["chat", "--session", "talk"], lines).succeeds();
    let again = home.run_with_input(&["chat", "--session", "talk"], "/context\nAnd the dog?");
    assert_shown!(home, without_address([first, again], &server));

    let said = [
        user("Hello!"),
        assistant("Welcome back."),
        user("How many steps are there?"),
        assistant("Seventy-eight."),
        user("And the dog?"),
        assistant("A vet."),
    ];
    assert_eq!(said_in(&home, "talk"), said, "what was recalled is not said again");
    let asked = server.asked();
    assert_eq!(roles(&asked[2]), ["user", "assistant", "user", "assistant", "user"]);
    let sent = asked[1].body["messages"].to_string();
    assert!(sent.contains("<recalled_memory") && sent.contains("Seventy-eight, and no lift."));
}

/// Each reply is a document of its own, so that a program can talk.
#[test]
fn chat_as_json() {
    let (home, _server) =
        home(vec![Answer::anthropic("Hello, ", "Ana."), Answer::anthropic("Lis", "bon.")]);
    let run = home.run_with_input(&["chat", "--json", "--quiet"], "Hi\nWhere am I?\n").succeeds();
    let replies = serde_json::Deserializer::from_str(&run.stdout).into_iter::<Value>();
    let answers: Vec<Value> = replies.map(|reply| reply.unwrap()["answer"].clone()).collect();
    assert_eq!(answers, ["Hello, Ana.", "Lisbon."]);
}

/// A failure is said, and the talk goes on.
#[test]
fn chat_survives_a_failure() {
    let refused = Answer::error("400 Bad Request", "invalid_request_error", "too strange");
    let (home, server) = home(vec![refused, Answer::anthropic("Bet", "ter.")]);
    let run = home.run_with_input(&["chat", "--session", "talk"], "Hm?\nHello!\n").succeeds();
    assert_shown!(home, without_address([run], &server));
    assert_eq!(said_in(&home, "talk"), [user("Hm?"), user("Hello!"), assistant("Better.")]);
    assert_eq!(roles(&server.asked()[1]), ["user"], "both questions go as one message");
}

#[test]
fn an_answer_that_was_cut_off_goes_on_on_request() {
    let (home, server) =
        home(vec![Answer::anthropic_cut_off("One, two,"), Answer::anthropic("three, ", "four.")]);
    let lines = "/continue\nCount to four.\n/continue\n/usage\n";
    let run = home.run_with_input(&["chat", "--session", "talk"], lines).succeeds();
    assert_shown!(home, without_address([run], &server));
    let said = [user("Count to four."), assistant("One, two,"), assistant("three, four.")];
    assert_eq!(said_in(&home, "talk"), said);
    assert_eq!(roles(&server.asked()[1]), ["user", "assistant", "user"]);
}

/// An OpenAI-compatible server that gives these chunks for each question.
fn home_with_chunks(chunks: &[Value]) -> (Home, StandIn) {
    let server = StandIn::answering(vec![Answer::openai_chunks(chunks)]);
    let home = Home::with_model()
        .with("LONGMEM_BASE_URL", &format!("{}/v1", server.url))
        .with("LONGMEM_LLM", "llama-x");
    (home, server)
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})
}

#[test]
fn no_answer_is_an_error_that_says_why() {
    let thinking = chunk(&json!({"content": "", "reasoning_content": "Walrus."}), None);
    let shown = |chunks: &[Value]| {
        let (home, _server) = home_with_chunks(chunks);
        home.run(&["remember", "I live in Lisbon."]).succeeds();
        home.run(&["ask", "Where?", "--session", "talk"]).ends_with(3)
    };
    let runs = [
        shown(&[thinking.clone(), chunk(&json!({}), Some("stop"))]),
        shown(&[thinking, chunk(&json!({}), Some("length"))]),
        shown(&[chunk(&json!({}), Some("tool_calls"))]),
        shown(&[chunk(&json!({}), Some("content_filter"))]),
    ];
    assert_shown!(Home::new(), transcript(runs));
}

#[test]
fn a_piped_chat_without_any_answer_fails() {
    let (home, _server) = home_with_chunks(&[chunk(&json!({}), Some("stop"))]);
    let run = home.run_with_input(&["chat"], "One?\nTwo?\n").ends_with(3);
    assert!(run.stderr.ends_with("none of the messages got an answer (2 asked)\n"), "{run}");
    home.run_with_input(&["chat"], "/help\n").succeeds();
}

#[test]
fn what_the_model_thinks_is_not_remembered() {
    let (home, _server) = home_with_chunks(&[
        chunk(&json!({"content": "<think>\nSecret walrus.\n"}), None),
        chunk(&json!({"content": "</think>\n\nIn Lisbon."}), Some("stop")),
    ]);
    let run = home.run_with_input(&["chat", "--session", "talk"], "Where?\n").succeeds();
    assert_eq!(run.stdout, "In Lisbon.\n");
    assert_eq!(said_in(&home, "talk"), [user("Where?"), assistant("In Lisbon.")]);
}

#[test]
fn a_message_may_begin_with_a_path_or_hold_any_bytes() {
    let (home, _server) = home_with_chunks(&[chunk(&json!({"content": "Yes."}), Some("stop"))]);
    let mut chat = home.longmem(&["chat", "--session", "talk"]);
    let mut chat = chat
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lines = b"/etc/hosts has two lines\nThe caf\xe9 is open\n";
    std::io::Write::write_all(&mut chat.stdin.take().unwrap(), lines).unwrap();
    assert!(chat.wait().unwrap().success());
    let said = said_in(&home, "talk");
    assert_eq!(said[0], user("/etc/hosts has two lines"));
    assert_eq!(said[2], user("The caf\u{fffd} is open"));
}

/// A file where the store's folder should be: it cannot be made, and later it can.
#[test]
fn chat_goes_on_without_a_store_and_stores_what_was_said_when_it_is_there() {
    let server = StandIn::answering(vec![
        Answer::anthropic("Hello, ", "Ana."),
        Answer::anthropic("Lis", "bon."),
    ]);
    let home = Home::with_model()
        .with("ANTHROPIC_API_KEY", KEY)
        .with("ANTHROPIC_BASE_URL", &server.url)
        .with("LONGMEM_DB", "disk/memory.db");
    home.write("disk", "not mounted");
    let first =
        home.run_with_input(&["chat", "--session", "talk"], "I am Ana.\nWho am I?\n").succeeds();
    assert_eq!(roles(&server.asked()[1]), ["user", "assistant", "user"]);
    std::fs::remove_file(home.path("disk")).unwrap();
    let again = home.run_with_input(&["chat", "--session", "talk"], "And now?\n").succeeds();
    assert_shown!(home, without_address([first, again], &server));
    let said: Vec<String> = said_in(&home, "talk").into_iter().map(|(_, text)| text).collect();
    assert_eq!(said, ["I am Ana.", "Hello, Ana.", "Who am I?", "Lisbon.", "And now?", "Lisbon."]);
}

#[test]
fn models_lists_what_the_server_that_is_set_up_has() {
    let list = json!({"object": "list", "data": [
        {"id": "llama-x", "object": "model", "owned_by": "vllm", "max_model_len": 8192},
        {"id": "embed-x", "object": "model", "owned_by": "vllm"},
    ]});
    let server = StandIn::listing(&list);
    let home = Home::with_model()
        .with("LONGMEM_BASE_URL", &format!("{}/v1", server.url))
        .with("OPENAI_API_KEY", KEY);
    let runs = [
        home.run(&["models"]),
        home.run(&["models", "--json"]),
        home.run(&["doctor", "--llm", "llama-x"]),
    ];
    assert_shown!(home, without_address(runs, &server));
    let unreachable = ["models", "--base-url", "http://127.0.0.1:1/v1"];
    assert_shown!(home, home.run(&unreachable));
}

#[test]
fn the_first_prompt_fits_the_window_that_the_server_names() {
    let list = json!({"data": [{"id": "llama-x", "max_model_len": 1024}]});
    let server = StandIn::listing(&list);
    let home = Home::with_model()
        .with_history()
        .with("LONGMEM_BASE_URL", &format!("{}/v1", server.url))
        .with("LONGMEM_LLM", "llama-x");
    home.run(&["ask", "Where do I live?"]).succeeds();
    assert_eq!(server.asked()[0].body["max_tokens"], 341);
    // Whoever names a budget knows the window.
    home.run(&["ask", "Where do I live?", "--budget", "4000"]).succeeds();
    assert_eq!(server.asked()[1].body["max_tokens"], 1024);
}
