//! Which language model answers, and which one learns: flags first, then the environment and the file.

use longmem_chat::{Api, ApiKey, ModelSettings, TalkSettings, TokenBudget};
use longmem_core::ErrorCode;

use crate::arguments::{ProviderArguments, ProviderKind};
use crate::failure::Failure;
use crate::settings::{Settings, read_named_file};

/// The language model that answers, and how its prompts begin and end.
#[derive(Debug, Clone)]
pub(crate) struct LlmSettings {
    /// The model; without one, memory is quoted.
    model: Option<ModelSettings>,
    budget: TokenBudget,
    persona: Option<String>,
}

/// The keys and addresses that the environment holds for language models.
#[derive(Debug, Clone, Default)]
pub(crate) struct LlmEnvironment {
    pub(crate) anthropic_key: Option<String>,
    pub(crate) anthropic_base_url: Option<String>,
    pub(crate) openai_key: Option<String>,
    pub(crate) openai_base_url: Option<String>,
}

/// The cheapest of Anthropic's current models; `--llm` names another.
const DEFAULT_ANTHROPIC_MODEL: &str = "claude-haiku-5-5";

impl LlmSettings {
    /// Resolves which language model answers: the one that is asked for, or Anthropic's if there is a
    /// key, or that of an OpenAI-compatible server if its address is known, or none.
    ///
    /// # Errors
    /// [`Failure::Config`] if a named file cannot be read; [`Failure::Refused`] if the choice
    /// lacks a key, an address or a model.
    pub(crate) fn resolve(
        flags: &ProviderArguments,
        settings: &Settings,
        environment: &LlmEnvironment,
    ) -> Result<Self, Failure> {
        let defaults = &settings.llm;
        let key_in_file = defaults
            .api_key_file
            .as_deref()
            .map(read_named_file)
            .transpose()?
            .and_then(|text| first_line(&text));
        let base_url = flags.base_url.clone().or_else(|| defaults.base_url.clone());
        let asked = flags.provider.or(defaults.provider);
        let found = if environment.anthropic_key.is_some() || key_in_file.is_some() {
            ProviderKind::Anthropic
        } else if base_url.is_some() || environment.openai_base_url.is_some() {
            ProviderKind::Openai
        } else {
            ProviderKind::None
        };
        let provider = asked.unwrap_or(found);
        let name = flags.llm.clone().or_else(|| defaults.model.clone());
        let mut model = match provider {
            ProviderKind::None => None,
            ProviderKind::Anthropic => {
                let key = environment.anthropic_key.clone().or(key_in_file).ok_or_else(no_key)?;
                let name = name.unwrap_or_else(|| DEFAULT_ANTHROPIC_MODEL.to_owned());
                let mut model = ModelSettings::new(Api::Anthropic, name, flags.max_tokens);
                model.base_url = base_url.or_else(|| environment.anthropic_base_url.clone());
                model.key = Some(checked(&key)?);
                Some(model)
            }
            ProviderKind::Openai => {
                let base_url = base_url.or_else(|| environment.openai_base_url.clone());
                let base_url = base_url.ok_or_else(no_address)?;
                let name = name.ok_or_else(no_name)?;
                let mut model = ModelSettings::new(Api::OpenAiCompatible, name, flags.max_tokens);
                model.base_url = Some(base_url);
                let key = environment.openai_key.clone().or(key_in_file);
                model.key = key.as_deref().map(checked).transpose()?;
                Some(model)
            }
        };
        if let Some(model) = &mut model {
            let named = &flags.fallback_llm;
            model.fallbacks.clone_from(if named.is_empty() { &defaults.fallback } else { named });
        }
        let persona = flags.persona.as_deref().or(defaults.persona.as_deref());
        Ok(Self {
            model,
            budget: flags
                .budget
                .map_or(settings.options.talk.conversation.budget, TokenBudget::new),
            persona: persona.map(read_named_file).transpose()?,
        })
    }

    /// Lets the model answer in a talk.
    pub(crate) fn answers_in(self, talk: &mut TalkSettings) {
        talk.model = self.model;
        talk.conversation.budget = self.budget;
        talk.conversation.system = self.persona;
    }

    /// Resolves which language model learns: what `[learning]` or `--learning-llm` says, and for
    /// the rest the one that answers; none if no model answers.
    ///
    /// # Errors
    /// As [`LlmSettings::resolve`].
    pub(crate) fn resolve_learning(
        flags: &ProviderArguments,
        settings: &Settings,
        environment: &LlmEnvironment,
    ) -> Result<Option<ModelSettings>, Failure> {
        let own = &settings.learning;
        // A model's name and an address mean nothing to another provider.
        let alike = own.provider.is_none();
        let flags = ProviderArguments {
            provider: own.provider.or(flags.provider),
            llm: flags
                .learning_llm
                .clone()
                .or_else(|| own.model.clone())
                .or_else(|| flags.llm.clone().filter(|_| alike)),
            base_url: own.base_url.clone().or_else(|| flags.base_url.clone().filter(|_| alike)),
            persona: None,
            ..flags.clone()
        };
        let mut settings = settings.clone();
        settings.llm.persona = None;
        settings.llm.api_key_file = own.api_key_file.clone().or(settings.llm.api_key_file);
        settings.llm.model = settings.llm.model.filter(|_| alike);
        settings.llm.base_url = settings.llm.base_url.filter(|_| alike);
        Ok(Self::resolve(&flags, &settings, environment)?.model)
    }
}

fn checked(key: &str) -> Result<ApiKey, Failure> {
    ApiKey::new(key).map_err(|error| {
        let hint = "Look at the key: it may have been cut when copied.";
        Failure::refused(ErrorCode::KeyRefused, error.to_string(), hint)
    })
}

fn no_key() -> Failure {
    Failure::refused(
        ErrorCode::NoLanguageModel,
        "the key for Anthropic is missing",
        "Set ANTHROPIC_API_KEY, or api_key_file in the [llm] part of the configuration.",
    )
}

fn no_address() -> Failure {
    Failure::refused(
        ErrorCode::NoLanguageModel,
        "the address of the OpenAI-compatible server is missing",
        "Give --base-url, as http://localhost:11434/v1, or set OPENAI_BASE_URL.",
    )
}

fn no_name() -> Failure {
    Failure::refused(
        ErrorCode::NoLanguageModel,
        "no model of the server was named",
        "Give --llm, as --llm llama3.2, or set LONGMEM_LLM.",
    )
}

fn first_line(text: &str) -> Option<String> {
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}
