//! What a tool answers: a result, or why there is none.

use longmem_core::{Diagnose, Fault, Remedy};
use longmem_wire::full_message;
use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::Value;

use crate::ServerSettings;

/// Characters of the longest result, as text and as JSON.
pub(super) const MAX_CHARACTERS: usize = 40_000;

/// A result, as text for a model to read and as JSON.
#[derive(Debug)]
pub(super) struct Reply {
    text: String,
    structured: Value,
}

impl Reply {
    /// A result of a tool; its JSON is an object, in which what would be null is left out.
    pub(super) fn new(text: String, result: &impl Serialize) -> Self {
        let mut structured = serde_json::to_value(result).expect("results are plain data");
        leave_out_nulls(&mut structured);
        Self { text, structured }
    }

    /// The text alone.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(leave_out_nulls),
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(leave_out_nulls);
        }
        _ => {}
    }
}

impl From<Reply> for CallToolResult {
    fn from(reply: Reply) -> Self {
        let mut result = Self::structured(reply.structured);
        result.content = vec![ContentBlock::text(reply.text)];
        result
    }
}

/// Why a tool did not do what was asked: one sentence, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    message: String,
    hints: Vec<String>,
}

impl Refusal {
    /// What was expected and what came, and what to do instead.
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hints: vec![hint.into()] }
    }

    /// An error of the engine, in the words of these tools.
    pub(super) fn of<E: Diagnose>(error: &E, settings: &ServerSettings) -> Self {
        let mut hints: Vec<String> =
            error.remedies().iter().map(|remedy| hint(remedy, settings)).collect();
        hints.retain(|hint| !hint.is_empty());
        if error.fault() == Fault::Bug {
            hints.push("This is a bug in longmem.".to_owned());
        }
        Self { message: full_message(error), hints }
    }

    /// The sentence and the hints, as one text.
    pub(super) fn text(&self) -> String {
        let message = self.message.trim_end_matches('.');
        let mut text = format!("{message}.");
        for hint in &self.hints {
            text.push(' ');
            text.push_str(hint);
        }
        text
    }
}

impl From<Refusal> for CallToolResult {
    fn from(refusal: Refusal) -> Self {
        Self::error(vec![ContentBlock::text(refusal.text())])
    }
}

/// What would help, in terms of these tools where one of them helps, or else in the server's words.
fn hint(remedy: &Remedy, settings: &ServerSettings) -> String {
    match remedy {
        Remedy::FindTurn => "memory_search and memory_recent give the numbers of turns.".to_owned(),
        Remedy::ListFacts => "memory_facts gives the numbers of facts.".to_owned(),
        Remedy::ListSessions => "memory_recent shows which sessions there are.".to_owned(),
        Remedy::RememberFirst => "memory_add stores something.".to_owned(),
        Remedy::AskQuestion => "Ask as you would ask a person.".to_owned(),
        Remedy::WriteShortLine => {
            "Write one short line, or keep a longer text as a note.".to_owned()
        }
        remedy => (settings.hint)(remedy),
    }
}
