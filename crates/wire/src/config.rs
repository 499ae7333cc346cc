//! Which settings hold, and where they come from.

use longmem_core::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// The settings of the command line.
///
/// ```json
/// {
///   "file": "/home/ana/.config/longmem/config.toml", "exists": true,
///   "settings": [
///     { "key": "user", "value": "ana", "source": { "from": "environment", "variable": "LONGMEM_USER" },
///       "about": "Whose memory it is" },
///     { "key": "threads", "value": "2", "source": { "from": "file" },
///       "about": "Threads for embedding and search" }
///   ],
///   "keys": [{ "variable": "ANTHROPIC_API_KEY", "set": true }]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// The configuration file.
    pub file: String,
    /// Whether it is there.
    pub exists: bool,
    /// Every setting, in the order of the file.
    pub settings: Vec<Setting>,
    /// Which keys the environment holds; never the keys themselves.
    pub keys: Vec<ApiKeySet>,
}

/// One setting.
///
/// ```json
/// { "key": "threads", "value": "2", "source": { "from": "file" },
///   "about": "Threads for embedding and search" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Its key in the file, as `llm.model`.
    pub key: String,
    /// Its value as text; a default that depends on other things is said in words.
    pub value: String,
    /// Where the value comes from.
    pub source: SettingSource,
    /// What it is for.
    pub about: String,
}

/// Where the value of a setting comes from; the first of these goes before the others.
///
/// ```json
/// { "from": "flag", "flag": "--db" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SettingSource {
    /// The command line.
    Flag {
        /// The flag, as `--db`.
        flag: String,
    },
    /// The environment.
    Environment {
        /// The variable's name.
        variable: String,
    },
    /// The configuration file.
    File,
    /// Nobody set it.
    Default,
}

/// Whether a variable holds a key.
///
/// ```json
/// { "variable": "ANTHROPIC_API_KEY", "set": true }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKeySet {
    /// The variable's name.
    pub variable: String,
    /// Whether it is set.
    pub set: bool,
}

/// A change of the configuration file.
///
/// ```json
/// { "file": "/home/ana/.config/longmem/config.toml", "changed": "llm.model is set" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigChanged {
    /// The configuration file.
    pub file: String,
    /// What was done.
    pub changed: String,
}
