//! A language model's server on this machine, which gives prepared answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// One prepared answer.
#[derive(Clone)]
pub(crate) struct Answer {
    status: &'static str,
    content_type: &'static str,
    body: String,
    /// Whether the connection stays open behind the body.
    hangs: bool,
}

impl Answer {
    /// Anthropic's event stream of a text in two pieces.
    pub(crate) fn anthropic(first: &str, second: &str) -> Self {
        Self::stream(&[&anthropic_begin(first), &anthropic_end(second)])
    }

    /// The same, cut off after the first piece.
    pub(crate) fn anthropic_broken(first: &str) -> Self {
        Self::stream(&[&anthropic_begin(first)])
    }

    /// The same, ended by the limit on its length.
    pub(crate) fn anthropic_cut_off(text: &str) -> Self {
        let end = anthropic_end("").replace("end_turn", "max_tokens");
        Self::stream(&[&anthropic_begin(text), &end])
    }

    /// The same, which begins and then hangs.
    pub(crate) fn anthropic_hanging(first: &str) -> Self {
        Self { hangs: true, ..Self::anthropic_broken(first) }
    }

    /// The event stream of OpenAI's chat completions.
    pub(crate) fn openai(first: &str, second: &str) -> Self {
        let chunk = |choices: Value, usage: Value| {
            let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "created": 1,
                "model": "llama-x", "choices": choices, "usage": usage});
            format!("data: {chunk}\n\n")
        };
        let delta = |delta: Value, reason: Value| {
            let choice = json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
            chunk(choice, Value::Null)
        };
        let usage = json!({"prompt_tokens": 50, "completion_tokens": 4, "total_tokens": 54});
        Self::stream(&[
            &delta(json!({"role": "assistant", "content": first}), Value::Null),
            &delta(json!({"content": second}), Value::Null),
            &delta(json!({}), json!("stop")),
            &chunk(json!([]), usage),
            "data: [DONE]\n\n",
        ])
    }

    /// The event stream of OpenAI's chat completions with these chunks.
    pub(crate) fn openai_chunks(chunks: &[Value]) -> Self {
        let events: Vec<String> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        Self::stream(&events.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// An error with its documented body.
    pub(crate) fn error(status: &'static str, kind: &str, message: &str) -> Self {
        let body = json!({"type": "error", "error": {"type": kind, "message": message}});
        Self { status, content_type: "application/json", body: body.to_string(), hangs: false }
    }

    fn stream(events: &[&str]) -> Self {
        let (status, content_type) = ("200 OK", "text/event-stream");
        Self { status, content_type, body: events.concat(), hangs: false }
    }
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

fn anthropic_begin(text: &str) -> String {
    [
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message",
            "role": "assistant", "model": "claude-x", "content": [], "stop_reason": null,
            "stop_sequence": null, "usage": {"input_tokens": 12, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
        json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": text}}),
    ]
    .iter()
    .map(event)
    .collect()
}

fn anthropic_end(text: &str) -> String {
    [
        json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": text}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn",
            "stop_sequence": null}, "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ]
    .iter()
    .map(event)
    .collect()
}

/// What the server was asked.
#[derive(Clone)]
pub(crate) struct Asked {
    /// The request line and the headers, names in lower case.
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// The server; its thread ends with the tests.
pub(crate) struct StandIn {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// Starts a server that gives these answers in turn, and the last one from then on.
    pub(crate) fn answering(answers: Vec<Answer>) -> Self {
        // It lists no models.
        Self::start(answers, Answer::error("404 Not Found", "not_found_error", "no"))
    }

    /// Starts an OpenAI-compatible server that answers and lists these models.
    pub(crate) fn listing(models: &Value) -> Self {
        let (status, content_type, body) = ("200 OK", "application/json", models.to_string());
        let list = Answer { status, content_type, body, hangs: false };
        Self::start(vec![Answer::openai("In ", "Lisbon.")], list)
    }

    fn start(answers: Vec<Answer>, list: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let request = read_request(&connection);
                if request.head.starts_with("GET ") {
                    give(&mut connection, &list);
                    continue;
                }
                let place = {
                    let mut log = log.lock().unwrap();
                    log.push(request);
                    log.len() - 1
                };
                give(&mut connection, &answers[place.min(answers.len() - 1)]);
            }
        });
        Self { url, asked }
    }

    /// Everything it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

pub(crate) fn read_request(connection: &TcpStream) -> Asked {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "a request cut off");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    Asked { head, body: serde_json::from_slice(&body).unwrap_or_default() }
}

/// Writes an answer whose end is the end of the connection.
pub(crate) fn give(connection: &mut TcpStream, answer: &Answer) {
    let Answer { status, content_type, body, hangs } = answer;
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n");
    // A client that has heard enough may hang up.
    let _ = connection.write_all([&head, body.as_str()].concat().as_bytes());
    if *hangs {
        // Until the client hangs up.
        let _ = connection.read(&mut [0]);
    }
}
