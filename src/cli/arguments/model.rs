//! The arguments of the command about the embedding model.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    #[command(subcommand)]
    pub(crate) action: Option<ModelAction>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ModelAction {
    /// Say which model it is and where it was found
    Show,
    /// Fetch it if it is not here, and check it
    Fetch,
    /// Check every file's sum against the manifest
    Verify,
}
