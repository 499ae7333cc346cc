//! The chat completions API of OpenAI, Ollama, llama.cpp, vLLM and others.

mod chunks;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Serialize;
use serde_json::Value;

use self::chunks::Chunk;
use super::event_stream::ServerEvent;
use super::http::{EventReader, HttpClient, Step};
use super::{
    AnswerSchema, Api, ApiKey, Completion, OnText, Provider, ProviderError, Request, StopReason,
    Usage,
};
use crate::TextBlock;

/// A server that speaks the chat completions API; one attempt per call.
#[derive(Debug)]
pub struct OpenAiCompatible {
    http: HttpClient,
    limit: LimitName,
}

/// What the server calls the most tokens of an answer.
#[derive(Debug, Clone, Copy)]
enum LimitName {
    /// The old name, the only one that some local servers know.
    MaxTokens,
    /// The new name, the only one that OpenAI's newer models accept.
    MaxCompletionTokens,
}

impl OpenAiCompatible {
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
        let limit = if base_url.trim_start().starts_with("https://api.openai.com/") {
            LimitName::MaxCompletionTokens
        } else {
            LimitName::MaxTokens
        };
        Ok(Self { http, limit })
    }
}

#[async_trait]
impl Provider for OpenAiCompatible {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let body = Body::new(request, self.limit);
        let reader = AnswerReader { model: request.model.clone(), ..AnswerReader::default() };
        self.http.stream(&body, reader, on_text).await
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<PlainMessage>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
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
    fn new(request: &'a Request, limit: LimitName) -> Self {
        // Many chat templates refuse a system message that is not the first.
        let system = (!request.system.is_empty())
            .then(|| PlainMessage { role: "system", content: joined(&request.system) });
        let messages = request.messages.iter().map(|message| PlainMessage {
            role: message.role.as_str(),
            content: joined(&message.content),
        });
        let (max_tokens, max_completion_tokens) = match limit {
            LimitName::MaxTokens => (Some(request.max_tokens), None),
            LimitName::MaxCompletionTokens => (None, Some(request.max_tokens)),
        };
        Self {
            model: &request.model,
            messages: system.into_iter().chain(messages).collect(),
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            max_tokens,
            max_completion_tokens,
            response_format: request.answer_schema.as_ref().map(ResponseFormat::of),
        }
    }
}

fn joined(blocks: &[TextBlock]) -> String {
    blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n\n")
}

/// Follows an answer through its chunks.
#[derive(Default)]
struct AnswerReader {
    model: String,
    refusal: String,
    stop_reason: Option<StopReason>,
    usage: Usage,
}

impl EventReader for AnswerReader {
    fn read(&mut self, event: &ServerEvent) -> Result<Step, String> {
        if event.data == "[DONE]" {
            return Ok(Step::End);
        }
        let chunk: Chunk = serde_json::from_str(&event.data)
            .map_err(|error| format!("a chunk is not what the API sends: {error}"))?;
        if let Some(error) = chunk.error {
            return Ok(failure(&error));
        }
        if let Some(model) = chunk.model {
            self.model = model;
        }
        if let Some(usage) = chunk.usage {
            let cached = usage.prompt_tokens_details.unwrap_or_default().cached_tokens.unwrap_or(0);
            self.usage = Usage {
                input: usage.prompt_tokens.saturating_sub(cached),
                cache_read: cached,
                cache_write: 0,
                output: usage.completion_tokens,
            };
        }
        // The last chunk, with the usage, has no choice; only one is ever asked for.
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(Step::Nothing) };
        if let Some(name) = choice.finish_reason {
            self.stop_reason = Some(stop_reason(name));
        }
        let delta = choice.delta.unwrap_or_default();
        self.refusal.push_str(&delta.refusal.unwrap_or_default());
        Ok(delta.content.map_or(Step::Nothing, Step::Text))
    }

    fn has_stopped(&self) -> bool {
        self.stop_reason.is_some()
    }

    fn finish(self, text: String) -> Completion {
        let stop_reason = if self.refusal.is_empty() {
            self.stop_reason.unwrap_or(StopReason::EndTurn)
        } else {
            StopReason::Refusal { explanation: Some(self.refusal) }
        };
        Completion { text, stop_reason, usage: self.usage, model: self.model }
    }
}

fn stop_reason(name: String) -> StopReason {
    match name.as_str() {
        "stop" => StopReason::EndTurn,
        "length" => StopReason::MaxTokens,
        "content_filter" => StopReason::Refusal { explanation: None },
        _ => StopReason::Other(name),
    }
}

/// An error inside a stream: an object with a message and perhaps a numeric code, or only a text.
fn failure(error: &Value) -> Step {
    let message = error.get("message").unwrap_or(error);
    let message = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
    let code = error.get("code").and_then(Value::as_u64);
    let status = code.and_then(|code| u16::try_from(code).ok()).filter(|code| *code >= 400);
    Step::Failed { status: status.unwrap_or(500), message }
}
