//! Which language model answers, and which one learns: flags first, then the environment and the file.

use longmem_chat::{
    Api, ApiKey, DEFAULT_BUDGET, ModelServer, ModelSettings, OpenAiCompatible, TalkSettings,
    TokenBudget,
};
use longmem_core::ErrorCode;

use crate::arguments::{ProviderArguments, ProviderKind};
use crate::failure::Failure;
use crate::named_file;
use crate::output::Output;
use crate::sanitize::for_terminal;
use crate::settings::Settings;

/// The language model that answers, and how its prompts begin and end.
#[derive(Debug, Clone)]
pub(crate) struct LlmSettings {
    /// The model; without one, memory is quoted.
    model: Option<ModelSettings>,
    /// The budget that a flag names.
    budget: Option<TokenBudget>,
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
    /// Resolves which language model answers: the named one, or Anthropic's cheapest, of the server
    /// that [`server`] finds.
    ///
    /// # Errors
    /// [`Failure::Config`] if a named file cannot be read; [`Failure::Refused`] if the choice
    /// lacks a key, an address, a server or a model.
    pub(crate) fn resolve(
        flags: &ProviderArguments,
        settings: &Settings,
        environment: &LlmEnvironment,
    ) -> Result<Self, Failure> {
        let defaults = &settings.llm;
        let name = flags.llm.clone().or_else(|| defaults.model.clone());
        let model = match (server(flags, settings, environment)?, name) {
            (Some(server), name) => Some(model(server, name, flags, settings)?),
            (None, Some(name)) if asked(flags, settings).is_none() => {
                return Err(no_server_of(&name));
            }
            (None, _) => None,
        };
        let persona = flags.persona.as_deref().or(defaults.persona.as_deref());
        Ok(Self {
            model,
            budget: flags.budget.map(TokenBudget::new),
            persona: persona.map(named_file::read).transpose()?,
        })
    }

    /// The name of the model that answers; none if memory is quoted.
    pub(crate) fn model_name(&self) -> Option<&str> {
        self.model.as_ref().map(|model| model.name.as_str())
    }

    /// Lets the model answer in a talk.
    pub(crate) fn answers_in(self, talk: &mut TalkSettings) {
        // Whoever names a budget knows the window, and the services' own are larger than any budget.
        let usual_budget = talk.conversation.budget == DEFAULT_BUDGET && self.budget.is_none();
        let own = self.model.as_ref().is_none_or(|model| model.server().is_own_service());
        talk.conversation.fits_window = usual_budget && !own;
        talk.conversation.budget = self.budget.unwrap_or(talk.conversation.budget);
        talk.model = self.model;
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
        // The name of a model that learns says nothing of a server.
        if server(&flags, &settings, environment)?.is_none() {
            return Ok(None);
        }
        Ok(Self::resolve(&flags, &settings, environment)?.model)
    }
}

/// Warns of a key that everyone on the way to the model's server can read.
pub(crate) fn warn_of_exposed_key(server: Option<&ModelServer>, output: Output) {
    if let Some(server) = server.filter(|server| server.exposes_key()) {
        output.warn(format!(
            "the key goes to {} without encryption, so whoever is on the way can read it; use an \
             https address if there is one",
            for_terminal(&server.shown_base_url())
        ));
    }
}

/// The provider that flags or the file name.
fn asked(flags: &ProviderArguments, settings: &Settings) -> Option<ProviderKind> {
    flags.provider.or(settings.llm.provider)
}

/// Finds the server that answers: that of the provider that is asked for, or an OpenAI-compatible one
/// whose address ends in `/v1`, or Anthropic's if there is a key, or an OpenAI-compatible one if its
/// address is known, or OpenAI's if there is a key, or none.
///
/// # Errors
/// [`Failure::Config`] if a named file cannot be read; [`Failure::Refused`] if the choice lacks a key
/// or an address.
pub(crate) fn server(
    flags: &ProviderArguments,
    settings: &Settings,
    environment: &LlmEnvironment,
) -> Result<Option<ModelServer>, Failure> {
    let file = &settings.llm;
    let key_in_file = file.api_key_file.as_deref().map(named_file::read).transpose()?;
    let key_in_file = key_in_file.as_deref().and_then(first_line);
    let base_url = flags.base_url.clone().or_else(|| file.base_url.clone());
    let openai_url = base_url.clone().or_else(|| environment.openai_base_url.clone());
    // That of the Messages API is the part before `/v1`.
    let is_openai_url =
        base_url.as_ref().is_some_and(|url| url.trim_end_matches('/').ends_with("/v1"));
    let found = if is_openai_url {
        ProviderKind::Openai
    } else if environment.anthropic_key.is_some() || key_in_file.is_some() {
        ProviderKind::Anthropic
    } else if openai_url.is_some() || environment.openai_key.is_some() {
        ProviderKind::Openai
    } else {
        ProviderKind::None
    };
    let (api, base_url, key) = match asked(flags, settings).unwrap_or(found) {
        ProviderKind::None => return Ok(None),
        ProviderKind::Anthropic => {
            let key = environment.anthropic_key.clone().or(key_in_file).ok_or_else(no_key)?;
            let base_url = base_url.or_else(|| environment.anthropic_base_url.clone());
            (Api::Anthropic, base_url, Some(key))
        }
        ProviderKind::Openai => {
            let key = environment.openai_key.clone().or(key_in_file);
            let own = || key.as_ref().map(|_| OpenAiCompatible::OPENAI_BASE_URL.to_owned());
            let base_url = openai_url.or_else(own).ok_or_else(no_address)?;
            (Api::OpenAiCompatible, Some(base_url), key)
        }
    };
    let mut server = ModelServer::new(api);
    server.base_url = base_url.unwrap_or(server.base_url);
    server.key = key.as_deref().map(checked).transpose()?;
    Ok(Some(server))
}

/// The model of this name; without a name, Anthropic's cheapest.
fn model(
    server: ModelServer,
    name: Option<String>,
    flags: &ProviderArguments,
    settings: &Settings,
) -> Result<ModelSettings, Failure> {
    let default = match server.api {
        Api::Anthropic => Some(DEFAULT_ANTHROPIC_MODEL.to_owned()),
        Api::OpenAiCompatible => None,
    };
    let name = name.or(default).ok_or_else(|| no_name(&server))?;
    let mut model = ModelSettings::new(server.api, name, flags.max_tokens);
    let named = &flags.fallback_llm;
    model.fallbacks.clone_from(if named.is_empty() { &settings.llm.fallback } else { named });
    model.base_url = Some(server.base_url);
    model.key = server.key;
    let counting = flags.count_tokens.or(settings.llm.count_tokens);
    model.counting = counting.map(Into::into).unwrap_or_default();
    Ok(model)
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
        "Give --base-url, as http://localhost:11434/v1, or set OPENAI_BASE_URL; for OpenAI's own \
         service, set OPENAI_API_KEY. longmem models lists the servers that run here.",
    )
}

fn no_name(server: &ModelServer) -> Failure {
    let base_url = server.shown_base_url();
    Failure::refused(
        ErrorCode::NoLanguageModel,
        format!("no model of {base_url} was named"),
        "Give --llm, as --llm llama3.2, or set LONGMEM_LLM; longmem models lists the names. With \
         --provider none, memory is quoted.",
    )
}

fn no_server_of(name: &str) -> Failure {
    Failure::refused(
        ErrorCode::NoLanguageModel,
        format!("the language model {name} was named, but no server that has it"),
        "Give --base-url with the server's address, or set ANTHROPIC_API_KEY or OPENAI_API_KEY; \
         longmem models lists the servers that run here.",
    )
}

fn first_line(text: &str) -> Option<String> {
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}
