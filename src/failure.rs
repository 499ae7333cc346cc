//! Errors as a person at a terminal sees them, and as exit codes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use longmem_chat::{AssembleError, ChatError};
use longmem_core::{Diagnose, Fault};
use longmem_embed::EmbedderError;
use longmem_eval::EvalError;
use longmem_memory::{MemoryError, StoreError};
use thiserror::Error;

use crate::remedy::hint;
use crate::sanitize::for_terminal;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Embedder(#[from] EmbedderError),
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error("{0}")]
    Output(#[from] io::Error),
    #[error("{} cannot be read: {reason}", path.display())]
    Config { path: PathBuf, reason: String },
    #[error("{message}")]
    Refused { message: String, hint: String },
    #[error("something is wrong: {0}")]
    Unhealthy(String),
    #[error("interrupted; {0}")]
    Interrupted(String),
}

impl Failure {
    /// What the caller asked for cannot be; `hint` says what can.
    pub(crate) fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), hint: hint.into() }
    }

    /// A file that must not exist yet could not be made.
    pub(crate) fn new_file(path: &Path, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("{} exists already", path.display());
            return Self::refused(message, "Name another file; none is ever overwritten.");
        }
        Self::Output(error)
    }

    /// Whether nothing more can be shown.
    pub(crate) fn is_of_output(&self) -> bool {
        matches!(self, Self::Output(_))
    }

    fn diagnosis(&self) -> (Fault, Vec<String>) {
        match self {
            Self::Memory(error) => (error.fault(), hints(error)),
            Self::Store(error) => (error.fault(), hints(error)),
            Self::Embedder(error) => (error.fault(), hints(error)),
            Self::Chat(error) => (error.fault(), hints(error)),
            Self::Assemble(error) => (error.fault(), hints(error)),
            Self::Eval(error) => (error.fault(), hints(error)),
            Self::Output(_) | Self::Unhealthy(_) | Self::Interrupted(_) => {
                (Fault::Environment, Vec::new())
            }
            Self::Config { .. } => {
                (Fault::Caller, vec!["longmem --help and README.md describe the settings.".into()])
            }
            Self::Refused { hint, .. } => (Fault::Caller, vec![hint.clone()]),
        }
    }

    /// Writes the error and what to do next to standard error, and chooses the exit code.
    pub(crate) fn report(&self, say: impl Fn(&str)) -> ExitCode {
        if let Self::Output(error) | Self::Memory(MemoryError::Output(error)) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            // The reader has seen enough.
            return ExitCode::SUCCESS;
        }
        let (fault, hints) = self.diagnosis();
        say(&format!("error: {}", for_terminal(&with_causes(self))));
        for hint in hints {
            say(&format!("  hint: {}", for_terminal(&hint)));
        }
        if fault == Fault::Bug {
            say("  hint: This is a bug in longmem; please report it with the command you ran.");
        }
        self.exit_code(fault).into()
    }

    fn exit_code(&self, fault: Fault) -> u8 {
        match (self, fault) {
            (Self::Interrupted(_), _) => 130,
            (_, Fault::Caller) => 1,
            (_, Fault::Environment) => 3,
            (_, Fault::Bug) => 70,
        }
    }
}

/// What would help against an error, a sentence each.
pub(crate) fn hints(error: &dyn Diagnose) -> Vec<String> {
    error.remedies().iter().map(hint).collect()
}

/// An error's message and, after colons, those of its causes that it does not tell itself.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !message.contains(&said) {
            message.push_str(": ");
            message.push_str(&said);
        }
        cause = error.source();
    }
    message
}
