//! What is watched.

use std::path::PathBuf;

use clap::Args;
use longmem_server::WatchSource;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem watch --source claude-code,codex      what is said with coding agents, as it is said
  longmem watch ~/talks                         every *.json and *.jsonl of a folder
  longmem watch --source gemini --once          what is new, and no more: for cron

A transcript is read when it has been quiet for half a second, from where it was read to before; what was
forgotten does not come back. Without arguments, [watch] of the configuration file says what is watched.
Nothing is watched that was not named. Ctrl-C ends it.")]
pub(crate) struct WatchArguments {
    /// Folders and files with transcripts
    pub(crate) paths: Vec<PathBuf>,
    /// Agents whose transcripts are captured, wherever they keep them: claude-code, codex, gemini
    #[arg(long, value_name = "AGENT,…", value_delimiter = ',')]
    pub(crate) source: Vec<WatchSource>,
    /// Leave out files of this pattern: * stands for any characters, ? for one
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// Capture what there is now, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Do not embed what was captured: it is found by its words until longmem index, or a search, does
    #[arg(long)]
    pub(crate) no_index: bool,
}
