//! Opens the library with the settings of the command line.

use std::sync::{Arc, OnceLock};

use longmem::postgres::Stop;
use longmem::{
    Folders, HubSettings, IfMissing, Longmem, Options, StoreKey, StorePlace, environment, key_file,
};
use longmem_chat::{Blocking, LocalServer, Spool};
use longmem_core::UserName;
use longmem_embed::{FetchEvent, LazyEmbedder};
use longmem_memory::Memory;

use crate::arguments::GlobalArguments;
use crate::config_file::ConfigFile;
use crate::failure::Failure;
use crate::fetch_watcher::FetchWatcher;
use crate::interrupt;
use crate::language_model::LlmEnvironment;
use crate::output::Output;
use crate::render;
use crate::sanitize::for_terminal;
use crate::settings::Settings;

/// Reads the environment and the configuration file, and resolves the settings.
///
/// # Errors
/// [`Failure`] if there is no home folder or the file is wrong.
pub(crate) fn settings(flags: &GlobalArguments) -> Result<Settings, Failure> {
    let folders = Folders::of_this_user()?;
    let hub = HubSettings::from_environment(&folders);
    let named = flags.config.as_deref().map(|path| folders.expand(path)).transpose()?;
    let file = ConfigFile::read(named.as_deref(), &folders)?;
    let mut settings =
        Settings::resolve(flags, file, &folders, hub, |name| std::env::var_os(name))?;
    let place = settings.options.place.clone();
    let place = place.with_environment(&folders, settings.password_file.as_deref())?;
    settings.options.place = place.with_stop(Stop::new(interrupt::was_pressed));
    Ok(settings)
}

/// The place of a store that a command names beside the usual one.
///
/// # Errors
/// [`Failure`] if there is no home folder, or the password file of the settings cannot be read.
pub(crate) fn place(name: &str, settings: &Settings) -> Result<StorePlace, Failure> {
    let folders = Folders::of_this_user()?;
    let place = StorePlace::from(name).expanded(&folders)?;
    let place = place.with_environment(&folders, settings.password_file.as_deref())?;
    Ok(place.with_stop(Stop::new(interrupt::was_pressed)))
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

/// Finds the model servers that run on this machine; they are looked for once.
///
/// # Errors
/// [`Failure`] if no thread can be started.
pub(crate) fn local_servers() -> Result<Vec<LocalServer>, Failure> {
    static FOUND: OnceLock<Vec<LocalServer>> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(found.clone());
    }
    let ollama = environment::read(environment::OLLAMA_HOST);
    let found = Blocking::new()?.run(longmem_chat::local_servers(ollama.as_deref()));
    Ok(FOUND.get_or_init(|| found).clone())
}

/// The library's options, with the store's key; a download is shown.
///
/// # Errors
/// [`Failure::Library`] if the key file cannot be used.
pub(crate) fn options(
    settings: &Settings,
    if_missing: IfMissing,
    output: Output,
) -> Result<Options, Failure> {
    let mut options = options_without_key(settings, if_missing, output);
    options.key = key(settings)?;
    Ok(options)
}

/// The key of the store's encryption, if one is named.
///
/// # Errors
/// [`Failure::Library`] if its file cannot be used.
pub(crate) fn key(settings: &Settings) -> Result<Option<StoreKey>, Failure> {
    Ok(settings.key_file.as_deref().map(key_file::read).transpose()?)
}

/// What waits to be stored of a user, with the store's key.
///
/// # Errors
/// Those of [`key`].
pub(crate) fn spool(user: &UserName, settings: &Settings) -> Result<Spool, Failure> {
    Ok(settings.options.spool_of(user).with_key(key(settings)?))
}

fn options_without_key(settings: &Settings, if_missing: IfMissing, output: Output) -> Options {
    let watcher = FetchWatcher::new(output);
    let mut options = settings.options.clone();
    options.if_missing = if_missing;
    options.on_fetch = Arc::new(move |event: FetchEvent<'_>| watcher.see(&event));
    options.on_open = Arc::new(move |notice| {
        if let Some(note) = render::opening_notice(notice) {
            output.note(for_terminal(&note));
        }
    });
    if let Some(moderation) = &mut options.safeguards.moderation {
        moderation.on_unjudged = Arc::new(move |failure| {
            output.warn(for_terminal(&format!("not moderated: {failure}")));
        });
    }
    options
}

/// Opens the memory; the model loads when it is first needed.
///
/// # Errors
/// [`Failure::Library`] if the store cannot be opened.
pub(crate) fn open(
    settings: &Settings,
    if_missing: IfMissing,
    output: Output,
) -> Result<Longmem, Failure> {
    Ok(Longmem::open(options(settings, if_missing, output)?)?)
}

/// Opens the memory, and makes it if there is none; says whether it was made.
///
/// # Errors
/// Those of [`open`].
pub(crate) fn open_or_make(
    settings: &Settings,
    output: Output,
) -> Result<(Longmem, bool), Failure> {
    match open(settings, IfMissing::Fail, output) {
        Err(failure) if failure.is_of_missing_store() => {
            Ok((open(settings, IfMissing::Create, output)?, true))
        }
        opened => Ok((opened?, false)),
    }
}

/// Opens the memory for a command that needs the engine only.
///
/// # Errors
/// Those of [`open`].
pub(crate) fn memory(
    settings: &Settings,
    if_missing: IfMissing,
    output: Output,
) -> Result<Arc<Memory>, Failure> {
    Ok(Arc::clone(open(settings, if_missing, output)?.memory()))
}

/// The embedding model, not loaded yet.
pub(crate) fn embedder(settings: &Settings, output: Output) -> LazyEmbedder {
    options_without_key(settings, IfMissing::Fail, output).minilm()
}
