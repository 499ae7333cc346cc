//! A language model and the way to it.

use std::sync::Arc;

use longmem_core::{EstimatedClaudeTokens, EstimatedTokens, TokenCounter};
use reqwest::Url;

use super::{
    Anthropic, Api, ApiKey, Fallback, ModelServer, OpenAiCompatible, Provider, ProviderError,
    Retrying,
};
#[cfg(feature = "tiktoken")]
use crate::TiktokenTokens;
use crate::{CalibratedTokens, TokenCounting};

/// A language model that can be asked.
#[derive(Clone)]
#[non_exhaustive]
pub struct LanguageModel {
    /// The way to it.
    pub provider: Arc<dyn Provider>,
    /// The model's id, as the provider names it.
    pub name: String,
    /// The most tokens that an answer may have.
    pub max_tokens: u32,
    /// Whether an answer may stand last in a prompt, so that the model goes on behind it; false by
    /// default.
    pub prefills: bool,
}

impl LanguageModel {
    /// A model that is asked through this provider.
    pub fn new(provider: Arc<dyn Provider>, name: impl Into<String>, max_tokens: u32) -> Self {
        Self { provider, name: name.into(), max_tokens, prefills: false }
    }
}

/// Which language model to ask, and where.
///
/// # Examples
/// ```
/// use longmem_chat::{Api, ModelSettings};
///
/// let model = ModelSettings::new(Api::OpenAiCompatible, "llama3.2", 1_024).connect()?;
/// assert_eq!(model.name, "llama3.2");
/// # Ok::<(), longmem_chat::ProviderError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ModelSettings {
    /// The API that the server speaks.
    pub api: Api,
    /// The model's id, as the server names it.
    pub name: String,
    /// The most tokens that an answer may have.
    pub max_tokens: u32,
    /// Models that are asked in this order when the first one is overloaded or refuses; none by
    /// default.
    pub fallbacks: Vec<String>,
    /// The server's base URL; by default that of Anthropic's own service, or of an Ollama on this
    /// machine.
    pub base_url: Option<String>,
    /// The key that the server asks for; none by default.
    pub key: Option<ApiKey>,
    /// Who counts the tokens of prompts; an estimate that learns by default.
    pub counting: TokenCounting,
}

impl ModelSettings {
    /// The model of this name, at the API's usual address and without a key.
    pub fn new(api: Api, name: impl Into<String>, max_tokens: u32) -> Self {
        let (name, fallbacks) = (name.into(), Vec::new());
        let counting = TokenCounting::default();
        Self { api, name, max_tokens, fallbacks, base_url: None, key: None, counting }
    }

    /// Makes the way to the model, with retries and the models to fall back on. Nothing is sent
    /// yet.
    ///
    /// # Errors
    /// [`ProviderError::InvalidBaseUrl`] or [`ProviderError::NoClient`].
    pub fn connect(&self) -> Result<LanguageModel, ProviderError> {
        let ModelServer { base_url, key, .. } = self.server();
        let provider: Arc<dyn Provider> = match self.api {
            Api::Anthropic => Arc::new(Retrying::new(Anthropic::new(&base_url, key)?)),
            Api::OpenAiCompatible => {
                Arc::new(Retrying::new(OpenAiCompatible::new(&base_url, key)?))
            }
        };
        // Retries are inside: each model gets them before the next one is asked.
        let provider = Arc::new(Fallback::new(provider, self.fallbacks.clone()));
        let mut model = LanguageModel::new(provider, self.name.clone(), self.max_tokens);
        // llama.cpp, Ollama and vLLM go on behind an answer. OpenAI begins a new one, and Anthropic's
        // newer models refuse it.
        model.prefills = self.api == Api::OpenAiCompatible
            && !self.base_url.as_deref().is_some_and(OpenAiCompatible::is_openai);
        Ok(model)
    }

    /// The server that is asked.
    pub fn server(&self) -> ModelServer {
        let mut server = ModelServer::new(self.api);
        if let Some(base_url) = &self.base_url {
            server.base_url.clone_from(base_url);
        }
        server.key.clone_from(&self.key);
        server
    }

    /// What counts tokens about as the model does, before anything is known of it.
    pub fn counter(&self) -> Arc<dyn TokenCounter> {
        #[cfg(feature = "tiktoken")]
        if self.counting == TokenCounting::Tiktoken {
            return Arc::new(TiktokenTokens::of_model(&self.name));
        }
        match self.api {
            Api::Anthropic => Arc::new(EstimatedClaudeTokens),
            Api::OpenAiCompatible => Arc::new(EstimatedTokens),
        }
    }

    /// What counts tokens as the model does, and the same if it learns from answers.
    pub(crate) fn counters(&self) -> (Arc<dyn TokenCounter>, Option<Arc<CalibratedTokens>>) {
        let counter = self.counter();
        if !matches!(self.counting, TokenCounting::Estimate | TokenCounting::Server) {
            return (counter, None);
        }
        let mut calibrated = CalibratedTokens::new(counter, &self.host(), &self.name);
        if !self.fallbacks.is_empty() {
            calibrated = calibrated.with_fallbacks();
        }
        let calibrated = Arc::new(calibrated);
        (calibrated.clone(), Some(calibrated))
    }

    /// The server's host, with its port where that is not the usual one.
    fn host(&self) -> String {
        let url = Url::parse(self.server().base_url.trim()).ok();
        let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
        match host {
            Some((host, Some(port))) => format!("{host}:{port}"),
            Some((host, None)) => host.to_owned(),
            // Nothing can be asked there, so nothing is learned either.
            None => String::new(),
        }
    }
}
