//! The arguments of commands about facts and sessions.

use clap::{Args, Subcommand};
use longmem_core::{FactKind, SessionName};

use super::{ProviderArguments, ReadingArguments};
use crate::time_argument::TimeArgument;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem facts                                 what is known, with its sources
  longmem facts --about Priya
  longmem facts --as-of 2026-01-31              what was known then
  longmem facts add \"works in fintech\"
  longmem facts add \"wants answers in metric units\" --kind instruction
  longmem facts add \"works in health care\" --replaces 12
  longmem facts edit 12 \"works at a bank\"
  longmem facts delete 12
  longmem facts --learn                         look through all sessions for facts

A fact that changed is kept with its time: --history shows it.")]
pub(crate) struct FactsArguments {
    #[command(subcommand)]
    pub(crate) action: Option<FactsAction>,
    /// Only facts about this person, project or other name
    #[arg(long, value_name = "NAME")]
    pub(crate) about: Option<String>,
    /// What was known at a time, a day included: 2026-03-01, 2026-03-01T10:00:00Z, or 2w ago
    #[arg(long, value_name = "TIME", conflicts_with = "history")]
    pub(crate) as_of: Option<TimeArgument>,
    /// Also facts that were replaced
    #[arg(long)]
    pub(crate) history: bool,
    /// Instead: list the people, projects and other names that come up
    #[arg(long, conflicts_with_all = ["about", "as_of", "history", "learn"])]
    pub(crate) names: bool,
    /// First let a language model look through all sessions for facts, and sum up those that have
    /// ended; nothing is looked through twice
    #[arg(long)]
    pub(crate) learn: bool,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FactsAction {
    /// Note a fact by hand
    Add {
        /// The statement, without its subject: "works in fintech"
        statement: String,
        /// Whom or what it is about
        #[arg(long, value_name = "NAME", default_value = longmem_core::USER_SUBJECT)]
        subject: String,
        /// instruction, identity, preference, decision, plan or relation
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
        /// The corrected statement
        statement: String,
    },
    /// Delete a fact for good, with the facts that it had replaced
    Delete {
        /// Its number
        id: i64,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem sessions
  longmem sessions show kitchen                 what was said in it
  longmem sessions --summary
  longmem sessions --summary --session kitchen  makes the summary if there is none
  longmem sessions --actions --session kitchen  what is left to do and to answer")]
pub(crate) struct SessionsArguments {
    #[command(subcommand)]
    pub(crate) action: Option<SessionsAction>,
    /// Print the summary of each session
    #[arg(long)]
    pub(crate) summary: bool,
    /// Only this session, by its name, its title or the beginning of one
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<SessionName>,
    /// Let a language model list what a session leaves to do and to answer
    #[arg(long, requires = "session")]
    pub(crate) actions: bool,
    #[command(flatten)]
    pub(crate) provider: ProviderArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsAction {
    /// Print a conversation
    Show(SessionShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct SessionShowArguments {
    /// Its name, its title, or the beginning of one
    #[arg(value_name = "NAME")]
    pub(crate) session: SessionName,
    /// Only the last N turns
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) last: Option<u32>,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}
