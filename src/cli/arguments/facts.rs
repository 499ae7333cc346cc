//! The arguments of commands about facts and sessions.

use clap::{Args, Subcommand};
use longmem_core::{FactKind, SessionName};
use longmem_memory::WrittenTime;

use super::{ProviderArguments, ReadingArguments, count_from_one};

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
    /// What was known at a time, a day included: 2026-03-01, yesterday, "last month", 2w (ago)
    #[arg(long, value_name = "TIME", conflicts_with = "history")]
    pub(crate) as_of: Option<WrittenTime>,
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
        /// The statement, without its subject: works in fintech; - reads standard input
        #[arg(required = true)]
        statement: Vec<String>,
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
        /// The corrected statement; - reads standard input
        #[arg(required = true)]
        statement: Vec<String>,
    },
    /// Delete a fact for good, with the facts that it had replaced
    Delete {
        /// Its number
        id: i64,
        /// Show what would be deleted, and delete nothing
        #[arg(long)]
        dry_run: bool,
        /// Delete without asking
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem sessions
  longmem sessions show kitchen                 what was said in it
  longmem sessions rename kitchen \"Kitchen budget\"
  longmem sessions move kitchen house
  longmem sessions --search \"kitchen tiles\" --since 2026-01-01
  longmem sessions --summary
  longmem sessions --summary --session kitchen  makes the summary if there is none
  longmem sessions --actions --session kitchen  what is left to do and to answer")]
pub(crate) struct SessionsArguments {
    #[command(subcommand)]
    pub(crate) action: Option<SessionsAction>,
    /// Only sessions that hold these words, in their title or in what was said
    #[arg(long, value_name = "WORDS")]
    pub(crate) search: Option<String>,
    /// Only sessions with turns from this time on
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<WrittenTime>,
    /// At most so many, the newest [default: all; 20 on a terminal]
    #[arg(long, short = 'n', value_name = "N", value_parser = count_from_one)]
    pub(crate) limit: Option<u32>,
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
    /// Give a conversation another title, or another name
    Rename(RenameArguments),
    /// Move a conversation into another one, or single turns
    Move(MoveArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem sessions rename 0803dbe8 \"Kitchen budget\"
  longmem sessions rename \"chat 2026-11-25 16:46:47\" --name kitchen

The title is what lists show; the name is what --session takes, and is unique. Later imports leave
both as they are, and add to the session what is new in its file.")]
pub(crate) struct RenameArguments {
    /// Its name, its title, or the beginning of one
    #[arg(value_name = "SESSION")]
    pub(crate) session: SessionName,
    /// The new title
    #[arg(required_unless_present = "name")]
    pub(crate) title: Option<String>,
    /// The new name
    #[arg(long, value_name = "NEW")]
    pub(crate) name: Option<SessionName>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem sessions move kitchen house            all of it; the session kitchen is gone then
  longmem sessions move --turn 17 --turn 18 --to house

Turns keep their numbers and times. Summaries of what was moved are deleted.")]
pub(crate) struct MoveArguments {
    /// The session that is moved, by its name, its title, or the beginning of one
    #[arg(required_unless_present = "turn", requires = "into")]
    pub(crate) from: Option<SessionName>,
    /// The session that it is moved into
    pub(crate) into: Option<SessionName>,
    /// Only this turn, by its number; may be given several times
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "into"], requires = "to")]
    pub(crate) turn: Vec<i64>,
    /// The session that these turns are moved into; it is made if there is none of that name
    #[arg(long, value_name = "SESSION", requires = "turn")]
    pub(crate) to: Option<SessionName>,
    /// Show what would be moved, and move nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Move without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SessionShowArguments {
    /// Its name, its title, or the beginning of one
    #[arg(value_name = "NAME")]
    pub(crate) session: SessionName,
    /// Only the last N turns
    #[arg(long, value_name = "N", value_parser = count_from_one)]
    pub(crate) last: Option<u32>,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}
