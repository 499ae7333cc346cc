//! What can go wrong in an evaluation.

use std::io;
use std::path::PathBuf;

use longmem_chat::ChatError;
use longmem_core::{Diagnose, ErrorCode, Fault, InvalidName, Remedy};
use longmem_memory::MemoryError;
use thiserror::Error;

/// Why a data set could not be read, or an engine not be measured on it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A file or folder that cannot be read or made; the message names its path.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A file that is no JSON, or whose fields are not those of its layout.
    #[error("{path} cannot be read as {expected}: {reason}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: &'static str,
        /// What stands there instead, and where.
        reason: String,
    },
    /// JSON, but no data set.
    #[error(
        "{path} is no data set of a known layout: expected conversations with \"conversation\" and \
         \"qa\" (LoCoMo), with \"haystack_sessions\" (LongMemEval), or with \"sessions\" and \
         \"questions\" (the neutral format)"
    )]
    UnknownLayout {
        /// The file.
        path: PathBuf,
    },
    /// A data set that contradicts itself.
    #[error("{path}: {flaw}")]
    Flaw {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        flaw: DatasetFlaw,
    },
    /// A data set that was not read by this crate has an id that cannot name a user or session.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A conversation was asked for that the data set does not have.
    #[error("the data set has no conversation \"{wanted}\"; it has {known}")]
    UnknownConversation {
        /// What was asked for.
        wanted: String,
        /// The first conversations that it has.
        known: String,
    },
    /// A conversation could not be replayed.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// Nothing to ask about.
    #[error("the data set has no conversation left to ask about")]
    NoConversation,
    /// Nothing to leave out, or nothing left.
    #[error("fitting needs two conversations or more with questions whose evidence names turns")]
    TooFewConversations,
    /// A store that was kept from an earlier run holds something else.
    #[error("{path} does not hold the turns of conversation \"{conversation}\", or holds others")]
    OtherTurns {
        /// The store.
        path: PathBuf,
        /// The conversation that it should hold.
        conversation: String,
    },
    /// The engine failed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The caller's `progress` said so.
    #[error("the evaluation was stopped")]
    Stopped,
}

/// How a data set contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DatasetFlaw {
    /// No conversation with a turn in it.
    #[error("there is no conversation in it that has a turn")]
    NothingSaid,
    /// Two conversations with one id.
    #[error("two conversations have the id \"{0}\"")]
    RepeatedConversation(String),
    /// Two turns or sessions of a conversation with one id: evidence could mean either.
    #[error("conversation \"{conversation}\" has two turns or sessions with the id \"{id}\"")]
    RepeatedId {
        /// The conversation.
        conversation: String,
        /// The id.
        id: String,
    },
    /// An id that cannot name a user or a session of a store.
    #[error("conversation \"{conversation}\": {reason}")]
    BadName {
        /// The conversation.
        conversation: String,
        /// Why it cannot.
        reason: InvalidName,
    },
    /// A date in none of the known forms.
    #[error(
        "conversation \"{conversation}\": \"{date}\" is no date; expected one as \
         \"2023-05-08T13:56:00Z\", \"2023-05-08\", \"1:56 pm on 8 May, 2023\" or \
         \"2023/05/08 (Mon) 13:56\""
    )]
    BadDate {
        /// The conversation.
        conversation: String,
        /// What stands where a date should.
        date: String,
    },
    /// A session without its date.
    #[error("conversation \"{conversation}\": there is no date for \"{session}\"")]
    MissingDate {
        /// The conversation.
        conversation: String,
        /// The session.
        session: String,
    },
    /// A question without text.
    #[error("conversation \"{conversation}\": question \"{question}\" is empty")]
    EmptyQuestion {
        /// The conversation.
        conversation: String,
        /// The question's id.
        question: String,
    },
    /// Lists that should go side by side.
    #[error(
        "conversation \"{conversation}\" has {} entries in {}, but {} in {}",
        first.1, first.0, second.1, second.0
    )]
    UnevenLists {
        /// The conversation.
        conversation: String,
        /// One list and its length.
        first: (&'static str, usize),
        /// The other list and its length.
        second: (&'static str, usize),
    },
}

impl Diagnose for EvalError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => ErrorCode::FileNotFound,
            Self::Io(_) => ErrorCode::FileFailed,
            Self::Memory(error) => error.code(),
            Self::Chat(error) => error.code(),
            Self::Stopped => ErrorCode::Interrupted,
            _ => ErrorCode::UnusableDataSet,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => Fault::Caller,
            Self::Io(_) => Fault::Environment,
            Self::Json { .. }
            | Self::UnknownLayout { .. }
            | Self::Flaw { .. }
            | Self::Name(_)
            | Self::UnknownConversation { .. }
            | Self::NoConversation
            | Self::TooFewConversations
            | Self::OtherTurns { .. }
            | Self::Stopped => Fault::Caller,
            Self::Memory(error) => error.fault(),
            Self::Chat(error) => error.fault(),
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::OtherTurns { .. } => vec![Remedy::UseEmptyFolder],
            Self::Memory(error) => error.remedies(),
            Self::Chat(error) => error.remedies(),
            _ => Vec::new(),
        }
    }
}
