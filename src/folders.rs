//! Where a person's programs keep things, and what Hugging Face's variables say.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::{Error, environment};

/// The folders of the person who runs the program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folders {
    /// The home folder.
    pub home: PathBuf,
    /// Memory and models: `~/.local/share/longmem` on Linux.
    pub data: PathBuf,
    /// The command line's configuration file: `~/.config/longmem/config.toml` on Linux.
    pub config: PathBuf,
    /// The cache of models that Hugging Face's libraries share.
    pub hub_cache: PathBuf,
    /// The token that Hugging Face's programs keep.
    hub_token: PathBuf,
}

impl Folders {
    /// Reads from the environment where they are.
    ///
    /// # Errors
    /// [`Error::NoHomeFolder`].
    pub fn of_this_user() -> Result<Self, Error> {
        let strategy = etcetera::choose_base_strategy()
            .map_err(|error| Error::NoHomeFolder { reason: error.to_string() })?;
        let hub_home = environment::read(environment::HF_HOME)
            .map_or_else(|| strategy.cache_dir().join("huggingface"), PathBuf::from);
        Ok(Self {
            home: strategy.home_dir().to_owned(),
            data: strategy.data_dir().join("longmem"),
            config: strategy.config_dir().join("longmem").join("config.toml"),
            hub_cache: environment::read(environment::HF_HUB_CACHE)
                .map_or_else(|| hub_home.join("hub"), PathBuf::from),
            hub_token: hub_home.join("token"),
        })
    }

    /// A path with the home folder in the place of a `~` at its beginning, as a shell writes it: files and
    /// variables are not read by a shell.
    ///
    /// # Errors
    /// [`Error::OtherHome`] for `~name`, the home folder of somebody else.
    pub fn expand(&self, path: &Path) -> Result<PathBuf, Error> {
        let Some(first) = path.components().next().and_then(|first| first.as_os_str().to_str())
        else {
            return Ok(path.to_owned());
        };
        match first {
            "~" => Ok(self.home.join(path.strip_prefix("~").unwrap_or(path))),
            _ if first.starts_with('~') => Err(Error::OtherHome { path: path.to_owned() }),
            _ => Ok(path.to_owned()),
        }
    }
}

/// How models are fetched from the Hugging Face Hub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubSettings {
    /// The address of a mirror; none is the Hub itself.
    pub endpoint: Option<String>,
    /// A token for it.
    pub token: Option<String>,
    /// Never use the network.
    pub offline: bool,
}

impl HubSettings {
    /// Reads them from the environment, and the token from its usual file.
    pub fn from_environment(folders: &Folders) -> Self {
        let in_file = || fs_err::read_to_string(&folders.hub_token).ok();
        let token = environment::read(environment::HF_TOKEN).or_else(in_file);
        Self {
            endpoint: environment::read(environment::HF_ENDPOINT),
            token: token.map(|token| token.trim().to_owned()),
            offline: environment::read(environment::HF_HUB_OFFLINE).is_some_and(|value| {
                !matches!(value.to_lowercase().as_str(), "0" | "false" | "no" | "off")
            }),
        }
    }
}
