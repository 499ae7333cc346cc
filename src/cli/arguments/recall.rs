//! The arguments of commands that look for turns.

use std::path::PathBuf;

use clap::Args;
use longmem_core::{Role, SessionName};
use longmem_memory::WrittenTime;

use super::count_from_one;

/// What part of a user's memory is read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which turns")]
pub(crate) struct ScopeArguments {
    /// Only this session, by its name, its title or the beginning of one; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Vec<SessionName>,
    /// Only this role (user, assistant, system, tool); may be given several times
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<Role>,
    /// Only from this time on: 2026-03-01, 2026-03, yesterday, "last week", 10:30, 3d (ago)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<WrittenTime>,
    /// Only up to this time; a day or a month that is named is included
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<WrittenTime>,
}

/// How much of a recalled turn is shown.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct RecalledDetail {
    /// Say for each result why it is there
    #[arg(long)]
    pub(crate) explain: bool,
    /// Show long turns whole, instead of the parts that are nearest to the question
    #[arg(long)]
    pub(crate) full: bool,
    /// Whether turns can be opened by their numbers
    #[arg(skip = true)]
    pub(crate) opens: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem recall \"what did I say about the budget?\"
  longmem recall \"Priya's deadline\" --since 2026-01-01 --explain
  longmem recall ERR_CONN_4711 --words-only --json | jq -r '.results[].text'")]
pub(crate) struct RecallArguments {
    /// The question, as you would ask a person; quotes are not needed; - reads standard input
    #[arg(required = true, value_name = "QUESTION")]
    pub(crate) query: Vec<String>,
    /// Number of results at most
    #[arg(
        long,
        short = 'n',
        default_value_t = 5,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = count_from_one
    )]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) detail: RecalledDetail,
    /// Search words only; the model is not needed
    #[arg(long)]
    pub(crate) words_only: bool,
    /// Compare the question with every vector, however many there are, instead of in two stages
    #[arg(long, conflicts_with = "words_only")]
    pub(crate) exact: bool,
    /// Find nothing if the best result is less likely than this to be of use, 0 to 1; 0 finds what
    /// is nearest, even to a greeting
    #[arg(
        long,
        value_name = "CHANCE",
        allow_negative_numbers = true,
        default_value_t = longmem_memory::DEFAULT_THRESHOLD,
        value_parser = chance
    )]
    pub(crate) threshold: f32,
    /// When it is asked, for questions like "what did I say last week?" [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) asked_at: Option<WrittenTime>,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
}

/// Reads a number from 0 to 1.
pub(super) fn chance(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(chance) if (0.0..=1.0).contains(&chance) => Ok(chance),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct ContextArguments {
    /// The message that would be sent; quotes are not needed; - reads standard input
    #[arg(required = true)]
    pub(crate) message: Vec<String>,
    /// The session whose last turns go in, by its name, its title or the beginning of one
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<SessionName>,
    /// Tokens of the prompt at most [default: 4000]
    #[arg(long, value_name = "TOKENS", env = crate::environment::BUDGET)]
    pub(crate) budget: Option<usize>,
    /// A file whose text begins the prompt: who the assistant is
    #[arg(long, value_name = "FILE")]
    pub(crate) persona: Option<PathBuf>,
}
