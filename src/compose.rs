//! Builds the engine from the settings.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use etcetera::BaseStrategy;
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_chat::{
    Api, ApiKey, AsyncMemory, ModelSettings, SpoolSettings, TalkSettings, TokenBudget,
};
use longmem_core::{Clock, ErrorCode, TextEmbedder};
use longmem_embed::{EmbedderError, FetchEvent, LazyEmbedder, Manifest, Source};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};

use crate::arguments::{GlobalArguments, ProviderKind};
use crate::config_file::ConfigFile;
use crate::environment;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress_bar;
use crate::sanitize::for_terminal;
use crate::settings::{Folders, HubEnvironment, LlmEnvironment, LlmSettings, Settings};

/// The machine's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Reads the environment and the configuration file, and resolves the settings.
///
/// # Errors
/// [`Failure`] if there is no home folder or the file is wrong.
pub(crate) fn settings(flags: &GlobalArguments) -> Result<Settings, Failure> {
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        let hint = "Set HOME to your home folder.";
        Failure::refused(ErrorCode::WrongSettings, error.to_string(), hint)
    })?;
    let hub_home = environment::read(environment::HF_HOME)
        .map_or_else(|| strategy.cache_dir().join("huggingface"), Into::into);
    let folders = Folders {
        data: strategy.data_dir().join("longmem"),
        config: strategy.config_dir().join("longmem").join("config.toml"),
        hub_cache: environment::read(environment::HF_HUB_CACHE)
            .map_or_else(|| hub_home.join("hub"), Into::into),
    };
    let hub = HubEnvironment {
        endpoint: environment::read(environment::HF_ENDPOINT),
        token: environment::read(environment::HF_TOKEN)
            .or_else(|| fs_err::read_to_string(hub_home.join("token")).ok())
            .map(|token| token.trim().to_owned()),
        offline: environment::read(environment::HF_HUB_OFFLINE).is_some_and(|value| {
            !matches!(value.to_lowercase().as_str(), "0" | "false" | "no" | "off")
        }),
    };
    let file = ConfigFile::read(flags.config.as_deref(), &folders.config)?;
    Settings::resolve(flags, file, &folders, &hub)
}

/// Reads what the environment says about language models.
pub(crate) fn llm_environment() -> LlmEnvironment {
    LlmEnvironment {
        anthropic_key: environment::read(environment::ANTHROPIC_API_KEY),
        anthropic_base_url: environment::read(environment::ANTHROPIC_BASE_URL),
        openai_key: environment::read(environment::OPENAI_API_KEY),
        openai_base_url: environment::read(environment::OPENAI_BASE_URL),
    }
}

/// Opens the store and joins it with the model, which loads when it is first needed.
///
/// # Errors
/// [`Failure::Store`] if the store cannot be opened.
pub(crate) fn memory(
    settings: &Settings,
    if_missing: IfMissing,
    output: Output,
) -> Result<Memory, Failure> {
    bound_threads(settings);
    Ok(joined(SqliteStore::open(&settings.db, if_missing)?, Arc::new(embedder(settings, output))))
}

/// A memory for a talk, which goes on while the store cannot be opened or is gone: it is opened
/// when it is needed, and made if it was not there when the talk began.
///
/// # Errors
/// [`Failure::Store`] for a file that is no store of ours, which waiting does not change.
pub(crate) fn patient_memory(settings: &Settings, output: Output) -> Result<AsyncMemory, Failure> {
    bound_threads(settings);
    let embedder: Arc<dyn TextEmbedder> = Arc::new(embedder(settings, output));
    let (db, opened) = (settings.db.clone(), AtomicBool::new(false));
    let open = move || {
        // Made once: later, a missing file means that its disk is gone or that it was moved.
        let if_missing =
            if opened.load(Ordering::Relaxed) { IfMissing::Fail } else { IfMissing::Create };
        let store = SqliteStore::open(&db, if_missing)?;
        opened.store(true, Ordering::Relaxed);
        Ok(joined(store, Arc::clone(&embedder)))
    };
    let memory = AsyncMemory::opening(open, Arc::new(SystemClock));
    match memory.open() {
        Err(error) if !error.is_unavailable() => Err(error.into()),
        _ => Ok(memory),
    }
}

/// What every conversation is built from, before anybody answers or learns.
pub(crate) fn talk(settings: &Settings) -> TalkSettings {
    let mut talk = TalkSettings::default();
    talk.conversation.budget = TokenBudget::new(settings.budget);
    talk.conversation.learns = settings.learning.enabled.unwrap_or(true);
    talk.conversation.time_zone = TimeZone::system();
    talk.history_tokens = settings.learning.history_tokens.unwrap_or(talk.history_tokens);
    talk
}

/// Where what cannot be stored is kept until it can be.
///
/// # Errors
/// [`Failure::Output`] if the working folder is gone, against which the store's path counts.
pub(crate) fn spool(settings: &Settings) -> Result<SpoolSettings, Failure> {
    let place = std::path::absolute(&settings.db)?.display().to_string();
    Ok(SpoolSettings::new(&settings.spool, place))
}

/// The language model that is asked; none if nobody is.
///
/// # Errors
/// [`Failure::Refused`] for a key that cannot be sent.
pub(crate) fn model(llm: &LlmSettings) -> Result<Option<ModelSettings>, Failure> {
    let api = match llm.provider {
        ProviderKind::None => return Ok(None),
        ProviderKind::Anthropic => Api::Anthropic,
        ProviderKind::Openai => Api::OpenAiCompatible,
    };
    let mut model = ModelSettings::new(api, &llm.models[0], llm.max_tokens);
    model.fallbacks = llm.models[1..].to_vec();
    model.base_url.clone_from(&llm.base_url);
    model.key = llm.api_key.as_deref().map(ApiKey::new).transpose().map_err(|error| {
        let hint = "Look at the key: it may have been cut when copied.";
        Failure::refused(ErrorCode::KeyRefused, error.to_string(), hint)
    })?;
    Ok(Some(model))
}

/// Makes embedding and search use as many threads as the settings say.
pub(crate) fn bound_threads(settings: &Settings) {
    if let Some(threads) = settings.threads {
        // Fails only if a pool exists already, which has this size then.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
}

fn joined(store: SqliteStore, embedder: Arc<dyn TextEmbedder>) -> Memory {
    Memory::new(Arc::new(store), embedder, Arc::new(SystemClock))
}

/// The model, not loaded yet; tells a person what is fetched.
pub(crate) fn embedder(settings: &Settings, output: Output) -> LazyEmbedder {
    let watcher = FetchWatcher::new(output);
    LazyEmbedder::new(
        Manifest::all_minilm_l6_v2(),
        settings.model.clone(),
        settings.compute,
        Arc::new(move |event: FetchEvent<'_>| watcher.see(&event)),
    )
}

/// Shows a download as a note and a bar.
pub(crate) struct FetchWatcher {
    output: Output,
    bar: Mutex<Option<ProgressBar>>,
}

impl FetchWatcher {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, bar: Mutex::new(None) }
    }

    /// Shows one event.
    pub(crate) fn see(&self, event: &FetchEvent<'_>) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            FetchEvent::Asking(source) => {
                bar.take().inspect(ProgressBar::finish_and_clear);
                self.output
                    .note(format!("fetching the embedding model (91 MB, once) from {source}"));
            }
            FetchEvent::Waiting => {
                self.output.note("another process is fetching the embedding model; waiting for it");
            }
            FetchEvent::Progress { file, received, total } => {
                let bar = bar.get_or_insert_with(|| {
                    progress_bar::bytes(self.output, total.unwrap_or_default())
                });
                bar.set_length(total.unwrap_or(*received));
                bar.set_position(*received);
                bar.set_message((*file).to_owned());
                if *total == Some(*received) {
                    bar.finish_and_clear();
                }
            }
            FetchEvent::PassedOver { error, .. } if is_damage(error) => {
                self.output.warn(for_terminal(&error.to_string()));
            }
            FetchEvent::PassedOver { source, error } if is_download(source) => {
                bar.take().inspect(ProgressBar::finish_and_clear);
                self.output
                    .note(format!("{source} does not serve: {}", for_terminal(&error.to_string())));
            }
            // A place that simply has no model, or an event of a newer embedding crate.
            _ => {}
        }
    }
}

fn is_damage(error: &EmbedderError) -> bool {
    matches!(error, EmbedderError::WrongSum { .. } | EmbedderError::WrongSize { .. })
}

fn is_download(source: &Source) -> bool {
    matches!(source, Source::Hub(_) | Source::Pypi(_))
}
