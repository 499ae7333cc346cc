//! Prompts as tutorials make them.

use longmem_chat::MESSAGE_TOKENS;
use longmem_core::{Role, Scope, UserName};
use longmem_memory::{Channels, Memory, RankingParameters, RecallRequest};
use serde_json::{Value, json};

use super::ReplayOptions;
use crate::EvalError;

/// How many remembered messages stand in the system prompt.
const REMEMBERED: usize = 10;

/// A session whose prompts hold the ten messages of the user's that are nearest to the newest one,
/// in the system prompt, and the newest messages that fit into the rest of the budget. Nothing is
/// marked for the cache: hardly anything would be read from it, and writing costs more.
pub(super) struct Tutorial<'a> {
    options: &'a ReplayOptions,
    /// Role and text.
    messages: Vec<(&'static str, String)>,
}

impl<'a> Tutorial<'a> {
    pub(super) fn new(options: &'a ReplayOptions) -> Self {
        Self { options, messages: Vec::new() }
    }

    /// Makes the request for the newest message.
    pub(super) fn prompt(
        &self,
        memory: &Memory,
        user: &UserName,
        message: &str,
    ) -> Result<Value, EvalError> {
        let scope = Scope { roles: vec![Role::User], ..Scope::of(user.clone()) };
        let recall = memory.recall(&RecallRequest {
            limit: REMEMBERED,
            channels: Channels::Meaning,
            threshold: 0.0,
            ranking: RankingParameters::PLAIN,
            ..RecallRequest::new(scope, message)
        })?;
        let remembered: Vec<&str> =
            recall.results.iter().map(|hit| hit.turn.text.as_str()).collect();
        let mut system = self.options.system.clone();
        if !remembered.is_empty() {
            system.push_str("\n\nRelevant memories:\n- ");
            system.push_str(&remembered.join("\n- "));
        }
        let cost = |text: &str| MESSAGE_TOKENS + 1 + self.options.counter.count(text);
        let mut room = self.options.budget.tokens().saturating_sub(cost(&system) + cost(message));
        let mut newest: Vec<_> = self
            .messages
            .iter()
            .rev()
            .map_while(|(role, text)| {
                room = room.checked_sub(cost(text))?;
                Some((*role, text.as_str()))
            })
            .collect();
        newest.reverse();
        newest.push(("user", message));
        let block = |text: &str| json!([{"type": "text", "text": text}]);
        let messages: Vec<Value> = newest
            .into_iter()
            .map(|(role, text)| json!({"role": role, "content": block(text)}))
            .collect();
        Ok(json!({"system": block(&system), "messages": messages}))
    }

    pub(super) fn said(&mut self, message: &str, answer: &str) {
        self.messages.push(("user", message.to_owned()));
        if !answer.is_empty() {
            self.heard(answer);
        }
    }

    pub(super) fn heard(&mut self, answer: &str) {
        self.messages.push(("assistant", answer.to_owned()));
    }
}

/// Says whether a request holds a text.
pub(super) fn holds(request: &Value, text: &str) -> bool {
    let messages = request["messages"].as_array().into_iter().flatten();
    let contents = messages.map(|message| &message["content"]).chain([&request["system"]]);
    let blocks = contents.filter_map(Value::as_array).flatten();
    blocks.filter_map(|block| block["text"].as_str()).any(|said| said.contains(text))
}
