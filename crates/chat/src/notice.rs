//! What a person should know besides an answer.

use std::fmt;

use longmem_core::Remedy;

use crate::TokenBudget;

/// Something that a person should know besides the answer: a part of the conversation does not work
/// as it should, and goes on without it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Memory could not be written; what was said waits in the spool.
    Spooled {
        /// Why.
        reason: String,
    },
    /// What waited in the spool is in memory now.
    StoredLater {
        /// Number of turns that were stored.
        turns: usize,
        /// Number of lines of the spool that could not be read, and are kept beside it: a crash had cut
        /// them off, or they were encrypted with another key.
        unreadable: usize,
    },
    /// Memory could not be read; the prompt holds only what was said in this session.
    NothingRecalled {
        /// Why.
        reason: String,
    },
    /// The embedding model cannot be used; turns were recalled by their words alone.
    WordsOnly {
        /// Why.
        reason: String,
        /// What would help.
        remedies: Vec<Remedy>,
    },
    /// The model's window was too small for the prompt; a smaller one was sent.
    MadeSmaller {
        /// The budget of the smaller prompt.
        budget: TokenBudget,
    },
    /// The text that a question is about was too long for the prompt; parts of it were sent.
    TextShortened {
        /// Tokens that were sent of it.
        sent: usize,
        /// Tokens of all of it.
        all: usize,
    },
    /// Memory is quoted, and nobody read the text that the question is about.
    TextUnread,
    /// The answer broke off; the part that came is stored, marked as broken off.
    KeptPart,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spooled { reason } => {
                write!(f, "{reason}; what is said here is kept aside and stored later")
            }
            Self::StoredLater { turns, unreadable } => {
                let (s, are) = if *turns == 1 { ("", "is") } else { ("s", "are") };
                write!(f, "{turns} turn{s} that had been kept aside {are} stored now")?;
                match unreadable {
                    0 => Ok(()),
                    1 => f.write_str("; 1 line could not be read and is kept in a file beside"),
                    lines => {
                        write!(f, "; {lines} lines could not be read and are kept in a file beside")
                    }
                }
            }
            Self::NothingRecalled { reason } => {
                write!(f, "{reason}; only what was said in this session is known")
            }
            Self::WordsOnly { reason, .. } => {
                write!(f, "memory was searched by words only: {reason}")
            }
            Self::MadeSmaller { budget } => write!(
                f,
                "the model's window is too small for the prompt; {budget} tokens were sent"
            ),
            Self::TextShortened { sent, all } => write!(
                f,
                "the text that the question is about has {all} tokens; the {sent} nearest to the \
                 question were sent"
            ),
            Self::TextUnread => f.write_str(
                "without a language model nobody reads the text that the question is about",
            ),
            Self::KeptPart => {
                f.write_str("what came of the answer is stored, marked as broken off")
            }
        }
    }
}
