//! The command line as data: what may be written, and the help that explains it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use longmem_core::{FactKind, Role, SessionName, UserName};
use longmem_embed::{Device, Precision};
use longmem_eval::Strategy;
use longmem_memory::Format;

use crate::time_argument::TimeArgument;

/// Long-term memory for chat assistants: every turn stored, embedded on this machine, and recalled
/// within a token budget.
#[derive(Debug, Parser)]
#[command(name = "longmem", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:
  longmem demo                                  see it work, on a sample history
  longmem remember \"I moved to Lisbon in March\"
  longmem import conversations.json             ChatGPT, Claude.ai, Claude Code, JSON Lines
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

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArguments {
    /// The file that holds the memory [default: memory.db in the user's data folder]
    #[arg(long, global = true, value_name = "FILE", env = crate::environment::DB)]
    pub(crate) db: Option<PathBuf>,
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
    /// How exactly the model is computed; bf16 is faster, on processors that have it [default: f32]
    #[arg(long, global = true, value_name = "f32|bf16", env = crate::environment::PRECISION)]
    pub(crate) precision: Option<Precision>,
    /// Never use the network
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Threads for embedding and search [default: one per core]
    #[arg(long, global = true, value_name = "N", env = crate::environment::THREADS)]
    pub(crate) threads: Option<usize>,
    /// A configuration file [default: config.toml in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE", env = crate::environment::CONFIG)]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole of it on a sample history, in a temporary store
    Demo,
    /// Store something, durably, at once
    Remember(RememberArguments),
    /// Take in chats from ChatGPT, Claude.ai, Claude Code, message arrays or JSON Lines
    Import(ImportArguments),
    /// Give every turn that has none its vectors; can be stopped and run again
    Index(IndexArguments),
    /// Find what was said that is relevant
    Recall(RecallArguments),
    /// Answer a question from memory: by a language model, or by quoting
    Ask(AskArguments),
    /// Talk with a language model that remembers
    Chat(ChatArguments),
    /// Print exactly what would be sent to a language model
    Context(ContextArguments),
    /// List what is known about the user, add to it, correct it, delete from it
    Facts(FactsArguments),
    /// List conversations, or what was said in them in short
    Sessions(SessionsArguments),
    /// Count what is stored
    Stats,
    /// Write turns as JSON Lines that import reads back
    Export(ExportArguments),
    /// Delete for good: text, words, vectors, and their bytes on disk
    Forget(ForgetArguments),
    /// Show, fetch or verify the embedding model
    Model(ModelArguments),
    /// Prove that everything works: write, recall and delete a turn, and check the store
    Doctor,
    /// Copy the store to a file while others use it
    Backup(BackupArguments),
    /// Measure recall on a data set: LoCoMo, LongMemEval, or your own
    Eval(EvalArguments),
    /// Measure how fast this machine embeds, searches and stores
    Bench(BenchArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
}

/// What part of a user's memory is read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What is seen")]
pub(crate) struct ScopeArguments {
    /// Only this session; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Vec<SessionName>,
    /// Only this role (user, assistant, system, tool); may be given several times
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<Role>,
    /// Only from this time on: 2026-03-01, 2026-03-01T10:00:00Z, or 2w, 3d, 12h ago
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<TimeArgument>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<TimeArgument>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem remember \"I moved to Lisbon in March\" --user ana
  echo \"long text\" | longmem remember - --session notes
  longmem remember \"The port is 7443.\" --role assistant --time 2026-03-02")]
pub(crate) struct RememberArguments {
    /// What is to be remembered; - reads standard input
    pub(crate) text: String,
    /// The conversation it belongs to
    #[arg(long, value_name = "NAME", default_value = "notes")]
    pub(crate) session: SessionName,
    /// Who said it
    #[arg(long, default_value = "user")]
    pub(crate) role: Role,
    /// The speaker's name
    #[arg(long, value_name = "NAME")]
    pub(crate) speaker: Option<String>,
    /// When it was said [default: now]
    #[arg(long)]
    pub(crate) time: Option<TimeArgument>,
    /// A name for the turn, so that remembering it again stores nothing
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem import ~/Downloads/chatgpt-export.zip
  longmem import conversations.json --user ana
  longmem import ~/.claude/projects --format claude-code

Importing again adds only what is new. JSON Lines hold one message a line:
  {\"role\":\"user\",\"text\":\"…\",\"time\":\"2026-03-02T10:00:00Z\",\"session\":\"…\",\"speaker\":\"…\",\"id\":\"…\"}")]
pub(crate) struct ImportArguments {
    /// Files, folders or zips
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// What they are [default: found out]
    #[arg(long, value_name = "chatgpt|claude|claude-code|messages|jsonl")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(crate) struct IndexArguments {
    /// Make all vectors anew; the old ones serve until the new ones are complete
    #[arg(long)]
    pub(crate) reembed: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem recall \"what did I say about the budget?\"
  longmem recall \"Priya's deadline\" --since 2026-01-01 --explain
  longmem recall ERR_CONN_4711 --words-only --json | jq -r '.results[].text'")]
pub(crate) struct RecallArguments {
    /// The question, as you would ask a person
    pub(crate) query: String,
    /// Results at most
    #[arg(long, short = 'n', default_value_t = 5, value_name = "N")]
    pub(crate) limit: usize,
    /// Say for each result why it is there
    #[arg(long)]
    pub(crate) explain: bool,
    /// Search words only; the model is not needed
    #[arg(long)]
    pub(crate) words_only: bool,
    /// Compare the question with every vector, however many there are, instead of in two stages
    #[arg(long, conflicts_with = "words_only")]
    pub(crate) exact: bool,
    /// Bring nothing if the best turn's score is below this, 0 to 1; 0 brings what is nearest
    #[arg(long, value_name = "SCORE", default_value_t = longmem_memory::DEFAULT_THRESHOLD)]
    pub(crate) threshold: f32,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
}

/// Which language model answers.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Language model")]
pub(crate) struct ProviderArguments {
    /// Who answers: anthropic, any OpenAI-compatible server, or nobody [default: anthropic if
    /// there is a key]
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
    /// The server's address, as `http://localhost:11434/v1`
    #[arg(long, value_name = "URL", env = crate::environment::BASE_URL)]
    pub(crate) base_url: Option<String>,
    /// Tokens of the answer at most
    #[arg(long, value_name = "N", default_value_t = 1024)]
    pub(crate) max_tokens: u32,
    /// Tokens of the prompt at most [default: 4000]
    #[arg(long, value_name = "TOKENS", env = crate::environment::BUDGET)]
    pub(crate) budget: Option<usize>,
    /// A file whose text is put first: who the assistant is
    #[arg(long, value_name = "FILE")]
    pub(crate) persona: Option<PathBuf>,
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem ask \"where do I live now?\" --user ana
  longmem ask \"what is due this week?\" --provider openai --base-url http://localhost:11434/v1 --llm llama3.2

Without --session the question is only answered; with it, question and answer are remembered there.")]
pub(crate) struct AskArguments {
    /// The question
    pub(crate) question: String,
    /// Goes on with this session and remembers question and answer in it
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<SessionName>,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Args)]
#[command(
    after_help = "In the chat: /recall QUESTION, /memory, /continue, /context, /usage, /session, /help, /quit."
)]
pub(crate) struct ChatArguments {
    /// Goes on with this session [default: a new one, named after the time]
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<SessionName>,
    /// Note no facts and make no summaries
    #[arg(long, env = crate::environment::NO_LEARNING, value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_learning: bool,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem facts                                 what is known, with its sources
  longmem facts --about Priya
  longmem facts --as-of 2026-01-31              what was known then
  longmem facts add \"works in fintech\"
  longmem facts add \"works in health care\" --replaces 12
  longmem facts edit 12 \"works at a bank\"
  longmem facts delete 12
  longmem facts --learn                         look through all sessions for facts

A fact that changed is kept with its time: --history shows it.")]
pub(crate) struct FactsArguments {
    #[command(subcommand)]
    pub(crate) action: Option<FactsAction>,
    /// Only what is about this person, project or other name
    #[arg(long, value_name = "NAME")]
    pub(crate) about: Option<String>,
    /// What was known at a time, a day included: 2026-03-01, 2026-03-01T10:00:00Z, or 2w ago
    #[arg(long, value_name = "TIME", conflicts_with = "history")]
    pub(crate) as_of: Option<TimeArgument>,
    /// Also what was replaced
    #[arg(long)]
    pub(crate) history: bool,
    /// Instead: list the people, projects and other names that come up
    #[arg(long, conflicts_with_all = ["about", "as_of", "history", "learn"])]
    pub(crate) names: bool,
    /// First look through all sessions for facts, and sum up those that have ended, with the help
    /// of a language model; what was looked through is not looked through again
    #[arg(long)]
    pub(crate) learn: bool,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FactsAction {
    /// Note something by hand
    Add {
        /// The statement, without its subject: "works in fintech"
        statement: String,
        /// Whom or what it is about
        #[arg(long, value_name = "NAME", default_value = longmem_core::USER_SUBJECT)]
        subject: String,
        /// identity, preference, decision, plan or relation
        #[arg(long, default_value = "identity")]
        kind: FactKind,
        /// The fact that it replaces, by its number
        #[arg(long, value_name = "ID")]
        replaces: Option<i64>,
    },
    /// Correct the words of a fact
    Edit {
        /// Its number
        id: i64,
        /// What it should say
        statement: String,
    },
    /// Delete a fact for good, with what it had replaced
    Delete {
        /// Its number
        id: i64,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem sessions
  longmem sessions --summary
  longmem sessions --summary --session kitchen  makes the summary if there is none
  longmem sessions --actions --session kitchen  what is to be done and to be answered")]
pub(crate) struct SessionsArguments {
    /// What was said in each, in short
    #[arg(long)]
    pub(crate) summary: bool,
    /// Only this session
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<SessionName>,
    /// What a session leaves to be done and to be answered, by a language model
    #[arg(long, requires = "session")]
    pub(crate) actions: bool,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ContextArguments {
    /// The message that would be sent
    pub(crate) message: String,
    /// The session whose last turns go in
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<SessionName>,
    /// Tokens of the prompt at most [default: 4000]
    #[arg(long, value_name = "TOKENS", env = crate::environment::BUDGET)]
    pub(crate) budget: Option<usize>,
    /// A file whose text is put first: who the assistant is
    #[arg(long, value_name = "FILE")]
    pub(crate) persona: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Where to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem forget --session notes --dry-run      show what would go
  longmem forget --turn 17 --turn 18 --yes
  longmem forget --until 2025-01-01
  longmem forget --all --user ana")]
pub(crate) struct ForgetArguments {
    /// This turn, by the number that recall prints; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) turn: Vec<i64>,
    /// Everything of the user
    #[arg(long, conflicts_with_all = ["turn", "session", "role", "since", "until"])]
    pub(crate) all: bool,
    /// Show what would be deleted, and delete nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    #[command(subcommand)]
    pub(crate) action: Option<ModelAction>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ModelAction {
    /// Say which model it is and where it was found
    Show,
    /// Fetch it if it is not here, and check it
    Fetch,
    /// Check every file's sum against the manifest
    Verify,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// A file that does not exist yet
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem eval locomo10.json
  longmem eval longmemeval_s.json --strategy dense --strategy default --json
  longmem eval mine.jsonl --keep stores/        the second run embeds nothing again
  longmem eval locomo10.json --replay           what prompts cost with a provider's cache
  longmem eval locomo10.json --fit              where the ranking's numbers come from

A data set of your own holds one conversation an object:
  {\"id\":…,\"sessions\":[{\"id\":…,\"date\":…,\"turns\":[{\"id\":…,\"role\":…,\"speaker\":…,\"text\":…}]}],
   \"questions\":[{\"id\":…,\"text\":…,\"asked_at\":…,\"category\":…,\"evidence\":[\"turn or session id\"]}]}")]
pub(crate) struct EvalArguments {
    /// LoCoMo or LongMemEval as published, or the neutral form
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
    /// Show so many questions whose evidence is not among the best ten, with what was found instead
    #[arg(long, value_name = "N", conflicts_with_all = ["json", "fit"])]
    pub(crate) misses: Option<usize>,
    /// Pad each conversation with turns of the others, until it has so many: a larger haystack. For
    /// timings, measure `--strategy default` alone
    #[arg(long, value_name = "TURNS", default_value_t = 0)]
    pub(crate) haystack: usize,
    /// Find the ranking's numbers on this data set, cross-validated, instead of measuring
    #[arg(long, conflicts_with_all = ["json", "strategy"])]
    pub(crate) fit: bool,
    #[command(flatten)]
    pub(crate) replay: ReplayArguments,
}

/// What prompts cost with a provider's cache.
#[derive(Debug, Args)]
#[command(next_help_heading = "Replay")]
pub(crate) struct ReplayArguments {
    /// Instead: replay the conversations message by message, and count what their prompts cost with
    /// a provider's cache, beside prompts as tutorials make them
    #[arg(long, conflicts_with_all = ["strategy", "keep"])]
    pub(crate) replay: bool,
    /// All sessions of a conversation are one long session
    #[arg(long, requires = "replay")]
    pub(crate) one_session: bool,
    /// Tokens of a prompt at most
    #[arg(long, requires = "replay", value_name = "TOKENS", default_value_t = 8_000)]
    pub(crate) budget: usize,
    /// Dollars for a million prompt tokens
    #[arg(long, requires = "replay", value_name = "DOLLARS", default_value_t = 0.10)]
    pub(crate) prompt_price: f64,
    /// Dollars for a million answer tokens
    #[arg(long, requires = "replay", value_name = "DOLLARS", default_value_t = 0.50)]
    pub(crate) answer_price: f64,
    /// What a token costs that is written to the cache, beside one that is not
    #[arg(long, requires = "replay", value_name = "FACTOR", default_value_t = 1.25)]
    pub(crate) cache_write: f64,
    /// What a token costs that is read from the cache
    #[arg(long, requires = "replay", value_name = "FACTOR", default_value_t = 0.1)]
    pub(crate) cache_read: f64,
    /// The shortest beginning of a prompt that is cached
    #[arg(long, requires = "replay", value_name = "TOKENS", default_value_t = 1_024)]
    pub(crate) least_cached: usize,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  longmem bench                                      the model, your store, a made-up one
  longmem bench --passages 10000 --passages 100000   how cost grows with size
  longmem bench embedding --threads 1                only the model

Your store is only read. The made-up one stands in a temporary folder (TMPDIR) and is deleted.
Other programs on the same cores spoil the figures.")]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub(crate) part: Option<BenchPart>,
    /// Passages of the made-up store; may be given several times
    #[arg(long, value_name = "N", default_value = "10000", value_parser = parse_count)]
    pub(crate) passages: Vec<usize>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchPart {
    /// Only the embedding model: one text at a time, and many at once
    Embedding(BenchEmbeddingArguments),
    /// Only the search by meaning, over given vectors: for comparing with other programs
    Search(BenchSearchArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem bench embedding
  longmem bench embedding --texts turns.jsonl --threads 2 --json
  longmem bench embedding --texts sentences.txt --write-vectors sentences.npy")]
pub(crate) struct BenchEmbeddingArguments {
    /// Texts to embed: one a line, or JSON Lines that hold a text each [default: a sample history]
    #[arg(long, value_name = "FILE")]
    pub(crate) texts: Option<PathBuf>,
    /// Computes with candle's own BERT, to compare with
    #[arg(long)]
    pub(crate) candle: bool,
    /// Embeds all texts so many times and takes the median
    #[arg(long, value_name = "N", default_value_t = 3, requires = "texts")]
    pub(crate) rounds: usize,
    /// Writes the texts' vectors, float32 [texts, 384], as numpy.save does
    #[arg(long, value_name = "FILE.npy", requires = "texts")]
    pub(crate) write_vectors: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem bench search --vectors sentences.npy --queries questions.npy --json
  longmem bench search --vectors sentences.npy --queries questions.npy --keep stores/

The vectors are stored as one turn each, then every query is asked once, in a process that has
searched before. With --json, \"nearest\" holds for each query the numbers of the rows found.")]
pub(crate) struct BenchSearchArguments {
    /// What is searched: float32 [vectors, 384], as numpy.save writes it
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) vectors: PathBuf,
    /// What is asked, in the same form
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) queries: PathBuf,
    /// Results for each query
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// Compares every query with every vector, however many there are
    #[arg(long)]
    pub(crate) exact: bool,
    /// Deals the vectors out to so many users, and asks the first
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_count)]
    pub(crate) users: usize,
    /// A folder that keeps the store, so that the next run with the same vectors stores nothing
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// A number that is not 0.
fn parse_count(text: &str) -> Result<usize, std::num::ParseIntError> {
    text.parse::<std::num::NonZeroUsize>().map(std::num::NonZeroUsize::get)
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
