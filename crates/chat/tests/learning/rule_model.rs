//! A model that extracts, reviews and sums up by rules, so that what comes out is known.
//!
//! It takes "I live in …", "From now on, …", "I prefer …", "I feel …", "NAME is …" and the like as facts, whatever
//! they say; a home, a budget or a preference changes another; feelings are incidental.

use std::collections::VecDeque;
use std::sync::Mutex;

use longmem_chat::{
    Api, Completion, Endpoint, OnText, Provider, ProviderError, Request, StopReason, Usage,
    async_trait,
};
use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct RuleModel {
    /// What it says next instead of what the rules say.
    pub(crate) instead: Mutex<VecDeque<&'static str>>,
    /// Whether it can be reached.
    pub(crate) is_down: Mutex<bool>,
    /// What it was asked to learn, and what the rest of it was asked.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl RuleModel {
    pub(crate) fn say_instead(&self, answers: &[&'static str]) {
        self.instead.lock().unwrap().extend(answers);
    }

    pub(crate) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Provider for RuleModel {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let text = self.answer(request)?;
        on_text(&text);
        Ok(Completion {
            thought: false,
            text,
            stop_reason: StopReason::EndTurn,
            usage: Usage { input: 10, output: 1, ..Usage::default() },
            model: request.model.clone(),
        })
    }
}

impl RuleModel {
    fn answer(&self, request: &Request) -> Result<String, ProviderError> {
        let material = request.messages[0].content[0].text.clone();
        if *self.is_down.lock().unwrap() {
            let base_url = "http://example.org".to_owned();
            let endpoint = Endpoint { api: Api::Anthropic, base_url, with_key: false };
            let (partial, reason) = (String::new(), "gone".to_owned());
            return Err(ProviderError::Interrupted { endpoint, partial, reason });
        }
        if request.answer_schema.is_none() {
            return Ok("I see.".to_owned());
        }
        self.asked.lock().unwrap().push(material.clone());
        if let Some(instead) = self.instead.lock().unwrap().pop_front() {
            return Ok(instead.to_owned());
        }
        let answer = if material.starts_with("<turns>") {
            extracted(&material)
        } else if material.starts_with("<known_facts>") {
            reviewed(&material)
        } else {
            summed(&material)
        };
        Ok(answer.to_string())
    }
}

/// What each rule finds a fact by, and what the statement begins with instead.
const RULES: &[(&str, &str, &str)] = &[
    ("I live in ", "identity", "lives in "),
    ("I work as ", "identity", "works as "),
    ("From now on, ", "instruction", "wants from now on: "),
    ("I prefer ", "preference", "prefers "),
    ("I feel ", "preference", "feels "),
    ("The budget is ", "decision", "set the budget to "),
];

fn extracted(material: &str) -> Value {
    let mut facts = Vec::new();
    let mut turn = 0;
    for line in material.lines() {
        let mut text = line.trim();
        if let Some(rest) = line.strip_prefix("[turn ") {
            let (number, rest) = rest.split_once(',').unwrap();
            turn = number.parse::<i64>().unwrap();
            text = rest.split_once("] ").unwrap().1;
        }
        for sentence in text.split_inclusive(['.', '!']) {
            let sentence = sentence.trim().trim_end_matches(['.', '!']);
            for (begin, kind, verb) in RULES {
                if let Some(rest) = sentence.strip_prefix(begin) {
                    let statement = format!("{verb}{rest}");
                    facts.push(json!({ "turn": turn, "subject": "user", "statement": statement,
                        "kind": kind, "entities": [] }));
                }
            }
            if let Some((name, rest)) = sentence.split_once(" is my ") {
                let person = [json!({ "name": name, "kind": "person" })];
                facts.push(json!({ "turn": turn, "subject": name, "kind": "relation",
                    "statement": format!("is the user's {rest}"), "entities": person }));
            }
        }
    }
    json!({ "facts": facts })
}

/// Matters of which only the last statement holds.
const MATTERS: &[&str] = &["lives in", "works as", "prefers", "set the budget"];

fn reviewed(material: &str) -> Value {
    let statements: Vec<(usize, &str)> = material
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.split_once(". [")?;
            Some((number.parse().unwrap(), rest.split_once("] ")?.1))
        })
        .collect();
    let first = 1 + material.split("<candidates>").next().unwrap().matches(". [").count();
    let verdicts: Vec<Value> = statements
        .iter()
        .filter(|(number, _)| *number >= first)
        .map(|(number, statement)| {
            let above = || statements.iter().filter(|(other, _)| other < number).rev();
            let matter = MATTERS.iter().find(|matter| statement.contains(**matter));
            let same = above().find(|(_, other)| other == statement);
            let changes =
                matter.and_then(|matter| above().find(|(_, other)| other.contains(*matter)));
            let (verdict, of) = match (same, changes) {
                _ if statement.contains("feels ") => ("incidental", None),
                (Some((same, _)), _) => ("same", Some(same)),
                (None, Some((old, _))) => ("changed", Some(old)),
                (None, None) => ("new", None),
            };
            json!({ "candidate": number, "verdict": verdict, "of": of })
        })
        .collect();
    json!({ "verdicts": verdicts })
}

/// The first sentence of each of what is summed up, up to three.
fn summed(material: &str) -> Value {
    let sentences: Vec<&str> = material
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once("] ").map(|(_, text)| text))
        .filter_map(|text| text.split_inclusive('.').next())
        .take(3)
        .collect();
    json!({ "summary": sentences.join(" ") })
}
