//! The arguments of commands that a language model answers.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use longmem_chat::TokenCounting;
use longmem_core::SessionName;

/// Which language model answers.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Language model")]
pub(crate) struct ProviderArguments {
    /// Who answers: anthropic, any OpenAI-compatible server, or nobody [default: whose key or
    /// address there is]
    #[arg(long, env = crate::environment::PROVIDER)]
    pub(crate) provider: Option<ProviderKind>,
    /// The language model's name
    #[arg(long = "llm", value_name = "MODEL", env = crate::environment::LLM)]
    pub(crate) llm: Option<String>,
    /// The language model that notes facts and sums up [default: the one that answers]
    #[arg(long, value_name = "MODEL", env = crate::environment::LEARNING_LLM)]
    pub(crate) learning_llm: Option<String>,
    /// Another model to try when the first is overloaded or refuses; may be given several times
    #[arg(long = "fallback-llm", value_name = "MODEL")]
    pub(crate) fallback_llm: Vec<String>,
    /// The server's address, as `http://localhost:11434/v1` [default: Anthropic's or OpenAI's own]
    #[arg(long, value_name = "URL", env = crate::environment::BASE_URL)]
    pub(crate) base_url: Option<String>,
    /// Tokens of the answer at most
    #[arg(long, value_name = "N", default_value_t = 1024)]
    pub(crate) max_tokens: u32,
    /// Tokens of the prompt at most [default: 4000, or what the model's window has room for]
    #[arg(long, value_name = "TOKENS", env = crate::environment::BUDGET)]
    pub(crate) budget: Option<usize>,
    /// Who counts the prompt's tokens: an estimate that learns from answers, or the server (Anthropic,
    /// llama.cpp, vLLM), which is asked once more for it [default: estimate]
    #[arg(long, value_name = "HOW")]
    pub(crate) count_tokens: Option<CountingKind>,
    /// A file whose text begins the prompt: who the assistant is
    #[arg(long, value_name = "FILE")]
    pub(crate) persona: Option<PathBuf>,
}

/// Whether something is learned from what is said.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct LearningArguments {
    /// Learn nothing: note no facts and no standing instructions, make no summaries
    #[arg(long, env = crate::environment::NO_LEARNING, value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_learning: bool,
}

/// Who counts tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CountingKind {
    /// An estimate that learns from what answers cost
    Estimate,
    /// The model's server
    Server,
    /// The tokenizer of OpenAI's models
    #[cfg(feature = "tiktoken")]
    Tiktoken,
}

impl From<CountingKind> for TokenCounting {
    fn from(kind: CountingKind) -> Self {
        match kind {
            CountingKind::Estimate => Self::Estimate,
            CountingKind::Server => Self::Server,
            #[cfg(feature = "tiktoken")]
            CountingKind::Tiktoken => Self::Tiktoken,
        }
    }
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProviderKind {
    /// Anthropic's Messages API
    Anthropic,
    /// Any OpenAI-compatible server: Ollama, llama.cpp, vLLM
    Openai,
    /// Nobody: quote what was recalled
    None,
}

/// Which servers are asked for their models.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem models
  longmem models --base-url http://localhost:8000/v1

Asks the server that is set up, and Ollama (OLLAMA_HOST), llama.cpp and LM Studio at their usual
addresses on this machine. None of them is used before it is named: --base-url and --llm do that.")]
pub(crate) struct ModelsArguments {
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem ask where do I live now --user ana
  cat build.log | longmem ask \"what failed?\"
  longmem ask \"what is due this week?\" --provider openai --base-url http://localhost:11434/v1 --llm llama3.2

Without --session the question is only answered; with it, question and answer are remembered there.
What is piped in is what the question is about: a long text is cut to its parts nearest to the question.
It is stored with --session only, as a part of the question.")]
pub(crate) struct AskArguments {
    /// The question; quotes are not needed; - reads standard input
    #[arg(required = true)]
    pub(crate) question: Vec<String>,
    #[command(flatten)]
    pub(crate) session: TalkSession,
    #[command(flatten)]
    pub(crate) learning: LearningArguments,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

/// The session in which something is said.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TalkSession {
    /// Say it in this session, by its name, its title or the beginning of one; a name that none has
    /// begins a session
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<SessionName>,
    /// Begin a new session of this very name, though another is called much like it
    #[arg(long, requires = "session")]
    pub(crate) new: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem chat                      a new session
  longmem chat -c                   go on with the last talk
  longmem chat --resume             pick one from a list
  longmem chat --session kitchen    by its name, its title or the beginning of one

In the chat, /help lists the commands; Tab completes them.")]
pub(crate) struct ChatArguments {
    #[command(flatten)]
    pub(crate) session: TalkSession,
    /// Go on with the newest session that was held here
    #[arg(long = "continue", short = 'c', conflicts_with_all = ["session", "resume"])]
    pub(crate) goes_on: bool,
    /// Pick the session to go on with from a list
    #[arg(long, conflicts_with = "session")]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) learning: LearningArguments,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}
