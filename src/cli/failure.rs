//! Errors as a person at a terminal sees them, and as exit codes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use longmem::key_file::KeyFileError;
use longmem_bench::BenchError;
use longmem_chat::{AssembleError, ChatError};
use longmem_core::{Diagnose, ErrorCode, Fault};
use longmem_embed::EmbedderError;
use longmem_eval::EvalError;
use longmem_memory::{MemoryError, StoreError};
use longmem_server::{ServeError, keys::KeysError};
use longmem_wire::{ErrorDocument, full_message};
use thiserror::Error;

use crate::output::Output;
use crate::remedy::hint;
use crate::sanitize::for_terminal;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Library(#[from] longmem::Error),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
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
    #[error(transparent)]
    Bench(BenchError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    ServerKeys(#[from] KeysError),
    #[error("{0}")]
    Output(#[from] io::Error),
    #[error("{} cannot be read: {reason}", path.display())]
    Config { path: PathBuf, reason: String },
    #[error("{message}")]
    Refused { code: ErrorCode, message: String, hint: String },
    #[error("something is wrong: {0}")]
    Unhealthy(String),
    #[error("none of the messages got an answer ({0} asked)")]
    Unanswered(u64),
    #[error("interrupted; {0}")]
    Interrupted(String),
}

impl Failure {
    /// What was asked for cannot be done; `hint` says what to do instead.
    pub(crate) fn refused(
        code: ErrorCode,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Refused { code, message: message.into(), hint: hint.into() }
    }

    /// A new file could not be made.
    #[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands on")]
    pub(crate) fn new_file(path: &Path, error: io::Error) -> Self {
        let shown = path.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists if is_plain_file(path) => Self::refused(
                ErrorCode::FileExists,
                format!("{shown} exists already"),
                "Name another file, or replace this one with --force.",
            ),
            io::ErrorKind::AlreadyExists => Self::refused(
                ErrorCode::FileExists,
                format!("{shown} exists already and is no file that could be replaced"),
                "Name a new file.",
            ),
            io::ErrorKind::WouldBlock => Self::refused(
                ErrorCode::FileExists,
                format!("another process is writing {shown}"),
                "Wait until it is done, or name another file.",
            ),
            kind => {
                Self::Output(io::Error::new(kind, format!("{shown} cannot be written: {error}")))
            }
        }
    }

    /// Whether the output itself failed, so that nothing more can be shown.
    pub(crate) fn is_of_output(&self) -> bool {
        matches!(self, Self::Output(_))
    }

    /// Whether whoever talks is gone, so that nothing more is to be done.
    pub(crate) fn ends_a_talk(&self) -> bool {
        matches!(self, Self::Interrupted(_))
    }

    /// The library's error behind it, if there is one.
    fn library_error(&self) -> Option<&dyn Diagnose> {
        match self {
            Self::Library(error) => Some(error),
            Self::KeyFile(error) => Some(error),
            Self::Memory(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Embedder(error) => Some(error),
            Self::Chat(error) => Some(error),
            Self::Assemble(error) => Some(error),
            Self::Eval(error) => Some(error),
            Self::Bench(error) => Some(error),
            Self::Serve(error) => Some(error),
            Self::ServerKeys(error) => Some(error),
            _ => None,
        }
    }

    /// Its kind, as a word for programs.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Config { .. } => ErrorCode::WrongSettings,
            Self::Unhealthy(_) => ErrorCode::Unhealthy,
            Self::Unanswered(_) => ErrorCode::NoAnswer,
            Self::Interrupted(_) => ErrorCode::Interrupted,
            _ => self.library_error().map_or(ErrorCode::FileFailed, Diagnose::code),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Refused { .. } | Self::Config { .. } => Fault::Caller,
            _ => self.library_error().map_or(Fault::Environment, Diagnose::fault),
        }
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = match self {
            Self::Refused { hint, .. } => vec![hint.clone()],
            Self::Config { .. } => {
                vec!["longmem --help and README.md describe the settings.".to_owned()]
            }
            _ => self.library_error().map_or_else(Vec::new, hints),
        };
        if self.fault() == Fault::Bug {
            let report = "This is a bug in longmem; please report it with the command you ran.";
            hints.push(report.to_owned());
        }
        hints
    }

    /// The error in a line, with what would help.
    pub(crate) fn finding(&self) -> String {
        let hints = self.hints().join(" ");
        let message = full_message(self);
        if hints.is_empty() { message } else { format!("{message}. {hints}") }
    }

    /// Whether there is no store yet.
    pub(crate) fn is_of_missing_store(&self) -> bool {
        self.code() == ErrorCode::NoStore
    }

    /// Whether the store holds what was not written there.
    pub(crate) fn is_damage(&self) -> bool {
        self.code() == ErrorCode::DamagedStore
    }

    /// The error as a document.
    pub(crate) fn document(&self) -> ErrorDocument {
        ErrorDocument::new(self.code(), full_message(self), self.hints())
    }

    /// Writes the error and what to do next to standard error, for a person.
    pub(crate) fn show(&self, output: Output) {
        output.error(&for_terminal(&format!("error: {}", full_message(self))));
        for hint in self.hints() {
            output.error(&for_terminal(&format!("  hint: {hint}")));
        }
    }

    /// Writes the error and what to do next to standard error, and chooses the exit code.
    pub(crate) fn report(&self, output: Output) -> ExitCode {
        if let Self::Output(error) | Self::Memory(MemoryError::Output(error)) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            // The reader closed the pipe: it has what it wanted.
            return ExitCode::SUCCESS;
        }
        if output.json {
            output.error_document(&self.document());
        } else {
            self.show(output);
        }
        self.exit_code().into()
    }

    fn exit_code(&self) -> u8 {
        match (self, self.fault()) {
            (
                Self::Interrupted(_)
                | Self::Memory(MemoryError::Store(StoreError::Stopped))
                | Self::Store(StoreError::Stopped),
                _,
            ) => 130,
            (_, Fault::Caller) => 1,
            (_, Fault::Environment) => 3,
            (_, Fault::Bug) => 70,
        }
    }
}

/// Whether a path names a file itself, and not by a link.
fn is_plain_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|there| there.is_file())
}

/// What would help against an error, one sentence each.
pub(crate) fn hints(error: &dyn Diagnose) -> Vec<String> {
    error.remedies().iter().map(hint).collect()
}
