//! Arguments of `longmem ring`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem ring status --db postgres-ring:/etc/longmem/ring.toml
  longmem ring move --db postgres-ring:/etc/longmem/ring.toml
  longmem ring move --user ana

The file lists the servers, each with a name that never changes:

  generation = 2

  [[servers]]
  name = \"east\"
  address = \"postgres://longmem@db-east/memory\"

  [[servers]]
  name = \"west\"
  address = \"postgres://longmem@db-west/memory\"
  leaving = true

Raise the generation with each change, and give every process the new file. A server with leaving = true \
gets no new users, and can be taken out of the file when ring move has said that it is empty.")]
pub(crate) struct RingArguments {
    #[command(subcommand)]
    pub(crate) action: RingAction,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum RingAction {
    /// Show the servers with what they hold, and the users who are not where they belong
    Status,
    /// Move the users who are not where they belong, or the one that --user names, while others use the
    /// memory
    Move,
}
