//! The arguments of `key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    #[command(subcommand)]
    pub(crate) action: KeyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// Make a file with a new random key, for you alone; nothing is overwritten
    New {
        /// The file
        file: PathBuf,
    },
    /// Encrypt the store, and what waits for it, with another key; nobody else may have it open
    ///
    /// A store that is not encrypted is encrypted. Its present key, if it has one, is that of --key-file.
    Rotate {
        /// The file that holds the new key
        #[arg(value_name = "NEW_KEY_FILE", required_unless_present = "decrypt")]
        file: Option<PathBuf>,
        /// Make the store plain again, instead of giving it another key
        #[arg(long, conflicts_with = "file")]
        decrypt: bool,
        /// Do not ask
        #[arg(long, short, requires = "decrypt")]
        yes: bool,
    },
}
