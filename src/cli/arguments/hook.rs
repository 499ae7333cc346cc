//! What an agent's hook writes.

use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "An agent writes JSON to standard input and reads JSON from standard output; what goes wrong is a
line in hooks.log in the user's data folder, and the exit code is 0. With LONGMEM_HOOK_DEBUG=1 that
file says what came and what was answered, too. `longmem install` writes the hooks."
)]
pub(crate) struct HookArguments {
    /// The agent: claude-code, codex or gemini
    pub(crate) client: String,
    /// The event, by the name that the agent has for it
    pub(crate) event: String,
    /// Read the transcripts that hooks noted; a hook starts this beside itself
    #[arg(long, hide = true)]
    pub(crate) catch_up: bool,
}
