//! The arguments of commands that measure.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use longmem::{ServerAddress, StorePlace};
use longmem_eval::Strategy;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem eval locomo10.json
  longmem eval longmemeval_s.json --strategy dense --strategy default --json
  longmem eval locomo10.json notes.json --keep stores/   both, and their means; the second run embeds
                                                         nothing again
  longmem eval mine.jsonl --misses 5                     what was not found, and what was instead
  longmem eval notes.json --beside chats/conversations.json --beside locomo10.json:conv-30
                                                         notes in a history of years
  longmem eval notes.json --wrap 200 --echo 3            questions in long messages, and asked before

A data set of your own holds one conversation an object:
  {\"id\":…,\"sessions\":[{\"id\":…,\"date\":…,\"turns\":[{\"id\":…,\"role\":…,\"speaker\":…,\"text\":…,
     \"note\":true}]}],
   \"questions\":[{\"id\":…,\"text\":…,\"asked_at\":…,\"category\":…,\"answer\":…,
     \"evidence\":[\"turn or session id\", {\"turn\":…,\"text\":\"the words that answer\"}]}]}")]
pub(crate) struct EvalArguments {
    /// LoCoMo or LongMemEval as published, or data of your own; several are compared
    #[arg(required = true)]
    pub(crate) data: Vec<PathBuf>,
    /// Only this conversation, by its id; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Vec<String>,
    /// Only this way of finding: recency, tutorial, dense, lexical, naive-hybrid, default; may be
    /// given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Vec<Strategy>,
    /// A folder that keeps the stores, so that the next run embeds nothing again
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// A PostgreSQL database that holds the stores meanwhile, each in a schema of its own
    #[arg(long, value_name = "ADDRESS", conflicts_with = "keep")]
    pub(crate) stores: Option<String>,
    /// Store this beside each conversation: a data set, one conversation of it (PATH:CONVERSATION), or
    /// anything that `import` reads; may be given several times
    #[arg(long, value_name = "PATH")]
    pub(crate) beside: Vec<String>,
    /// Ask also behind and before N words of talk from other conversations of the data sets
    #[arg(long, value_name = "N")]
    pub(crate) wrap: Option<NonZeroUsize>,
    /// Take the words of --wrap from a file of text, as code or logs
    #[arg(long, value_name = "FILE", requires = "wrap")]
    pub(crate) wrap_with: Option<PathBuf>,
    /// Ask also after every question was asked K times before, in chats of their own
    #[arg(long, value_name = "K")]
    pub(crate) echo: Option<NonZeroUsize>,
    /// Show also for which messages something is recalled, at several thresholds
    #[arg(long)]
    pub(crate) nothing: bool,
    /// Show also the score of the first result against how often it is evidence
    #[arg(long, conflicts_with = "json")]
    pub(crate) calibration: bool,
    /// Show also all cuts, sessions and latencies
    #[arg(long, conflicts_with = "json")]
    pub(crate) details: bool,
    /// Show up to N questions whose evidence is not among the best ten, with what was found instead
    #[arg(long, value_name = "N", conflicts_with = "json")]
    pub(crate) misses: Option<usize>,
    /// Pad each conversation with turns of the others until it has this many: a larger haystack. For
    /// timings, measure `--strategy default` alone
    #[arg(long, value_name = "TURNS", default_value_t = 0)]
    pub(crate) haystack: usize,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  longmem bench                                      the model, your store, a made-up one
  longmem bench --passages 10000 --passages 100000   how cost grows with size
  longmem bench server                               what other programs wait for
  longmem bench stores postgres://db1/memory         SQLite beside PostgreSQL

Your store is only read. The made-up one is written to a temporary folder (TMPDIR) and deleted.
Other programs on the same cores spoil the figures.")]
pub(crate) struct BenchArguments {
    /// Passages of the made-up store; may be given several times
    #[arg(long, value_name = "N", default_value = "10000")]
    pub(crate) passages: Vec<NonZeroUsize>,
    #[command(subcommand)]
    pub(crate) part: Option<BenchPart>,
}

/// What is measured alone.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchPart {
    /// Measure how fast other programs get at a memory: HTTP, MCP, hooks
    Server(ServerBenchArguments),
    /// Measure stores beside each other: SQLite, and PostgreSQL databases
    Stores(StoresBenchArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ServerBenchArguments {
    /// Turns of a made-up store, which is served; may be given several times
    #[arg(long, value_name = "N", default_values = ["1000", "10000", "100000"])]
    pub(crate) turns: Vec<NonZeroUsize>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem bench stores postgres://ana@db1/memory
  longmem bench stores postgres:///memory?host=/run/postgresql postgres://db1/memory --users 1000

SQLite's file lies in a temporary folder (TMPDIR). In each database a schema of a new name,
longmem_scratch_…, is made, and dropped at the end; nothing else there is touched. Only a process that is
killed leaves it behind. Vectors are made up, and no model is loaded.
Other programs on the same cores spoil the figures.")]
pub(crate) struct StoresBenchArguments {
    /// A PostgreSQL database in which a schema may be made: postgres://…
    #[arg(value_name = "ADDRESS", value_parser = postgres_address)]
    pub(crate) addresses: Vec<ServerAddress>,
    /// Number of users
    #[arg(long, value_name = "N", default_value = "100")]
    pub(crate) users: NonZeroUsize,
    /// Passages of each user
    #[arg(long, value_name = "N", default_value = "1000")]
    pub(crate) passages: NonZeroUsize,
    /// Passages of one more user; 0 for none
    #[arg(long, value_name = "N", default_value = "100000")]
    pub(crate) one_user: usize,
    /// Number of clients that recall at once
    #[arg(long, value_name = "N", default_value = "16")]
    pub(crate) clients: NonZeroUsize,
}

/// Reads the address of a PostgreSQL database.
fn postgres_address(name: &str) -> Result<ServerAddress, String> {
    match StorePlace::from(name) {
        StorePlace::Server(server) => Ok(server),
        StorePlace::File(_) | StorePlace::Ring(_) => {
            Err("it does not begin with postgres://".to_owned())
        }
    }
}
