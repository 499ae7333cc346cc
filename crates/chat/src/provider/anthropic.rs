//! The Anthropic Messages API.

mod count_tokens;

use std::collections::HashSet;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::http::{AnswerReader, HttpClient, Step, failure};
use super::lenient::{content, count, member, word};
use super::model_server::entries;
use super::{
    AnswerSchema, Api, ApiKey, Completion, OnText, Provider, ProviderError, Request, ServedModel,
    StopReason, Usage,
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

    /// The models of the server.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub(super) async fn models(&self) -> Result<Vec<ServedModel>, ProviderError> {
        let list = self.http.get(&format!("{}/v1/models?limit=1000", self.http.base())).await?;
        Ok(entries(&list).filter_map(ServedModel::read).collect())
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
        let reader = EventReader { model: request.model.clone(), ..EventReader::default() };
        self.http.answer(&body, reader, on_text).await
    }

    async fn window(&self, model: &str) -> Option<usize> {
        let entry = self.http.get(&format!("{}/v1/models/{model}", self.http.base())).await.ok()?;
        ServedModel::read(&entry)?.window
    }

    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        self.count(request).await
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
        let Request { model, system, messages, max_tokens, answer_schema, .. } = request;
        let output_config = answer_schema.as_ref().map(OutputConfig::of);
        Self { model, max_tokens: *max_tokens, stream: true, system, messages, output_config }
    }
}

/// Follows an answer through its events.
#[derive(Default)]
struct EventReader {
    model: String,
    /// The blocks that are something else than text.
    other_blocks: HashSet<u64>,
    thought: bool,
    stop_reason: Option<StopReason>,
    usage: Usage,
}

impl EventReader {
    fn begin(&mut self, message: &Value) {
        if let Some(model) = message.get("model").and_then(word) {
            model.clone_into(&mut self.model);
        }
        self.update_usage(message);
    }

    fn begin_block(&mut self, index: Option<u64>, block: &Value) -> Step {
        let kind = block.get("type").and_then(word).unwrap_or("text");
        if kind == "text" {
            return block.get("text").and_then(content).map_or(Step::Nothing, Step::Text);
        }
        self.thought |= kind.ends_with("thinking");
        self.other_blocks.extend(index);
        Step::Nothing
    }

    fn read_delta(&mut self, index: Option<u64>, delta: &Value) -> Step {
        let is_text = delta.get("type").and_then(word).is_none_or(|kind| kind == "text_delta");
        let is_of_text = index.is_none_or(|index| !self.other_blocks.contains(&index));
        let text = delta.get("text").filter(|_| is_text && is_of_text).and_then(content);
        text.map_or(Step::Nothing, Step::Text)
    }

    /// Takes why the model stopped, and what it cost.
    fn change(&mut self, change: &Value, event: &Value) {
        self.update_usage(event);
        let Some(name) = change.get("stop_reason").and_then(word) else { return };
        let explanation = member(change, &["stop_details"])
            .and_then(|details| details.get("explanation").and_then(word));
        self.stop_reason = Some(StopReason::named(name, explanation.map(str::to_owned)));
    }

    /// Takes an answer that came whole.
    fn take_whole(&mut self, message: &Value) -> Step {
        self.begin(message);
        self.change(message, message);
        let blocks = message.get("content");
        let kinds = blocks.and_then(Value::as_array).into_iter().flatten();
        let mut kinds = kinds.filter_map(|block| block.get("type").and_then(word));
        self.thought |= kinds.any(|kind| kind.ends_with("thinking"));
        blocks.and_then(content).map_or(Step::Nothing, Step::Text)
    }

    fn update_usage(&mut self, event: &Value) {
        let Some(update) = member(event, &["usage"]) else { return };
        let named = |name| update.get(name).and_then(count);
        // The counts are cumulative, and each event names only some of them.
        let usage = &mut self.usage;
        usage.input = named("input_tokens").unwrap_or(usage.input);
        usage.cache_read = named("cache_read_input_tokens").unwrap_or(usage.cache_read);
        usage.cache_write = named("cache_creation_input_tokens").unwrap_or(usage.cache_write);
        usage.output = named("output_tokens").unwrap_or(usage.output);
    }
}

impl AnswerReader for EventReader {
    fn read(&mut self, name: &str, event: &Value, _: &str) -> Step {
        if let Some(failed) = failure(name, event) {
            return failed;
        }
        let part = |name| member(event, &[name]).unwrap_or(&Value::Null);
        let index = event.get("index").and_then(count);
        match event.get("type").and_then(word).unwrap_or(name) {
            "message_start" => self.begin(part("message")),
            "content_block_start" => return self.begin_block(index, part("content_block")),
            "content_block_delta" => return self.read_delta(index, part("delta")),
            "message_delta" => self.change(part("delta"), event),
            "message_stop" => return Step::End,
            "message" => return self.take_whole(event),
            "" => return Step::NotUnderstood,
            // Events may be added to the API.
            _ => {}
        }
        Step::Nothing
    }

    fn has_stopped(&self) -> bool {
        self.stop_reason.is_some()
    }

    fn finish(self, text: String) -> Completion {
        let Self { model, thought, stop_reason, usage, .. } = self;
        let stop_reason = stop_reason.unwrap_or(StopReason::EndTurn);
        Completion { text, thought, stop_reason, usage, model }
    }
}
