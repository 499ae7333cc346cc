//! The Anthropic Messages API.

mod events;

use std::collections::HashSet;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use self::events::{Block, Delta, Event, UsageUpdate, status_of};
use super::event_stream::ServerEvent;
use super::http::{EventReader, HttpClient, Step};
use super::{
    AnswerSchema, Api, ApiKey, Completion, OnText, Provider, ProviderError, Request, StopReason,
    Usage,
};
use crate::{Message, TextBlock};

/// A server that speaks the Anthropic Messages API; one attempt per call.
#[derive(Debug)]
pub struct Anthropic {
    http: HttpClient,
}

impl Anthropic {
    /// Where Anthropic's own service is.
    pub const BASE_URL: &str = "https://api.anthropic.com";

    /// Prepares requests to a server; the base URL is the part before `/v1/messages`.
    ///
    /// # Errors
    /// [`ProviderError::InvalidBaseUrl`] or [`ProviderError::NoClient`].
    pub fn new(base_url: &str, key: Option<ApiKey>) -> Result<Self, ProviderError> {
        let version = (HeaderName::from_static("anthropic-version"), "2023-06-01");
        let headers = HeaderMap::from_iter([(version.0, HeaderValue::from_static(version.1))]);
        let key = key.map(|key| (HeaderName::from_static("x-api-key"), "", key));
        let http = HttpClient::new(Api::Anthropic, base_url, "/v1/messages", headers, key)?;
        Ok(Self { http })
    }

    /// The JSON text that is sent for a request: what the provider's prompt cache sees.
    ///
    /// # Panics
    /// Never: its parts are texts and numbers.
    pub fn request_body(request: &Request) -> String {
        serde_json::to_string(&Body::new(request)).expect("texts and numbers are JSON")
    }
}

#[async_trait]
impl Provider for Anthropic {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let body = Body::new(request);
        let reader = AnswerReader { model: request.model.clone(), ..AnswerReader::default() };
        self.http.stream(&body, reader, on_text).await
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    stream: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    system: &'a [TextBlock],
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    format: OutputFormat<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OutputFormat<'a> {
    JsonSchema { schema: &'a AnswerSchema },
}

impl<'a> OutputConfig<'a> {
    fn of(schema: &'a AnswerSchema) -> Self {
        Self { format: OutputFormat::JsonSchema { schema } }
    }
}

impl<'a> Body<'a> {
    fn new(request: &'a Request) -> Self {
        let Request { model, system, messages, max_tokens, answer_schema } = request;
        let output_config = answer_schema.as_ref().map(OutputConfig::of);
        Self { model, max_tokens: *max_tokens, stream: true, system, messages, output_config }
    }
}

/// Follows an answer through its events.
#[derive(Default)]
struct AnswerReader {
    model: String,
    text_blocks: HashSet<u64>,
    stop_reason: Option<StopReason>,
    usage: Usage,
}

impl AnswerReader {
    fn update_usage(&mut self, update: &UsageUpdate) {
        // The counts are cumulative, and each event names only some of them.
        let usage = &mut self.usage;
        usage.input = update.input.unwrap_or(usage.input);
        usage.cache_read = update.cache_read.unwrap_or(usage.cache_read);
        usage.cache_write = update.cache_write.unwrap_or(usage.cache_write);
        usage.output = update.output.unwrap_or(usage.output);
    }
}

impl EventReader for AnswerReader {
    fn read(&mut self, event: &ServerEvent) -> Result<Step, String> {
        let event = serde_json::from_str(&event.data)
            .map_err(|error| format!("an event is not what the Messages API sends: {error}"))?;
        match event {
            Event::MessageStart { message } => {
                self.model = message.model.unwrap_or_else(|| std::mem::take(&mut self.model));
                self.update_usage(&message.usage);
            }
            Event::ContentBlockStart { index, content_block: Block::Text { text } } => {
                self.text_blocks.insert(index);
                return Ok(Step::Text(text));
            }
            Event::ContentBlockDelta { index, delta: Delta::TextDelta { text } } => {
                if self.text_blocks.contains(&index) {
                    return Ok(Step::Text(text));
                }
            }
            Event::MessageDelta { delta, usage } => {
                self.update_usage(&usage);
                if let Some(name) = delta.stop_reason {
                    let explanation = delta.stop_details.and_then(|details| details.explanation);
                    self.stop_reason = Some(stop_reason(name, explanation));
                }
            }
            Event::MessageStop => return Ok(Step::End),
            Event::Error { error } => {
                let status = status_of(&error.kind);
                return Ok(Step::Failed { status, message: error.message });
            }
            Event::ContentBlockStart { .. } | Event::ContentBlockDelta { .. } | Event::Unknown => {}
        }
        Ok(Step::Nothing)
    }

    fn has_stopped(&self) -> bool {
        self.stop_reason.is_some()
    }

    fn finish(self, text: String) -> Completion {
        let stop_reason = self.stop_reason.unwrap_or(StopReason::EndTurn);
        Completion { text, stop_reason, usage: self.usage, model: self.model }
    }
}

fn stop_reason(name: String, explanation: Option<String>) -> StopReason {
    match name.as_str() {
        "end_turn" => StopReason::EndTurn,
        "max_tokens" => StopReason::MaxTokens,
        "refusal" => StopReason::Refusal { explanation },
        "model_context_window_exceeded" => StopReason::ContextWindowExceeded,
        _ => StopReason::Other(name),
    }
}
