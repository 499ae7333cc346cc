//! What a provider is asked.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::{Context, Message, TextBlock};

/// What a provider is asked. Sampling and thinking are left to the model's defaults: newer models
/// refuse requests that set them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The model's id, as the provider names it.
    pub model: String,
    /// Standing instructions, facts and summaries; empty by default.
    pub system: Vec<TextBlock>,
    /// The conversation: alternating roles, the user first and last, unless the answer goes on with
    /// the last message.
    pub messages: Vec<Message>,
    /// The most tokens that the answer may have.
    pub max_tokens: u32,
    /// The schema that the answer is to follow; none, the default, for free text. Some servers
    /// ignore schemas or follow them loosely, so the answer has to be checked in any case.
    pub answer_schema: Option<AnswerSchema>,
    /// Whether the last message is the assistant's, and the answer goes on behind it; false by default.
    pub continues_last: bool,
}

impl Request {
    /// Asks a model to answer some messages.
    pub fn new(model: impl Into<String>, messages: Vec<Message>, max_tokens: u32) -> Self {
        let (model, system) = (model.into(), Vec::new());
        Self { model, system, messages, max_tokens, answer_schema: None, continues_last: false }
    }

    /// Asks a model to answer a prompt.
    pub fn of_context(context: &Context, model: impl Into<String>, max_tokens: u32) -> Self {
        let request = Self::new(model, context.messages.clone(), max_tokens);
        Self { system: context.system.clone(), ..request }
    }
}

/// The JSON schema that an answer is to follow; it is shown and serialized as JSON.
///
/// # Examples
/// ```
/// use longmem_chat::AnswerSchema;
///
/// let schema = AnswerSchema::from_json(r#"{ "type": "object" }"#).expect("valid JSON");
/// assert_eq!(schema.to_string(), r#"{"type":"object"}"#);
/// assert!(AnswerSchema::from_json("{").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AnswerSchema(Value);

impl AnswerSchema {
    /// Reads a schema; none if the text is not JSON.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    pub(crate) fn new(schema: Value) -> Self {
        Self(schema)
    }
}

impl fmt::Display for AnswerSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
