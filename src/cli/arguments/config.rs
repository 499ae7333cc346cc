//! The arguments of `longmem config`.

use clap::{Args, Subcommand};

use super::ProviderArguments;

/// Shows or changes the configuration.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem config                                  every value, and where it comes from
  longmem config init                             write a file with every key explained
  longmem config set llm.model llama3.2
  longmem config set llm.fallback llama3.2 qwen3  a list
  longmem config unset llm.model
  longmem config get db

A flag goes before the environment, that before the file, that before the default.")]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    pub(crate) action: Option<ConfigAction>,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Write a configuration file in which every key is explained and none is set
    Init,
    /// Set a key in the file; comments and order stay
    Set {
        /// The key, as `llm.model`
        key: String,
        /// Its value; several are a list
        #[arg(required = true, allow_negative_numbers = true)]
        value: Vec<String>,
    },
    /// Take a key out of the file
    Unset {
        /// The key, as `llm.model`
        key: String,
    },
    /// Print the value of a key that holds now
    Get {
        /// The key, as `llm.model`
        key: String,
    },
}
