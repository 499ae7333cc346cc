//! The chat completions API of OpenAI, Ollama, llama.cpp, vLLM and others.

mod count_tokens;
mod dialect;
mod listing;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Serialize;
use serde_json::Value;

use self::dialect::{Dialect, LimitName, Streaming};
use super::http::{AnswerReader, HttpClient, Step, failure};
use super::lenient::{content, count, member, says_something, word};
use super::{
    AnswerSchema, Api, ApiKey, Completion, OnText, Provider, ProviderError, Request, ServedModel,
    StopReason, Usage,
};
use crate::TextBlock;

/// A server that speaks the chat completions API; one attempt per call, and another way of asking
/// where the server refuses the usual one.
#[derive(Debug)]
pub struct OpenAiCompatible {
    http: HttpClient,
    usual: Dialect,
    /// How the models are asked that refused the usual way, by name.
    learned: Mutex<HashMap<String, Dialect>>,
}

impl OpenAiCompatible {
    /// Where OpenAI's own service is.
    pub const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

    /// Where Ollama listens on this machine.
    pub const OLLAMA_BASE_URL: &str = "http://localhost:11434/v1";

    /// Prepares requests to a server; the base URL is the part before `/chat/completions`.
    ///
    /// # Errors
    /// [`ProviderError::InvalidBaseUrl`] or [`ProviderError::NoClient`].
    pub fn new(base_url: &str, key: Option<ApiKey>) -> Result<Self, ProviderError> {
        let key = key.map(|key| (AUTHORIZATION, "Bearer ", key));
        let (api, path) = (Api::OpenAiCompatible, "/chat/completions");
        let http = HttpClient::new(api, base_url, path, HeaderMap::new(), key)?;
        let limit = if Self::is_openai(base_url) {
            LimitName::MaxCompletionTokens
        } else {
            LimitName::MaxTokens
        };
        Ok(Self { http, usual: Dialect::with_limit(limit), learned: Mutex::default() })
    }

    /// The models of the server.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub(super) async fn models(&self) -> Result<Vec<ServedModel>, ProviderError> {
        listing::models(&self.http).await
    }

    fn dialect(&self, model: &str) -> Dialect {
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.get(model).copied().unwrap_or(self.usual)
    }

    fn learn(&self, model: &str, dialect: Dialect) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.insert(model.to_owned(), dialect);
    }

    /// Whether a base URL is that of OpenAI's own service.
    pub(super) fn is_openai(base_url: &str) -> bool {
        base_url.trim_start().starts_with("https://api.openai.com/")
    }
}

#[async_trait]
impl Provider for OpenAiCompatible {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        loop {
            let dialect = self.dialect(&request.model);
            let body = Body::new(request, dialect);
            let reader = ChunkReader { model: request.model.clone(), ..ChunkReader::default() };
            let answer = self.http.answer(&body, reader, on_text).await;
            let Some(words) = answer.as_ref().err().and_then(refusal) else { return answer };
            let Some(dialect) = dialect.without_refused(words) else { return answer };
            self.learn(&request.model, dialect);
        }
    }

    async fn window(&self, model: &str) -> Option<usize> {
        // OpenAI's own service does not say.
        if self.http.base() == Self::OPENAI_BASE_URL {
            return None;
        }
        listing::window(&self.http, model).await
    }

    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        self.count(request).await
    }
}

/// The words of a server that does not take a request as it is. Chat templates fail with 500.
fn refusal(error: &ProviderError) -> Option<&str> {
    match error {
        _ if error.is_too_long() => None,
        ProviderError::Answered { status: 400 | 404 | 422 | 500 | 501, message, .. } => {
            Some(message)
        }
        _ => None,
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<PlainMessage>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    /// By which vLLM is told to go on behind the last message; llama.cpp and Ollama do so anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    continue_final_message: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_generation_prompt: Option<bool>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonSchema { json_schema: NamedSchema<'a> },
}

#[derive(Serialize)]
struct NamedSchema<'a> {
    name: &'static str,
    strict: bool,
    schema: &'a AnswerSchema,
}

impl<'a> ResponseFormat<'a> {
    fn of(schema: &'a AnswerSchema) -> Self {
        Self::JsonSchema { json_schema: NamedSchema { name: "answer", strict: true, schema } }
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// A message with one text: not every server reads a list of blocks.
#[derive(Serialize)]
struct PlainMessage {
    role: &'static str,
    content: String,
}

impl<'a> Body<'a> {
    fn new(request: &'a Request, dialect: Dialect) -> Self {
        let limit = |name| (dialect.limit == Some(name)).then_some(request.max_tokens);
        let schema = request.answer_schema.as_ref().filter(|_| dialect.schema);
        let with_usage = dialect.streaming == Streaming::WithUsage;
        Self {
            model: &request.model,
            messages: messages(request, dialect),
            stream: dialect.streaming != Streaming::Off,
            stream_options: with_usage.then_some(StreamOptions { include_usage: true }),
            max_tokens: limit(LimitName::MaxTokens),
            max_completion_tokens: limit(LimitName::MaxCompletionTokens),
            response_format: schema.map(ResponseFormat::of),
            continue_final_message: request.continues_last.then_some(true),
            add_generation_prompt: request.continues_last.then_some(false),
        }
    }
}

fn messages(request: &Request, dialect: Dialect) -> Vec<PlainMessage> {
    let plain = |role, blocks: &[TextBlock]| PlainMessage { role, content: joined(blocks) };
    let mut messages: Vec<PlainMessage> =
        request.messages.iter().map(|m| plain(m.role.as_str(), &m.content)).collect();
    if !request.system.is_empty() {
        // Many chat templates refuse a system message that is not the first.
        let role = if dialect.system_role { "system" } else { "user" };
        messages.insert(0, plain(role, &request.system));
    }
    if !dialect.system_role || dialect.alternates {
        messages.dedup_by(|message, previous| {
            let same = message.role == previous.role;
            if same {
                previous.content.push_str("\n\n");
                previous.content.push_str(&message.content);
            }
            same
        });
    }
    messages
}

fn joined(blocks: &[TextBlock]) -> String {
    blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n\n")
}

/// Follows an answer through its chunks.
#[derive(Default)]
struct ChunkReader {
    model: String,
    thought: bool,
    refusal: String,
    stop_reason: Option<StopReason>,
    usage: Usage,
}

impl ChunkReader {
    fn take_usage(&mut self, usage: &Value) {
        let named = |usage: &Value, name| usage.get(name).and_then(count);
        let prompt = named(usage, "prompt_tokens");
        let answer = named(usage, "completion_tokens");
        let details = member(usage, &["prompt_tokens_details"]);
        let cached = details.and_then(|details| named(details, "cached_tokens")).unwrap_or(0);
        if let Some(prompt) = prompt {
            self.usage.input = prompt.saturating_sub(cached);
            self.usage.cache_read = cached;
        }
        self.usage.output = answer.unwrap_or(self.usage.output);
    }

    fn take_choice(&mut self, choice: &Value, came: &str) -> Step {
        if let Some(name) = choice.get("finish_reason").and_then(word) {
            self.stop_reason = Some(StopReason::named(name, None));
        }
        let mut text = None;
        if let Some(delta) = member(choice, &["delta"]) {
            text = self.take_message(delta);
        }
        // An answer that is not streamed comes in a message. Some servers repeat in it what they
        // streamed.
        if text.is_none()
            && let Some(message) = member(choice, &["message"])
        {
            let whole = self.take_message(message).unwrap_or_default();
            text = Some(whole.strip_prefix(came).unwrap_or(&whole).to_owned());
        }
        let text = text.or_else(|| choice.get("text").and_then(content));
        text.map_or(Step::Nothing, Step::Text)
    }

    /// Takes a message or a part of one; returns its text, unless it has none.
    fn take_message(&mut self, message: &Value) -> Option<String> {
        let thinking = ["reasoning_content", "reasoning", "thinking", "reasoning_details"];
        self.thought |= member(message, &thinking).is_some_and(says_something);
        if let Some(refusal) = message.get("refusal").and_then(content) {
            self.refusal.push_str(&refusal);
        }
        let text = member(message, &["content"]);
        let parts = text.and_then(Value::as_array).into_iter().flatten();
        let mut kinds = parts.filter_map(|part| part.get("type").and_then(word));
        self.thought |= kinds.any(|kind| matches!(kind, "thinking" | "reasoning"));
        text.and_then(content).filter(|text| !text.is_empty())
    }
}

impl AnswerReader for ChunkReader {
    fn read(&mut self, name: &str, event: &Value, came: &str) -> Step {
        if let Some(failed) = failure(name, event) {
            return failed;
        }
        if let Some(model) = event.get("model").and_then(word) {
            model.clone_into(&mut self.model);
        }
        let usage = member(event, &["usage"]);
        if let Some(usage) = usage {
            self.take_usage(usage);
        }
        match event.get("choices") {
            // The last chunk, with the usage, has no choice. Only one is ever asked for, but some
            // servers are set to give several.
            Some(Value::Array(choices)) => {
                let is_first = |choice: &&Value| {
                    choice.get("index").and_then(count).is_none_or(|index| index == 0)
                };
                let first = choices.iter().find(is_first);
                first.map_or(Step::Nothing, |choice| self.take_choice(choice, came))
            }
            Some(Value::Null) => Step::Nothing,
            None if usage.is_some() => Step::Nothing,
            _ => Step::NotUnderstood,
        }
    }

    fn has_stopped(&self) -> bool {
        self.stop_reason.is_some()
    }

    fn finish(self, text: String) -> Completion {
        let Self { model, thought, refusal, stop_reason, usage } = self;
        let stop_reason = if refusal.is_empty() {
            stop_reason.unwrap_or(StopReason::EndTurn)
        } else {
            StopReason::Refusal { explanation: Some(refusal) }
        };
        Completion { text, thought, stop_reason, usage, model }
    }
}
