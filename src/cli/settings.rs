//! What a command works with: flags first, then the environment, the file, and the defaults.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread::available_parallelism;

use longmem::{Folders, HubSettings, Options, StorePlace, checked_threads};
use longmem_chat::TokenBudget;
use longmem_core::UserName;
use longmem_embed::{Compute, Device, Precision};

use crate::arguments::GlobalArguments;
use crate::config_file::{
    ConfigFile, LearningConfig, LlmConfig, ProxyConfig, ServerConfig, WatchConfig,
};
use crate::failure::Failure;
use crate::safeguards;

/// What every command works with.
#[derive(Clone)]
pub(crate) struct Settings {
    /// What the memory is opened with.
    pub(crate) options: Options,
    /// The file that holds the key of the store's encryption; it is read when the store is opened.
    pub(crate) key_file: Option<PathBuf>,
    /// The file that holds the password of the store's server.
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) user: UserName,
    /// The person's home folder.
    pub(crate) home: PathBuf,
    /// What the file says about the language model.
    pub(crate) llm: LlmConfig,
    /// What the file says about learning.
    pub(crate) learning: LearningConfig,
    /// What the file says about the server.
    pub(crate) server: ServerConfig,
    /// What the file says about the proxies.
    pub(crate) proxy: ProxyConfig,
    /// What the file says is watched.
    pub(crate) watch: WatchConfig,
}

/// The user if none is named.
const DEFAULT_USER: &str = "default";

impl Settings {
    /// Resolves the settings. Pure: everything it reads is an argument, and the flags hold the
    /// environment's values already where no flag was given.
    ///
    /// # Errors
    /// [`Failure::Config`] for a value in the file that is not valid.
    pub(crate) fn resolve(
        flags: &GlobalArguments,
        file: ConfigFile,
        folders: &Folders,
        hub: HubSettings,
        variable: impl Fn(&str) -> Option<OsString>,
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
        let default_user = || UserName::new(DEFAULT_USER).expect("the constant is a valid name");
        let mut options = Options::of_user(folders, hub);
        // A shell puts the home folder into `--db ~/memory.db`, but not into `--db=~/memory.db`.
        let expanded =
            |path: &Option<PathBuf>| path.as_deref().map(|path| folders.expand(path)).transpose();
        if let Some(db) = flags.db.clone().or(file.db) {
            options.place = StorePlace::from(db).expanded(folders)?;
        }
        options.model.explicit = expanded(&flags.model_dir)?.or(file.model_dir);
        options.model.offline |= flags.offline || file.offline.unwrap_or(false);
        options.compute = Compute::new(
            flags.device.or(device_in_file).unwrap_or_default(),
            flags.precision.or(precision_in_file).unwrap_or_default(),
        );
        let threads_in_file = file.threads.map(checked_threads).transpose().map_err(wrong)?;
        let one_per_core = || available_parallelism().ok().map(NonZero::get);
        options.threads = flags.threads.or(threads_in_file).or_else(one_per_core);
        if let Some(budget) = file.budget {
            options.talk.conversation.budget = TokenBudget::new(budget);
        }
        options.safeguards =
            safeguards::resolve(flags.redact, &file.redaction, &file.moderation, variable)
                .map_err(wrong)?;
        options.talk.conversation.learns = file.learning.enabled.unwrap_or(true);
        if let Some(tokens) = file.learning.history_tokens {
            options.talk.history_tokens = tokens;
        }
        Ok(Self {
            options,
            key_file: expanded(&flags.key_file)?.or(file.key_file),
            password_file: file.db_password_file,
            user: named_user.unwrap_or_else(default_user),
            home: folders.home.clone(),
            llm: file.llm,
            learning: file.learning,
            server: file.server,
            proxy: file.proxy,
            watch: file.watch,
        })
    }
}
