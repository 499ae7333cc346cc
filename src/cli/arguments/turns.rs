//! The arguments of commands that store, export and delete turns.

use std::path::PathBuf;

use clap::Args;
use longmem_core::{Role, SessionName, UserName};
use longmem_memory::{Format, WrittenTime};

use super::{LearningArguments, ScopeArguments};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem remember \"I moved to Lisbon in March\" --user ana
  echo \"long text\" | longmem remember - --session notes
  longmem remember \"The port is 7443.\" --role assistant --time 2026-03-02")]
pub(crate) struct RememberArguments {
    /// The text; quotes are not needed; - reads standard input
    #[arg(required = true)]
    pub(crate) text: Vec<String>,
    /// The conversation it belongs to
    #[arg(long, value_name = "NAME", default_value = "notes")]
    pub(crate) session: SessionName,
    /// Who said it
    #[arg(long, default_value = "user")]
    pub(crate) role: Role,
    /// The speaker's name
    #[arg(long, value_name = "NAME")]
    pub(crate) speaker: Option<String>,
    /// When it was said: 2026-03-01, yesterday, "yesterday 10:30", 2h (ago) [default: now]
    #[arg(long)]
    pub(crate) time: Option<WrittenTime>,
    /// A name for the turn, so that remembering it again stores nothing
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) learning: LearningArguments,
}

#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  longmem import ~/Downloads/chatgpt-export.zip
  longmem import conversations.json --user ana
  longmem import --claude-code --codex --index  what coding agents wrote, found by meaning at once
  longmem import ~/Downloads --dry-run          what would be imported
  longmem import diary.jsonl --notes

Each file is read in its own format, which is detected. Importing again adds only what is new. JSON Lines hold one message a line:
  {\"role\":\"user\",\"text\":\"…\",\"time\":\"2026-03-02T10:00:00Z\",\"session\":\"…\",\"speaker\":\"…\",\"id\":\"…\"}")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct ImportArguments {
    /// Files, folders or zips; - reads standard input
    #[arg(required_unless_present_any = ["claude_code", "codex", "gemini"])]
    pub(crate) paths: Vec<PathBuf>,
    /// The transcripts of Claude Code, wherever it keeps them
    #[arg(long)]
    pub(crate) claude_code: bool,
    /// The transcripts of Codex, wherever it keeps them
    #[arg(long)]
    pub(crate) codex: bool,
    /// The transcripts of Gemini CLI, wherever it keeps them
    #[arg(long)]
    pub(crate) gemini: bool,
    /// Show what would be imported, and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Embed what was imported, so that it is found by meaning as well
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) index: bool,
    /// Read files again that did not change, and bring back what was forgotten
    #[arg(long)]
    pub(crate) again: bool,
    /// Only files of this format, such as chatgpt or jsonl [default: detected]
    #[arg(long, value_name = "NAME")]
    pub(crate) format: Option<Format>,
    /// Give each turn to the user that the file names for it, as in an export of several users
    #[arg(long)]
    pub(crate) all_users: bool,
    /// Keep every turn as a note, which stands alone, instead of as a part of a conversation
    #[arg(long)]
    pub(crate) notes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct IndexArguments {
    /// Embed everything again; the old vectors serve until the new ones are complete
    #[arg(long)]
    pub(crate) reembed: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem show 131
  longmem show 131 --around 3                   with what was said before and after it")]
pub(crate) struct ShowArguments {
    /// Numbers of turns, as recall prints them
    #[arg(required = true, value_name = "TURN", value_parser = turn_number)]
    pub(crate) turns: Vec<i64>,
    /// Show also N turns before and after each in its conversation
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) around: u32,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

/// Reads the number of a turn.
fn turn_number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "expected the number of a turn, as recall prints it".to_owned())
}

/// How turns are shown for reading.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct ReadingArguments {
    /// Show long turns whole
    #[arg(long)]
    pub(crate) full: bool,
    /// Print everything at once, also where it is longer than the screen
    #[arg(long)]
    pub(crate) no_pager: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The file to write, which must not exist [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it exists, once the new one is whole
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Write pages of Markdown to read: one a session, and one of facts, into this new folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["output", "all_users"])]
    pub(crate) markdown: Option<PathBuf>,
    /// Everything of all users, for another store; import reads it back as it is
    #[arg(long, conflicts_with_all = ["session", "role", "since", "until"])]
    pub(crate) all_users: bool,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem forget --session notes --dry-run      show what would go
  longmem forget --turn 17 --turn 18 --yes
  longmem forget --matching \"my old job\"      choose among what is found
  longmem forget --until 2025-01-01
  longmem forget --all --user ana")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct ForgetArguments {
    /// This turn, by the number that recall prints; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) turn: Vec<i64>,
    /// What recall finds for these words: it is shown, and you choose
    #[arg(long, value_name = "QUERY", conflicts_with_all = ["turn", "all"])]
    pub(crate) matching: Option<String>,
    /// Number of results of --matching at most
    #[arg(long, short = 'n', default_value_t = 10, value_name = "N", requires = "matching")]
    pub(crate) limit: usize,
    /// Leave out results of --matching that are less likely than this to be meant, 0 to 1
    #[arg(
        long,
        value_name = "CHANCE",
        default_value_t = longmem_memory::DEFAULT_THRESHOLD,
        value_parser = super::recall::chance,
        requires = "matching"
    )]
    pub(crate) threshold: f32,
    /// Let --matching search words only; the model is not needed
    #[arg(long, requires = "matching")]
    pub(crate) words_only: bool,
    /// Everything of the user
    #[arg(long, conflicts_with_all = ["turn", "session", "role", "since", "until"])]
    pub(crate) all: bool,
    /// Show everything that would be deleted, and delete nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Forget without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem edit 17                               opens $VISUAL or $EDITOR
  longmem edit 17 \"I moved to Lisbon in March\"
  sed s/Libson/Lisbon/ corrected.txt | longmem edit 17 - --yes

The old text is deleted for good, with the facts and summaries made of it. Importing the file that
the turn came from leaves it as it is.")]
pub(crate) struct EditArguments {
    /// The turn, by the number that recall and show print
    pub(crate) turn: i64,
    /// The new text; - reads standard input [default: opens an editor on the old one]
    pub(crate) text: Option<String>,
    /// Show what would be deleted, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replace the text without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) learning: LearningArguments,
}

/// Everything of all users is copied, or of the one that --user names: turns with their numbers, vectors,
/// facts, summaries, and what was forgotten. A user who is there already and is the same is left alone, so
/// that a copy that was interrupted goes on; one who is there and differs is refused.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem copy memory.db postgres://db.example.org/memory
  longmem copy postgres://db.example.org/memory saved.db --user ana --user bob --verify")]
pub(crate) struct CopyArguments {
    /// The store to copy from: a file, or the address of a PostgreSQL database
    pub(crate) from: String,
    /// The store to copy to, which is made if there is none
    pub(crate) to: String,
    /// Ask both stores 20 questions of each user, and compare what they find bit for bit
    #[arg(long)]
    pub(crate) verify: bool,
    /// A user to copy; several may be named [default: all]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) user: Vec<UserName>,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// A file that does not exist yet
    pub(crate) to: PathBuf,
    /// Replace the file if it exists, once the copy is whole
    #[arg(long)]
    pub(crate) force: bool,
}
