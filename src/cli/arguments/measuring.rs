//! The arguments of commands that measure.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use longmem_eval::Strategy;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem eval locomo10.json
  longmem eval longmemeval_s.json --strategy dense --strategy default --json
  longmem eval mine.jsonl --keep stores/        the second run embeds nothing again
  longmem eval mine.jsonl --misses 5            what was not found, and what was instead

A data set of your own holds one conversation an object:
  {\"id\":…,\"sessions\":[{\"id\":…,\"date\":…,\"turns\":[{\"id\":…,\"role\":…,\"speaker\":…,\"text\":…}]}],
   \"questions\":[{\"id\":…,\"text\":…,\"asked_at\":…,\"category\":…,\"evidence\":[\"turn or session id\"]}]}")]
pub(crate) struct EvalArguments {
    /// LoCoMo or LongMemEval as published, or data of your own
    pub(crate) data: PathBuf,
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
    /// Show up to N questions whose evidence is not among the best ten, with what was found instead
    #[arg(long, value_name = "N", conflicts_with = "json")]
    pub(crate) misses: Option<usize>,
    /// Pad each conversation with turns of the others until it has this many: a larger haystack. For
    /// timings, measure `--strategy default` alone
    #[arg(long, value_name = "TURNS", default_value_t = 0)]
    pub(crate) haystack: usize,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem bench                                      the model, your store, a made-up one
  longmem bench --passages 10000 --passages 100000   how cost grows with size

Your store is only read. The made-up one is written to a temporary folder (TMPDIR) and deleted.
Other programs on the same cores spoil the figures.")]
pub(crate) struct BenchArguments {
    /// Passages of the made-up store; may be given several times
    #[arg(long, value_name = "N", default_value = "10000")]
    pub(crate) passages: Vec<NonZeroUsize>,
}
