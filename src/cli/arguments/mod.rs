//! The command line as data: what may be written, and the help that explains it.

mod config;
mod facts;
mod hook;
mod install;
mod key;
mod language_model;
mod mcp;
mod measuring;
mod model;
mod recall;
mod ring;
mod serve;
mod turns;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use longmem::{MAX_THREADS, checked_threads};
use longmem_core::UserName;
use longmem_embed::{Device, Precision};

pub(crate) use config::{ConfigAction, ConfigArguments};
pub(crate) use facts::{
    FactsAction, FactsArguments, MoveArguments, RenameArguments, SessionShowArguments,
    SessionsAction, SessionsArguments,
};
pub(crate) use hook::HookArguments;
pub(crate) use install::{InstallArguments, InstallClient, InstallScope};
pub(crate) use key::{KeyAction, KeyArguments};
pub(crate) use language_model::{
    AskArguments, ChatArguments, CountingKind, LearningArguments, ModelsArguments,
    ProviderArguments, ProviderKind, TalkSession,
};
pub(crate) use mcp::McpArguments;
pub(crate) use measuring::{
    BenchArguments, BenchPart, EvalArguments, ServerBenchArguments, StoresBenchArguments,
};
pub(crate) use model::{ModelAction, ModelArguments};
pub(crate) use recall::{ContextArguments, RecallArguments, RecalledDetail, ScopeArguments};
pub(crate) use ring::{RingAction, RingArguments};
pub(crate) use serve::{KeysAction, KeysArguments, ListenAddress, ServeArguments, UpstreamName};
pub(crate) use turns::{
    BackupArguments, CopyArguments, EditArguments, ExportArguments, ForgetArguments,
    ImportArguments, IndexArguments, ReadingArguments, RememberArguments, ShowArguments,
};
pub(crate) use watch::WatchArguments;

/// Long-term memory for chat assistants: every turn stored, embedded on this machine, and recalled
/// within a token budget.
#[derive(Debug, Parser)]
#[command(name = "longmem", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:
  longmem demo                                  see it work, on a sample history
  longmem remember \"I moved to Lisbon in March\"
  longmem import conversations.json             an export, a transcript, or a folder of them
  longmem recall \"where do I live?\"
  longmem ask \"where do I live now?\"
  longmem chat

Exit codes: 0 done; 1 the request cannot be met; 2 the command line is wrong; 3 the surroundings
fail (disk, network, another process); 70 a bug in longmem; 130 interrupted.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The arguments of every command.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArguments {
    /// The file that holds the memory, or the address of its PostgreSQL database, postgres://…, or
    /// postgres-ring:FILE, where FILE lists several [default: memory.db in the user's data folder]
    #[arg(long, global = true, value_name = "FILE|ADDRESS", env = crate::environment::DB, hide_env_values = true)]
    pub(crate) db: Option<PathBuf>,
    /// A file that holds the key of the memory's encryption: see longmem key
    #[arg(long, global = true, value_name = "FILE", env = crate::environment::KEY_FILE)]
    pub(crate) key_file: Option<PathBuf>,
    /// Whose memory it is [default: default]
    #[arg(long, short, global = true, value_name = "NAME", env = crate::environment::USER)]
    pub(crate) user: Option<UserName>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but data and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// A folder that holds the embedding model; no other place is searched
    #[arg(long, global = true, value_name = "FOLDER", env = crate::environment::MODEL_DIR)]
    pub(crate) model_dir: Option<PathBuf>,
    /// Where the model runs [default: cpu]
    #[arg(long, global = true, value_name = "cpu|cuda|metal", env = crate::environment::DEVICE)]
    pub(crate) device: Option<Device>,
    /// How exactly the model is computed; bf16 is twice as fast, on processors for servers that have
    /// AVX-512 BF16 (AMD) or AMX (Intel) [default: f32]
    #[arg(long, global = true, value_name = "f32|bf16", env = crate::environment::PRECISION)]
    pub(crate) precision: Option<Precision>,
    /// Never use the network
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Threads for embedding and search, 1 to 256 [default: one per core]
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = crate::environment::THREADS,
        allow_negative_numbers = true,
        value_parser = threads
    )]
    pub(crate) threads: Option<usize>,
    /// Replace passwords, keys, card numbers and their like before anything is stored
    #[arg(long, global = true, env = crate::environment::REDACT, value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) redact: bool,
    /// A configuration file [default: config.toml in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE", env = crate::environment::CONFIG)]
    pub(crate) config: Option<PathBuf>,
}

/// Reads a number of things of which there must be one at least.
fn count_from_one(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("expected a whole number from 1 to {}", u32::MAX))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show everything on a sample history, in a temporary store
    Demo,
    /// Store something; it is on disk when the command returns
    Remember(RememberArguments),
    /// Import chats: exports and transcripts of other programs, or JSON Lines
    Import(ImportArguments),
    /// Capture what is said with coding agents, from the transcripts that they write
    Watch(WatchArguments),
    /// Embed the turns that have no vectors yet; can be stopped and run again
    Index(IndexArguments),
    /// Find what was said that is relevant
    Recall(RecallArguments),
    /// Print turns by their numbers, with what was said around them
    Show(ShowArguments),
    /// Replace the text of a turn; the old one is deleted for good
    Edit(EditArguments),
    /// Answer a question from memory: by a language model, or by quoting
    Ask(AskArguments),
    /// Talk with a language model that remembers
    Chat(ChatArguments),
    /// Print exactly what would be sent to a language model
    Context(ContextArguments),
    /// List what is known about the user, add to it, correct it, delete from it
    Facts(FactsArguments),
    /// List conversations, show, rename and move them; their summaries, or what they leave to do
    Sessions(SessionsArguments),
    /// Serve the memory as tools to a program that starts this command: the Model Context Protocol
    Mcp(McpArguments),
    /// Count what is stored of all users, or of the one that --user names
    Stats,
    /// Write turns as JSON Lines that import reads back
    Export(ExportArguments),
    /// Delete for good: text, words, vectors, and their bytes on disk
    Forget(ForgetArguments),
    /// Show, fetch or verify the embedding model
    Model(ModelArguments),
    /// List the language models that can be reached, with their windows
    Models(ModelsArguments),
    /// Prove that everything works: write, recall and delete a turn, check the store, reach the
    /// language model
    Doctor(DoctorArguments),
    /// Show every setting and where it comes from, or change the configuration file
    Config(ConfigArguments),
    /// Copy the store to a file while others use it
    Backup(BackupArguments),
    /// Take users to another store: a file, or a database on a PostgreSQL server
    Copy(CopyArguments),
    /// Show the servers of a ring, or move users to where they belong
    Ring(RingArguments),
    /// Connect Claude Code, Codex, Gemini CLI or Cursor with this memory
    Install(InstallArguments),
    /// Answer an agent's hook from memory: see longmem install
    Hook(HookArguments),
    /// Make a key, and encrypt the store with it or with another one
    Key(KeyArguments),
    /// Serve the memory to other programs over HTTP
    Serve(ServeArguments),
    /// Make, list and revoke the keys with which other programs reach the server
    Keys(KeysArguments),
    /// Measure recall on a data set: LoCoMo, LongMemEval, or your own
    Eval(EvalArguments),
    /// Measure how fast this machine embeds, searches and stores
    Bench(BenchArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Print a manual page: longmem manual | man -l -
    Manual(ManualArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Save what can be read of a damaged store into this new one; the damaged file is not changed
    #[arg(long, value_name = "NEW.db")]
    pub(crate) salvage: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Reads a number of threads.
fn threads(text: &str) -> Result<usize, String> {
    let expected = || format!("a whole number from 1 to {MAX_THREADS} is expected");
    checked_threads(text.parse().map_err(|_| expected())?)
}

#[derive(Debug, Args)]
pub(crate) struct ManualArguments {
    /// The command that it describes [default: all in short]
    pub(crate) command: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
