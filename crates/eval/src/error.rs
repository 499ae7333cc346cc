//! What can go wrong in an evaluation.

use std::io;
use std::path::PathBuf;

use longmem_core::{Diagnose, ErrorCode, Fault, InvalidName, Remedy};
use longmem_memory::{MemoryError, TranscriptError};
use thiserror::Error;

/// Why a data set could not be read, or the engine not be measured on it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A file that cannot be read; the message names its path.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A file that is not JSON, or whose fields are not those of its layout.
    #[error("{path} cannot be read as {expected}: {reason}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: &'static str,
        /// What stands there instead, and where.
        reason: String,
    },
    /// JSON in a layout that is not known.
    #[error(
        "{path} is not a data set of a known layout: expected conversations with \"conversation\" \
         and \"qa\" (LoCoMo), with \"haystack_sessions\" (LongMemEval), or with \"sessions\" and \
         \"questions\" (the neutral format)"
    )]
    UnknownLayout {
        /// The file.
        path: PathBuf,
    },
    /// A data set that is incomplete or contradicts itself.
    #[error("{path}: {flaw}")]
    Flaw {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        flaw: DatasetFlaw,
    },
    /// An id that cannot name a user or session; [`dataset::read`](crate::dataset::read) refuses it
    /// earlier.
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
    /// A data set without a conversation.
    #[error("the data set has no conversation left to ask about")]
    NoConversation,
    /// Long messages are wanted, and there is no text for them.
    #[error("there is no other conversation, or no text, to put around the questions")]
    NothingToWrapWith,
    /// A memory that was kept from an earlier run holds other turns than the conversation.
    #[error("{place} does not hold the turns of conversation \"{conversation}\", or holds others")]
    OtherTurns {
        /// Where the memory is stored.
        place: String,
        /// The conversation that it should hold.
        conversation: String,
    },
    /// A path that holds neither a data set nor a transcript.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// The engine failed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The caller's `progress` ended the run.
    #[error("the evaluation was stopped")]
    Stopped,
}

/// How a data set is incomplete or contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DatasetFlaw {
    /// No conversation has a turn.
    #[error("there is no conversation in it that has a turn")]
    NothingSaid,
    /// Two conversations have one id.
    #[error("two conversations have the id \"{0}\"")]
    RepeatedConversation(String),
    /// Two turns or sessions of a conversation have one id, so evidence could mean either.
    #[error("conversation \"{conversation}\" has two turns or sessions with the id \"{id}\"")]
    RepeatedId {
        /// The conversation.
        conversation: String,
        /// The id.
        id: String,
    },
    /// An id cannot name a user or a session of a memory.
    #[error("conversation \"{conversation}\": {reason}")]
    BadName {
        /// The conversation.
        conversation: String,
        /// Why it cannot.
        reason: InvalidName,
    },
    /// A date is in none of the known forms.
    #[error(
        "conversation \"{conversation}\": \"{date}\" is not a date; expected one as \
         \"2023-05-08T13:56:00Z\", \"2023-05-08\", \"1:56 pm on 8 May, 2023\" or \
         \"2023/05/08 (Mon) 13:56\""
    )]
    BadDate {
        /// The conversation.
        conversation: String,
        /// What stands where a date should.
        date: String,
    },
    /// A session has no date.
    #[error("conversation \"{conversation}\": there is no date for \"{session}\"")]
    MissingDate {
        /// The conversation.
        conversation: String,
        /// The session.
        session: String,
    },
    /// A question has no text.
    #[error("conversation \"{conversation}\": question \"{question}\" is empty")]
    EmptyQuestion {
        /// The conversation.
        conversation: String,
        /// The question's id.
        question: String,
    },
    /// Words that are said to carry an answer do not stand in their turn.
    #[error(
        "conversation \"{conversation}\": the evidence of question \"{question}\", \"{text}\", does \
         not stand in turn \"{turn}\""
    )]
    NoSuchText {
        /// The conversation.
        conversation: String,
        /// The question's id.
        question: String,
        /// The turn's id.
        turn: String,
        /// The words.
        text: String,
    },
    /// Two lists that belong together differ in length.
    #[error(
        "conversation \"{conversation}\" has {} entries in {}, but {} in {}",
        first.1, first.0, second.1, second.0
    )]
    UnevenLists {
        /// The conversation.
        conversation: String,
        /// One list's name and length.
        first: (&'static str, usize),
        /// The other list's name and length.
        second: (&'static str, usize),
    },
}

impl Diagnose for EvalError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => ErrorCode::FileNotFound,
            Self::Io(_) => ErrorCode::FileFailed,
            Self::Memory(error) => error.code(),
            Self::Transcript(error) => error.code(),
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
            | Self::NothingToWrapWith
            | Self::OtherTurns { .. }
            | Self::Stopped => Fault::Caller,
            Self::Memory(error) => error.fault(),
            Self::Transcript(error) => error.fault(),
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::OtherTurns { .. } => vec![Remedy::UseEmptyFolder],
            Self::Memory(error) => error.remedies(),
            Self::Transcript(error) => error.remedies(),
            _ => Vec::new(),
        }
    }
}
