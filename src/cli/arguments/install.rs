//! What `longmem install` is told.

use clap::Args;
use longmem_core::closed_words;

closed_words! {
    /// A program that longmem is connected with.
    pub enum InstallClient: "a program that longmem can be connected with" {
        /// Claude Code.
        ClaudeCode = "claude-code",
        /// Codex CLI.
        Codex = "codex",
        /// Gemini CLI.
        Gemini = "gemini",
        /// Cursor.
        Cursor = "cursor",
    }
}

closed_words! {
    /// For which sessions longmem is connected.
    pub enum InstallScope: "a scope" {
        /// All of this person.
        User = "user",
        /// Those in the working folder.
        Project = "project",
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Files that are there keep everything else that stands in them; a copy of the file as it was is
beside it (NAME.before-longmem). What --db, --user, --config, --key-file, --model-dir and --redact
say here goes into the commands that are written."
)]
pub(crate) struct InstallArguments {
    /// claude-code, codex, gemini or cursor
    pub(crate) client: InstallClient,
    /// For all of your sessions, or for those in this folder: user or project
    #[arg(long, default_value = "user", value_name = "SCOPE")]
    pub(crate) scope: InstallScope,
    /// Show what would be changed, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take out again what was installed; what is stored stays
    #[arg(long)]
    pub(crate) remove: bool,
    /// Ask a running longmem serve, at its usual address, instead of starting a program
    #[arg(long)]
    pub(crate) http: bool,
}
