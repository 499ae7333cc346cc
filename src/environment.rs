//! Every environment variable that longmem reads.

use clap::Command;
use clap::builder::Resettable;

/// The file that holds the memory.
pub(crate) const DB: &str = "LONGMEM_DB";
/// Whose memory it is.
pub(crate) const USER: &str = "LONGMEM_USER";
/// A folder that holds the embedding model.
pub(crate) const MODEL_DIR: &str = "LONGMEM_MODEL_DIR";
/// Where the embedding model runs.
pub(crate) const DEVICE: &str = "LONGMEM_DEVICE";
/// How exactly the embedding model is computed.
pub(crate) const PRECISION: &str = "LONGMEM_PRECISION";
/// Threads for embedding and search.
pub(crate) const THREADS: &str = "LONGMEM_THREADS";
/// A configuration file.
pub(crate) const CONFIG: &str = "LONGMEM_CONFIG";
/// Who answers.
pub(crate) const PROVIDER: &str = "LONGMEM_PROVIDER";
/// The language model's name.
pub(crate) const LLM: &str = "LONGMEM_LLM";
/// The language model's server.
pub(crate) const BASE_URL: &str = "LONGMEM_BASE_URL";
/// Tokens of a prompt at most.
pub(crate) const BUDGET: &str = "LONGMEM_BUDGET";
/// The language model that learns.
pub(crate) const LEARNING_LLM: &str = "LONGMEM_LEARNING_LLM";
/// `1` learns nothing.
pub(crate) const NO_LEARNING: &str = "LONGMEM_NO_LEARNING";

/// Anthropic's key.
pub(crate) const ANTHROPIC_API_KEY: &str = "ANTHROPIC_API_KEY";
/// Anthropic's address, where it is not the public one.
pub(crate) const ANTHROPIC_BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// The key of an OpenAI-compatible server.
pub(crate) const OPENAI_API_KEY: &str = "OPENAI_API_KEY";
/// The address of an OpenAI-compatible server.
pub(crate) const OPENAI_BASE_URL: &str = "OPENAI_BASE_URL";

/// The Hugging Face folder; its `hub` folder is the cache.
pub(crate) const HF_HOME: &str = "HF_HOME";
/// The Hugging Face cache itself.
pub(crate) const HF_HUB_CACHE: &str = "HF_HUB_CACHE";
/// A mirror of the Hub.
pub(crate) const HF_ENDPOINT: &str = "HF_ENDPOINT";
/// A token for the Hub.
pub(crate) const HF_TOKEN: &str = "HF_TOKEN";
/// `1` forbids using the Hub.
pub(crate) const HF_HUB_OFFLINE: &str = "HF_HUB_OFFLINE";

/// Reads a variable; an empty one counts as not set.
pub(crate) fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Makes a command line whose flags pass over the variables that are set to nothing, as [`read`]
/// does.
pub(crate) fn without_empty(command: Command) -> Command {
    let command = command.mut_args(|flag| {
        let is_empty = |name| std::env::var_os(name).is_some_and(|value| value.is_empty());
        if flag.get_env().is_some_and(is_empty) { flag.env(Resettable::Reset) } else { flag }
    });
    command.mut_subcommands(without_empty)
}
