//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use longmem_chat::{Api, ApiKey, InvalidApiKey};
use longmem_embed::{Device, Precision};
use longmem_eval::EvalError;
use longmem_eval::dataset::{self, Dataset};

/// Experiments that develop longmem. It is not shipped.
#[derive(Debug, Parser)]
#[command(name = "longmem-lab", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(subcommand)]
    pub(crate) experiment: Experiment,
}

/// Where the model comes from and how it is computed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Embedding model")]
pub(crate) struct ModelArguments {
    /// The folder that holds the model [default: the repository's models/, fetched if absent]
    #[arg(long, global = true, value_name = "FOLDER", env = "LONGMEM_MODEL_DIR")]
    pub(crate) model_dir: Option<PathBuf>,
    /// Where the model runs
    #[arg(long, global = true, value_name = "cpu|cuda|metal", default_value = "cpu")]
    pub(crate) device: Device,
    /// How exactly the model is computed
    #[arg(long, global = true, value_name = "f32|bf16", default_value = "f32")]
    pub(crate) precision: Precision,
    /// Threads for embedding and search [default: one per core]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Experiment {
    /// Find the ranking's numbers on data sets, families and conversations left out in turn
    Fit(FitArguments),
    /// Count what the prompts of talks cost with a provider's prompt cache
    Replay(ReplayArguments),
    /// Time the search by meaning over given vectors, and say what it finds, as JSON
    Search(SearchArguments),
    /// Time the embedding of given texts, as JSON
    Embedding(EmbeddingArguments),
    /// Send prompts to a model server, and say how far the estimate of their tokens is off
    Tokens(TokensArguments),
}

/// The conversations of an experiment.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// LoCoMo or LongMemEval as published, or the neutral format of `longmem eval`
    pub(crate) data: PathBuf,
    /// Only this conversation, by its id; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Vec<String>,
}

impl DataArguments {
    /// Reads the data set, or the conversations of it that are named.
    pub(crate) fn read(&self) -> Result<Dataset, EvalError> {
        let mut dataset = dataset::read(&self.data)?;
        if !self.conversation.is_empty() {
            dataset.select(&self.conversation)?;
        }
        Ok(dataset)
    }
}

#[derive(Debug, Args)]
pub(crate) struct FitArguments {
    /// LoCoMo or LongMemEval as published, or the neutral format of `longmem eval`
    #[arg(required = true)]
    pub(crate) data: Vec<PathBuf>,
    /// Only this conversation, by its id; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Vec<String>,
    /// A folder that keeps the memories, so that the next run embeds nothing again
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Treat all sessions of a conversation as one long session
    #[arg(long)]
    pub(crate) one_session: bool,
    /// Tokens of a prompt at most
    #[arg(long, value_name = "TOKENS", default_value_t = 8_000)]
    pub(crate) budget: usize,
    /// Dollars for a million prompt tokens
    #[arg(long, value_name = "DOLLARS", default_value_t = 0.10)]
    pub(crate) prompt_price: f64,
    /// Dollars for a million answer tokens
    #[arg(long, value_name = "DOLLARS", default_value_t = 0.50)]
    pub(crate) answer_price: f64,
    /// Price of a token that is written to the cache, as a multiple of the prompt price
    #[arg(long, value_name = "FACTOR", default_value_t = 1.25)]
    pub(crate) cache_write: f64,
    /// Price of a token that is read from the cache, as a multiple of the prompt price
    #[arg(long, value_name = "FACTOR", default_value_t = 0.1)]
    pub(crate) cache_read: f64,
    /// Tokens of the shortest beginning of a prompt that is cached
    #[arg(long, value_name = "TOKENS", default_value_t = 1_024)]
    pub(crate) min_cached: usize,
    /// Print the figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Each vector is stored with a turn of its own. Then every query is asked once, in a process
that has searched before. \"nearest\" holds for each query the numbers of the rows found, best first."
)]
pub(crate) struct SearchArguments {
    /// What is searched: float32 [vectors, 384], as numpy.save writes it
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) vectors: PathBuf,
    /// What is asked, in the same form
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) queries: PathBuf,
    /// Results for each query
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// Compare every query with every vector, however many there are
    #[arg(long)]
    pub(crate) exact: bool,
    /// Deal the vectors out to this many users, and search those of the first
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) users: NonZeroUsize,
    /// A folder that keeps the memory, so that the next run with the same vectors stores nothing
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EmbeddingArguments {
    /// Texts to embed: one on each line, or JSON Lines that hold one each
    #[arg(long, value_name = "FILE")]
    pub(crate) texts: PathBuf,
    /// Compute with candle's own BERT, which longmem is compared with
    #[arg(long)]
    pub(crate) candle: bool,
    /// Embed all texts this many times and take the median
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Write the texts' vectors, float32 [texts, 384], as numpy.save does
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) write_vectors: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TokensArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The API that the server speaks
    #[arg(long, value_name = "anthropic|openai", default_value = "openai")]
    pub(crate) api: Api,
    /// The server's address [default: that of Anthropic, or of an Ollama on this machine]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The language model's name
    #[arg(long, value_name = "MODEL")]
    pub(crate) llm: String,
    /// The key that the server asks for
    #[arg(long, value_name = "KEY", env = "LONGMEM_LAB_KEY", hide_env_values = true, value_parser = key)]
    pub(crate) key: Option<ApiKey>,
    /// Number of prompts
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) prompts: usize,
    /// Tokens of the largest prompts; others have a quarter, a half and three quarters of it
    #[arg(long, value_name = "TOKENS", default_value_t = 4_000)]
    pub(crate) budget: usize,
}

fn key(text: &str) -> Result<ApiKey, InvalidApiKey> {
    ApiKey::new(text)
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
