//! A language model's server that answers chats with one sentence, and what is to be learned by
//! rules, so that the facts that come out are known.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::stand_in::{Answer, give, read_request};

pub(crate) struct RuleServer {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Value>>>,
    taken: Mutex<usize>,
    refuses: Arc<AtomicBool>,
}

impl RuleServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let refuses = Arc::new(AtomicBool::new(false));
        let (log, refusing) = (Arc::clone(&asked), Arc::clone(&refuses));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let request = read_request(&connection);
                if request.head.starts_with("GET ") {
                    // A server that lists no models.
                    give(&mut connection, &Answer::error("404 Not Found", "not_found_error", "no"));
                    continue;
                }
                let body = request.body;
                let answer = answer(&body, refusing.load(Ordering::SeqCst));
                log.lock().unwrap().push(body);
                give(&mut connection, &answer);
            }
        });
        Self { url, asked, taken: Mutex::new(0), refuses }
    }

    /// The requests that were no learning, since this was asked last.
    pub(crate) fn take_chats(&self) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        let mut taken = self.taken.lock().unwrap();
        let new = asked[*taken..].iter().filter(|body| !is_learning(body)).cloned().collect();
        *taken = asked.len();
        new
    }

    /// The model of each request so far.
    pub(crate) fn models(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|body| body["model"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn set_learning_refused(&self, refused: bool) {
        self.refuses.store(refused, Ordering::SeqCst);
    }
}

fn is_learning(body: &Value) -> bool {
    body.get("output_config").is_some()
}

fn answer(body: &Value, refuses: bool) -> Answer {
    if !is_learning(body) {
        return Answer::anthropic("I ", "see.");
    }
    if refuses {
        return Answer::error("401 Unauthorized", "authentication_error", "no");
    }
    assert_eq!(body["output_config"]["format"]["type"], "json_schema");
    let material = body["messages"][0]["content"][0]["text"].as_str().unwrap();
    let instructions = body["system"][0]["text"].as_str().unwrap();
    let answer = if material.starts_with("<turns>") {
        extracted(material)
    } else if material.starts_with("<known_facts>") {
        reviewed(material)
    } else if instructions.starts_with("List") {
        json!({ "action_items": ["Call Rui"], "open_questions": ["The budget is 8,000?"] })
    } else {
        let first = quoted(material).next().unwrap_or_default();
        json!({ "summary": first })
    };
    Answer::anthropic(&answer.to_string(), "")
}

/// The texts of lines that begin with something in brackets.
fn quoted(material: &str) -> impl Iterator<Item = &str> {
    material.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once("] ")?.1))
}

fn extracted(material: &str) -> Value {
    let mut facts = Vec::new();
    for line in material.lines().filter_map(|line| line.strip_prefix("[turn ")) {
        let turn: i64 = line.split_once(',').unwrap().0.parse().unwrap();
        let text = line.split_once("] ").unwrap().1.trim_end_matches('.');
        let mut note = |subject: &str, statement: String, kind: &str, entities: Value| {
            facts.push(json!({ "turn": turn, "subject": subject, "statement": statement,
                "kind": kind, "entities": entities }));
        };
        if let Some(home) = text.strip_prefix("I live in ") {
            let home_name = json!([{ "name": home, "kind": "other" }]);
            note("user", format!("lives in {home}"), "identity", home_name);
        }
        if let Some(budget) = text.strip_prefix("The budget is ") {
            note("user", format!("set the budget to {budget}"), "decision", json!([]));
        }
        if let Some((name, relation)) = text.split_once(" is my ") {
            let person = json!([{ "name": name, "kind": "person" }]);
            note(name, format!("is the user's {relation}"), "relation", person);
        }
    }
    json!({ "facts": facts })
}

/// Homes and budgets change; everything else is new or the same.
fn reviewed(material: &str) -> Value {
    let lines: Vec<(usize, &str)> = material
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.split_once(". [")?;
            Some((number.parse().unwrap(), rest.split_once("] ")?.1))
        })
        .collect();
    let known = material.split("<candidates>").next().unwrap().matches(". [").count();
    let verdicts: Vec<Value> = lines[known..]
        .iter()
        .map(|(number, text)| {
            let above = lines[..number - 1].iter();
            let matter = ["lives in", "set the budget"].into_iter().find(|m| text.contains(m));
            let old = above.rev().find(|(_, other)| {
                other == text || matter.is_some_and(|matter| other.contains(matter))
            });
            match old {
                Some((old, other)) if other == text => {
                    json!({ "candidate": number, "verdict": "same", "of": old })
                }
                Some((old, _)) => json!({ "candidate": number, "verdict": "changed", "of": old }),
                None => json!({ "candidate": number, "verdict": "new", "of": null }),
            }
        })
        .collect();
    json!({ "verdicts": verdicts })
}
