//! Prompts as tutorials make them.

use longmem_chat::MESSAGE_TOKENS;
use longmem_core::{Role, Scope, UserName};
use longmem_memory::{Channels, Memory, MemoryError, RankingParameters, RecallRequest};
use serde_json::{Value, json};

use super::{PERSONA, ReplayOptions};

/// Number of remembered messages in the system prompt.
const REMEMBERED: usize = 10;

/// A talk whose prompts hold, in the system prompt, the ten of the user's messages that are nearest
/// to the newest one, and after it the newest messages that fit into the rest of the budget. Nothing
/// is marked for the cache: hardly anything would be read from it, and writing costs more.
pub(super) struct Tutorial<'a> {
    options: &'a ReplayOptions,
    /// Roles and texts of all messages.
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
    ) -> Result<Value, MemoryError> {
        let scope = Scope { roles: vec![Role::User], ..Scope::of(user.clone()) };
        let mut request = RecallRequest::new(scope, message);
        request.limit = REMEMBERED;
        request.channels = Channels::Meaning;
        request.threshold = 0.0;
        request.ranking = RankingParameters::PLAIN;
        let recall = memory.recall(&request)?;
        let remembered: Vec<&str> =
            recall.results.iter().map(|found| found.turn.text.as_str()).collect();
        let mut system = PERSONA.to_owned();
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

    pub(super) fn add_exchange(&mut self, message: &str, answer: &str) {
        self.messages.push(("user", message.to_owned()));
        if !answer.is_empty() {
            self.add_answer(answer);
        }
    }

    pub(super) fn add_answer(&mut self, answer: &str) {
        self.messages.push(("assistant", answer.to_owned()));
    }
}

/// Says whether a request holds a text.
pub(super) fn holds(request: &Value, text: &str) -> bool {
    let messages = request["messages"].as_array().into_iter().flatten();
    let contents = messages.map(|message| &message["content"]).chain([&request["system"]]);
    let blocks = contents.filter_map(Value::as_array).flatten();
    blocks.filter_map(|block| block["text"].as_str()).any(|block| block.contains(text))
}
