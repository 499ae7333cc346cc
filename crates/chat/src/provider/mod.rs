//! Language models over the network.
//!
//! [`Anthropic`] and [`OpenAiCompatible`] make one attempt for each request. [`Retrying`] and
//! [`Fallback`] wrap any provider, and each other. All of them stream: the answer's text is handed
//! on as it comes.

mod anthropic;
mod api_key;
mod completion;
mod endpoint;
mod error;
mod event_stream;
mod fallback;
mod http;
mod lenient;
mod model_server;
mod model_settings;
mod openai_compatible;
mod request;
mod retrying;

pub use anthropic::Anthropic;
pub use api_key::{ApiKey, InvalidApiKey};
pub use completion::{Completion, StopReason, Usage};
pub use endpoint::{Api, Endpoint};
pub use error::{ProviderError, RetryAdvice};
pub use event_stream::{EventParser, ServerEvent};
pub use fallback::Fallback;
pub use http::http_client;
pub use model_server::{LocalServer, ModelServer, ServedModel, local_servers};
pub use model_settings::{LanguageModel, ModelSettings};
pub use openai_compatible::OpenAiCompatible;
pub use request::{AnswerSchema, Request};
pub use retrying::Retrying;

use std::sync::Arc;

use async_trait::async_trait;

/// Takes the answer's text, piece by piece, as it comes.
pub type OnText<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Something that answers a prompt: a language model behind a network API.
///
/// Implement it with the [`macro@async_trait`] macro, which this crate exports too.
///
/// # Examples
/// ```no_run
/// use longmem_chat::{Anthropic, ApiKey, Provider, Request, Retrying};
/// # async fn ask(context: longmem_chat::Context) -> Result<(), Box<dyn std::error::Error>> {
///
/// let provider = Anthropic::new(Anthropic::BASE_URL, Some(ApiKey::new("sk-…")?))?;
/// let provider = Retrying::new(provider);
/// let request = Request::of_context(&context, "claude-haiku-5-5", 1_024);
/// let mut answer = String::new();
/// let completion = provider.complete(&request, &mut |text| answer.push_str(text)).await?;
/// assert_eq!(completion.text, answer);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Provider: Send + Sync {
    /// Answers a prompt. Dropping the future ends the request.
    ///
    /// # Errors
    /// [`ProviderError`]; the text that came before a stream broke is in
    /// [`ProviderError::Interrupted`].
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError>;

    /// The tokens of a model's window, prompt and answer together, if its server says so. None by
    /// default.
    async fn window(&self, model: &str) -> Option<usize> {
        let _ = model;
        None
    }

    /// Counts the tokens of a prompt as its model does, the marks around its texts included, without
    /// an answer. None, the default, where the server cannot say.
    ///
    /// # Errors
    /// [`ProviderError`].
    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        let _ = request;
        Ok(None)
    }
}

#[async_trait]
impl<P: Provider + ?Sized> Provider for Arc<P> {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        (**self).complete(request, on_text).await
    }

    async fn window(&self, model: &str) -> Option<usize> {
        (**self).window(model).await
    }

    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        (**self).count_tokens(request).await
    }
}
