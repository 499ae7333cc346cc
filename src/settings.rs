//! What a command works with: flags first, then the environment, the file, and the defaults.

use std::path::{Path, PathBuf};

use longmem_core::UserName;
use longmem_embed::{Compute, Device, ModelSources, Precision};

use crate::arguments::{GlobalArguments, ProviderArguments, ProviderKind};
use crate::config_file::{ConfigFile, LearningConfig, LlmConfig};
use crate::failure::Failure;

/// The folders of the person who runs the program.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// Memory and models.
    pub(crate) data: PathBuf,
    /// The configuration file.
    pub(crate) config: PathBuf,
    /// The Hugging Face cache.
    pub(crate) hub_cache: PathBuf,
}

/// What the Hugging Face variables say.
#[derive(Debug, Clone, Default)]
pub(crate) struct HubEnvironment {
    pub(crate) endpoint: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) offline: bool,
}

/// What every command works with.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) db: PathBuf,
    /// The folder for what cannot be stored yet.
    pub(crate) spool: PathBuf,
    pub(crate) user: UserName,
    /// Whether somebody said whose memory it is.
    pub(crate) user_was_named: bool,
    pub(crate) compute: Compute,
    pub(crate) model: ModelSources,
    pub(crate) threads: Option<usize>,
    pub(crate) budget: usize,
    /// What the file says about the language model.
    pub(crate) llm: LlmConfig,
    /// What the file says about learning.
    pub(crate) learning: LearningConfig,
}

/// The user of whoever names none.
const DEFAULT_USER: &str = "default";

/// Tokens of a prompt: room for some twenty recalled turns and the talk itself, at little cost.
pub(crate) const DEFAULT_BUDGET: usize = 4000;

impl Settings {
    /// Resolves the settings. Pure: everything it reads is an argument, and the flags hold the
    /// environment's values already where no flag was given.
    ///
    /// # Errors
    /// [`Failure::Config`] for a value in the file that is none.
    pub(crate) fn resolve(
        flags: &GlobalArguments,
        file: ConfigFile,
        folders: &Folders,
        hub: &HubEnvironment,
    ) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            let path = flags.config.as_ref().unwrap_or(&folders.config).clone();
            Failure::Config { path, reason }
        };
        let device_in_file = file.device.map(|name| name.parse::<Device>()).transpose();
        let device_in_file = device_in_file.map_err(|error| wrong(error.to_string()))?;
        let precision_in_file = file.precision.map(|name| name.parse::<Precision>()).transpose();
        let precision_in_file = precision_in_file.map_err(|error| wrong(error.to_string()))?;
        let named_user = flags.user.clone().or(file.user);
        let user_was_named = named_user.is_some();
        let default_user = || UserName::new(DEFAULT_USER).expect("the constant is a valid name");
        let mut model = ModelSources::new(folders.data.join("models"));
        model.explicit = flags.model_dir.clone().or(file.model_dir);
        model.folders = vec![PathBuf::from("models")];
        model.hub_cache = Some(folders.hub_cache.clone());
        model.hub_endpoint.clone_from(&hub.endpoint);
        model.hub_token.clone_from(&hub.token);
        model.offline = flags.offline || hub.offline || file.offline.unwrap_or(false);
        Ok(Self {
            db: flags.db.clone().or(file.db).unwrap_or_else(|| folders.data.join("memory.db")),
            spool: folders.data.join("spool"),
            user: named_user.unwrap_or_else(default_user),
            user_was_named,
            compute: Compute::new(
                flags.device.or(device_in_file).unwrap_or_default(),
                flags.precision.or(precision_in_file).unwrap_or_default(),
            ),
            model,
            threads: flags.threads.or(file.threads),
            budget: file.budget.unwrap_or(DEFAULT_BUDGET),
            llm: file.llm,
            learning: file.learning,
        })
    }
}

/// Reads a text file that a setting names.
///
/// # Errors
/// [`Failure::Config`] if it cannot be read.
pub(crate) fn read_named_file(path: &Path) -> Result<String, Failure> {
    fs_err::read_to_string(path)
        .map_err(|error| Failure::Config { path: path.to_owned(), reason: error.to_string() })
}

/// The language model that a command talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LlmSettings {
    pub(crate) provider: ProviderKind,
    pub(crate) models: Vec<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) max_tokens: u32,
    pub(crate) budget: usize,
    pub(crate) persona: Option<String>,
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
    /// Resolves which language model answers: what is asked for, or Anthropic if there is a key,
    /// or an OpenAI-compatible server if its address is known, or nobody.
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
        let (key, base_url, usual_model) = match provider {
            ProviderKind::Anthropic => (
                environment.anthropic_key.clone().or(key_in_file),
                base_url.or_else(|| environment.anthropic_base_url.clone()),
                Some(DEFAULT_ANTHROPIC_MODEL),
            ),
            ProviderKind::Openai => (
                environment.openai_key.clone().or(key_in_file),
                base_url.or_else(|| environment.openai_base_url.clone()),
                None,
            ),
            ProviderKind::None => (None, None, Some("none")),
        };
        if provider == ProviderKind::Anthropic && key.is_none() {
            return Err(Failure::refused(
                "there is no key for Anthropic",
                "Set ANTHROPIC_API_KEY, or api_key_file in the [llm] part of the configuration.",
            ));
        }
        if provider == ProviderKind::Openai && base_url.is_none() {
            return Err(Failure::refused(
                "there is no address of an OpenAI-compatible server",
                "Give --base-url, as http://localhost:11434/v1, or set OPENAI_BASE_URL.",
            ));
        }
        let model = flags.llm.clone().or_else(|| defaults.model.clone());
        let Some(model) = model.or_else(|| usual_model.map(str::to_owned)) else {
            return Err(Failure::refused(
                "it is not said which model the server is to run",
                "Give --llm, as --llm llama3.2, or set LONGMEM_LLM.",
            ));
        };
        let fallback =
            if flags.fallback_llm.is_empty() { &defaults.fallback } else { &flags.fallback_llm };
        let persona = flags.persona.as_deref().or(defaults.persona.as_deref());
        Ok(Self {
            provider,
            models: [model].into_iter().chain(fallback.iter().cloned()).collect(),
            base_url,
            api_key: key,
            max_tokens: flags.max_tokens,
            budget: flags.budget.unwrap_or(settings.budget),
            persona: persona.map(read_named_file).transpose()?,
        })
    }
}

impl LlmSettings {
    /// Resolves which language model learns: what `[learning]` or `--learning-llm` says, and for
    /// the rest the one that answers; none if nobody does.
    ///
    /// # Errors
    /// As [`LlmSettings::resolve`].
    pub(crate) fn resolve_learning(
        flags: &ProviderArguments,
        settings: &Settings,
        environment: &LlmEnvironment,
    ) -> Result<Option<Self>, Failure> {
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
        let llm = Self::resolve(&flags, &settings, environment)?;
        Ok((llm.provider != ProviderKind::None).then_some(llm))
    }
}

fn first_line(text: &str) -> Option<String> {
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}
