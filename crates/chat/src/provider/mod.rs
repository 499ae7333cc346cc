//! Language models over the network.
//!
//! [`Anthropic`] and [`OpenAiCompatible`] make one attempt each; [`Retrying`] and [`Fallback`] wrap
//! any provider, and each other. All of them stream: the answer's text is handed on as it comes.

mod anthropic;
mod api_key;
mod error;
mod event_stream;
mod fallback;
mod http;
mod openai_compatible;
mod retrying;

pub use anthropic::Anthropic;
pub use api_key::{ApiKey, InvalidApiKey};
pub use error::{Api, Endpoint, ProviderError, RetryAdvice};
pub use fallback::Fallback;
pub use openai_compatible::OpenAiCompatible;
pub use retrying::{RetryPolicy, Retrying};

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

use crate::{Context, Message, TextBlock};

/// Takes the answer's text, piece by piece, as it comes.
pub type OnText<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Something that answers a prompt: a language model behind a network API.
///
/// # Examples
/// ```no_run
/// use longmem_chat::{Anthropic, ApiKey, Provider, Request, RetryPolicy, Retrying};
/// # async fn ask(context: longmem_chat::Context) -> Result<(), Box<dyn std::error::Error>> {
///
/// let provider = Anthropic::new(Anthropic::BASE_URL, Some(ApiKey::new("sk-…")?))?;
/// let provider = Retrying::new(provider, RetryPolicy::default(), fastrand::Rng::with_seed(7));
/// let request = Request::new(&context, "claude-haiku-5-5", 1_024);
/// let mut answer = String::new();
/// let completion = provider.complete(&request, &mut |text| answer.push_str(text)).await?;
/// assert_eq!(completion.text, answer);
/// # Ok(())
/// # }
/// ```
pub trait Provider: Send + Sync {
    /// Answers a prompt. Dropping the future ends the request.
    ///
    /// # Errors
    /// [`ProviderError`]; what came before a broken stream is in [`ProviderError::Interrupted`].
    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: OnText<'a>,
    ) -> BoxFuture<'a, Result<Completion, ProviderError>>;
}

impl<P: Provider + ?Sized> Provider for Arc<P> {
    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: OnText<'a>,
    ) -> BoxFuture<'a, Result<Completion, ProviderError>> {
        (**self).complete(request, on_text)
    }
}

/// What a provider is asked. Sampling and thinking are left to the model's defaults: newer models
/// refuse requests that set them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The model's id, as the provider names it.
    pub model: String,
    /// Standing instructions and what is known.
    pub system: Vec<TextBlock>,
    /// The conversation: alternating roles, the user first and last.
    pub messages: Vec<Message>,
    /// The most tokens that the answer may have.
    pub max_tokens: u32,
    /// The JSON schema that the answer is to follow; none for free text. Not every server knows
    /// schemas, and none makes checking the answer needless.
    pub answer_schema: Option<Value>,
}

impl Request {
    /// Asks a model to answer a prompt.
    pub fn new(context: &Context, model: impl Into<String>, max_tokens: u32) -> Self {
        Self {
            model: model.into(),
            system: context.system.clone(),
            messages: context.messages.clone(),
            max_tokens,
            answer_schema: None,
        }
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// What the model said; empty if it refused at once.
    pub text: String,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// What it cost.
    pub usage: Usage,
    /// The model that answered, as the provider names it.
    pub model: String,
}

/// Why an answer ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The model had said what it wanted to say.
    EndTurn,
    /// The answer reached its `max_tokens` and is cut off.
    MaxTokens,
    /// The model or a filter before it refused.
    Refusal {
        /// Why, if the provider says.
        explanation: Option<String>,
    },
    /// Prompt and answer together reached the end of the model's window; the answer is cut off.
    ContextWindowExceeded,
    /// Anything else, by the provider's name for it.
    Other(String),
}

/// What an answer cost, in the provider's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Prompt tokens that no cache served.
    pub input: u64,
    /// Prompt tokens served from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a cache.
    pub cache_write: u64,
    /// Tokens of the answer.
    pub output: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
        self.output += other.output;
    }
}
