//! What can go wrong in a conversation.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use longmem_memory::MemoryError;
use thiserror::Error;

use crate::{AssembleError, Completion, ProviderError, StopReason};

/// Why a message got no answer. Asked again, it is not stored again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChatError {
    /// No prompt could be made; nothing was stored.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The memory could not be read or written.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The memory did not answer in time: it is locked, or its disk is slow.
    #[error("memory did not answer within {} seconds", patience.as_secs_f32())]
    Late {
        /// How long it was waited for.
        patience: Duration,
    },
    /// The file that keeps what cannot be stored could not be read or written.
    #[error("the spool {} cannot be read or written: {source}", path.display())]
    Spool {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The language model did not answer, or not to the end; the message is stored.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The language model ended without a word; the message is stored.
    #[error("{}", why_nothing_was_said(completion))]
    NoAnswer {
        /// What came: its text is empty.
        completion: Box<Completion>,
    },
    /// The model's server was to count the tokens of the prompt, and cannot; the message is stored.
    #[error("the model's server does not count tokens")]
    NotCounted,
    /// The session does not end with an answer.
    #[error("there is no answer to continue in this session")]
    NothingToContinue,
    /// The language model answered, but its answer could not be stored.
    #[error("the answer could not be stored: {source}")]
    AnswerNotStored {
        /// The answer, which is nowhere else.
        completion: Box<Completion>,
        /// What happened.
        source: Box<ChatError>,
    },
    /// Somebody broke the answer off: see [`Conversation::break_off`](crate::Conversation::break_off).
    #[error("the answer was broken off; {}", what_was_kept(*kept))]
    BrokenOff {
        /// Whether the part that had come was stored, as an answer marked as broken off.
        kept: bool,
    },
    /// The system could not start a thread, or what a thread needs to wait for the network.
    #[error("no thread can be started: {source}")]
    NoThread {
        /// What the system says.
        source: io::Error,
    },
}

impl ChatError {
    /// Says whether memory cannot be used now, through no fault of what was asked, and may be
    /// later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Memory(error) => error.is_unavailable(),
            Self::Late { .. } => true,
            _ => false,
        }
    }
}

/// What is stored of an answer that was broken off, in words.
fn what_was_kept(kept: bool) -> &'static str {
    if kept { "what came of it is stored, marked as broken off" } else { "nothing of it had come" }
}

/// Why a model said nothing, in words.
fn why_nothing_was_said(completion: &Completion) -> String {
    let thought = completion.thought;
    match &completion.stop_reason {
        StopReason::Refusal { explanation: Some(why) } => format!("the model refused: {why}"),
        StopReason::Refusal { explanation: None } => {
            "the model refused, or a filter before it did".to_owned()
        }
        StopReason::MaxTokens if thought => {
            "the model spent all tokens of its answer on thinking".to_owned()
        }
        StopReason::MaxTokens => {
            "the model reached the limit of its answer before the first word".to_owned()
        }
        StopReason::ContextWindowExceeded => {
            "the prompt left no room for an answer in the model's window".to_owned()
        }
        StopReason::EndTurn if thought => "the model thought, and said nothing".to_owned(),
        StopReason::EndTurn => "the model ended without a word".to_owned(),
        StopReason::Other(name) => match name.as_str() {
            "tool_calls" | "tool_use" | "function_call" => {
                format!("the model asked for a tool, and there are none here ({name})")
            }
            name => format!("the model stopped without a word: {name}"),
        },
    }
}

impl Diagnose for ChatError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Assemble(error) => error.code(),
            Self::NoAnswer { .. } => ErrorCode::NoAnswer,
            Self::NotCounted => ErrorCode::Unsupported,
            Self::NothingToContinue => ErrorCode::NothingToContinue,
            Self::BrokenOff { .. } => ErrorCode::Interrupted,
            Self::Memory(error) => error.code(),
            Self::AnswerNotStored { source, .. } => source.code(),
            Self::Provider(error) => error.code(),
            Self::Late { .. } => ErrorCode::Locked,
            Self::Spool { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                ErrorCode::DiskFull
            }
            Self::Spool { .. } | Self::NoThread { .. } => ErrorCode::FileFailed,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Assemble(error) => error.fault(),
            Self::NotCounted | Self::NothingToContinue | Self::BrokenOff { .. } => Fault::Caller,
            Self::Memory(error) => error.fault(),
            Self::AnswerNotStored { source, .. } => source.fault(),
            Self::Provider(error) => error.fault(),
            Self::NoAnswer { .. }
            | Self::Late { .. }
            | Self::Spool { .. }
            | Self::NoThread { .. } => Fault::Environment,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Assemble(error) => error.remedies(),
            Self::NoAnswer { completion } => match completion.stop_reason {
                StopReason::MaxTokens => vec![Remedy::RaiseAnswerLimit],
                StopReason::ContextWindowExceeded => vec![Remedy::LowerBudget],
                StopReason::Refusal { .. } => Vec::new(),
                StopReason::EndTurn | StopReason::Other(_) => vec![Remedy::AskAgain],
            },
            Self::NotCounted
            | Self::NothingToContinue
            | Self::BrokenOff { .. }
            | Self::NoThread { .. } => Vec::new(),
            Self::Memory(error) => error.remedies(),
            Self::AnswerNotStored { source, .. } => source.remedies(),
            Self::Provider(error) => error.remedies(),
            Self::Late { .. } => vec![Remedy::WaitForOtherProcess],
            Self::Spool { source, .. } => vec![match source.kind() {
                io::ErrorKind::StorageFull => Remedy::FreeSpace,
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Remedy::MakeWritable
                }
                _ => Remedy::CheckDisk,
            }],
        }
    }
}
