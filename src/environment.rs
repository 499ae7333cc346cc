//! Every environment variable that longmem reads.

use std::fmt::Display;
use std::str::FromStr;

use crate::Error;

/// The file that holds the memory, the address of its PostgreSQL database, or `postgres-ring:FILE`.
pub const DB: &str = "LONGMEM_DB";
/// `1` lets tables be changed that an older version made in a PostgreSQL database.
pub const MIGRATE: &str = "LONGMEM_MIGRATE";
/// The file that holds the key of the memory's encryption.
pub const KEY_FILE: &str = "LONGMEM_KEY_FILE";
/// Whose memory it is.
pub const USER: &str = "LONGMEM_USER";
/// A folder that holds the embedding model.
pub const MODEL_DIR: &str = "LONGMEM_MODEL_DIR";
/// Where the embedding model runs.
pub const DEVICE: &str = "LONGMEM_DEVICE";
/// How exactly the embedding model is computed.
pub const PRECISION: &str = "LONGMEM_PRECISION";
/// Threads for embedding and search.
pub const THREADS: &str = "LONGMEM_THREADS";
/// A configuration file.
pub const CONFIG: &str = "LONGMEM_CONFIG";
/// `1` writes into the log of hooks what came and what was answered.
pub const HOOK_DEBUG: &str = "LONGMEM_HOOK_DEBUG";
/// Who answers.
pub const PROVIDER: &str = "LONGMEM_PROVIDER";
/// The language model's name.
pub const LLM: &str = "LONGMEM_LLM";
/// The language model's server.
pub const BASE_URL: &str = "LONGMEM_BASE_URL";
/// Tokens of a prompt at most.
pub const BUDGET: &str = "LONGMEM_BUDGET";
/// The language model that learns.
pub const LEARNING_LLM: &str = "LONGMEM_LEARNING_LLM";
/// `1` learns nothing: neither facts nor standing instructions are noted.
pub const NO_LEARNING: &str = "LONGMEM_NO_LEARNING";
/// Where the server listens: addresses with their ports, with commas between them.
pub const LISTEN: &str = "LONGMEM_LISTEN";
/// The file of the server's unix socket.
pub const UNIX_SOCKET: &str = "LONGMEM_UNIX_SOCKET";
/// Who needs a key of the server: `auto` or `required`.
pub const AUTH: &str = "LONGMEM_AUTH";

/// The program in which texts are edited; before `EDITOR`.
pub const VISUAL: &str = "VISUAL";
/// The program in which texts are edited.
pub const EDITOR: &str = "EDITOR";

/// The program that shows what is longer than the screen; before `PAGER`.
pub const LONGMEM_PAGER: &str = "LONGMEM_PAGER";
/// The program that shows what is longer than the screen.
pub const PAGER: &str = "PAGER";
/// `1` replaces secrets before anything is stored.
pub const REDACT: &str = "LONGMEM_REDACT";

/// The folder of Claude Code.
pub const CLAUDE_CONFIG_DIR: &str = "CLAUDE_CONFIG_DIR";
/// The folder of Codex.
pub const CODEX_HOME: &str = "CODEX_HOME";
/// What Gemini CLI takes for the home folder.
pub const GEMINI_CLI_HOME: &str = "GEMINI_CLI_HOME";

/// What the terminal can do; `dumb` shows lines and nothing else.
pub const TERM: &str = "TERM";

/// Anthropic's key.
pub const ANTHROPIC_API_KEY: &str = "ANTHROPIC_API_KEY";
/// Anthropic's address, where it is not the public one.
pub const ANTHROPIC_BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// The key of an OpenAI-compatible server.
pub const OPENAI_API_KEY: &str = "OPENAI_API_KEY";
/// The address of an OpenAI-compatible server.
pub const OPENAI_BASE_URL: &str = "OPENAI_BASE_URL";
/// Where Ollama is, if not at its usual address on this machine.
pub const OLLAMA_HOST: &str = "OLLAMA_HOST";

/// The Hugging Face folder; its `hub` folder is the cache.
pub const HF_HOME: &str = "HF_HOME";
/// The Hugging Face cache itself.
pub const HF_HUB_CACHE: &str = "HF_HUB_CACHE";
/// A mirror of the Hub.
pub const HF_ENDPOINT: &str = "HF_ENDPOINT";
/// A token for the Hub.
pub const HF_TOKEN: &str = "HF_TOKEN";
/// `1` forbids using the Hub.
pub const HF_HUB_OFFLINE: &str = "HF_HUB_OFFLINE";

/// Reads a variable; an empty one counts as not set.
pub fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says whether a variable switches something on, as the command line reads it: it is set, and is none
/// of `0`, `f`, `false`, `n`, `no` and `off`, in any case.
pub fn is_on(name: &str) -> bool {
    read(name).is_some_and(|value| {
        !["0", "f", "false", "n", "no", "off"].contains(&value.trim().to_lowercase().as_str())
    })
}

/// Reads a variable that is not a text.
///
/// # Errors
/// [`Error::Environment`] for a value that cannot be read as one.
pub(crate) fn parsed<T: FromStr<Err: Display>>(name: &'static str) -> Result<Option<T>, Error> {
    let value = read(name).map(|value| value.parse()).transpose();
    value.map_err(|error: T::Err| Error::Environment { variable: name, reason: error.to_string() })
}
