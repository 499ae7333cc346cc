//! What can go wrong in the engine.

use std::io;

use longmem_core::{Diagnose, EmbedError, ErrorCode, Fault, InvalidEmbedding, Remedy, UserName};
use longmem_store::{SessionSummary, StoreError};
use longmem_transcripts::TranscriptError;
use thiserror::Error;

use crate::{InvalidLine, ModeratorFailure, Stage};

/// Why the engine could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store failed in the middle of an import or of indexing.
    #[error(
        "{source}; what was stored before stays ({turns} turns), and the same again goes on there"
    )]
    PartlyDone {
        /// Why it stopped.
        source: StoreError,
        /// Number of turns that were stored, or that got their vectors, before.
        turns: u64,
    },
    /// A transcript could not be read.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// The embedding model could not be loaded or run.
    #[error("{0}")]
    Embed(EmbedError),
    /// The embedder gave a vector that is not as wide as its model says.
    #[error("the embedder contradicts its model: {0}")]
    WrongWidth(#[from] InvalidEmbedding),
    /// The embedder did not give one vector for each passage.
    #[error("the embedder gave {actual} vectors for {expected} passages")]
    WrongCount {
        /// Number of passages.
        expected: usize,
        /// Number of vectors.
        actual: usize,
    },
    /// An export could not be written.
    #[error("the export could not be written: {0}")]
    Output(io::Error),
    /// A turn that says nothing.
    #[error(
        "there is nothing to remember: the text is empty, or only repeats what longmem recalled"
    )]
    EmptyText,
    /// A query that asks nothing.
    #[error("the question is empty")]
    EmptyQuery,
    /// A statement or subject of a fact that is not one short line.
    #[error(transparent)]
    Line(#[from] InvalidLine),
    /// What names none of the user's sessions.
    #[error("user \"{user}\" has no session \"{asked}\"")]
    UnknownSession {
        /// Whose sessions were searched.
        user: UserName,
        /// What was asked for.
        asked: String,
        /// Sessions that may be meant, the likeliest first; at most
        /// [`MAX_CANDIDATES`](crate::MAX_CANDIDATES).
        near: Vec<SessionSummary>,
    },
    /// What names several of the user's sessions.
    #[error("\"{asked}\" names {count} sessions of user \"{user}\"")]
    AmbiguousSession {
        /// Whose sessions were searched.
        user: UserName,
        /// What was asked for.
        asked: String,
        /// Number of sessions that it names.
        count: usize,
        /// The sessions, the one with the newest turn first; at most
        /// [`MAX_CANDIDATES`](crate::MAX_CANDIDATES).
        first: Vec<SessionSummary>,
    },
    /// Who moderates refused a text; nothing was stored of it.
    #[error("refused by moderation{}", because(*stage, reason))]
    Refused {
        /// What was about to happen to it.
        stage: Stage,
        /// Why; empty if it was not said.
        reason: String,
    },
    /// Who moderates could not judge a text, so it is refused.
    #[error("the text could not be moderated, so nothing was done with it: {0}")]
    Moderator(ModeratorFailure),
    /// A scope without any filter, to be forgotten.
    #[error("no turn, session, role or time was named to be forgotten")]
    ForgetsEverything,
    /// What would be forgotten is not what was shown with this token, or it was shown too long ago.
    #[error(
        "something was added or changed since this was shown, or it was shown more than five minutes \
         ago; nothing was forgotten"
    )]
    ChangedMeanwhile,
}

/// What was refused, and why.
fn because(stage: Stage, reason: &str) -> String {
    let what = match stage {
        Stage::Store | Stage::Send => "",
        Stage::Answer => ", the answer",
    };
    if reason.trim().is_empty() { what.to_owned() } else { format!("{what}: {}", reason.trim()) }
}

impl MemoryError {
    /// Says whether the store cannot be used now, and may be later:
    /// see [`StoreError::is_unavailable`].
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) | Self::PartlyDone { source: error, .. } if error.is_unavailable())
    }

    /// The same error for work of which something was done before; unchanged if nothing was.
    pub(crate) fn after(self, turns: u64) -> Self {
        match self {
            Self::Store(source) if turns > 0 => Self::PartlyDone { source, turns },
            error => error,
        }
    }
}

impl Diagnose for MemoryError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) | Self::PartlyDone { source: error, .. } => error.code(),
            Self::Transcript(error) => error.code(),
            Self::Embed(error) => error.code(),
            Self::WrongWidth(_) | Self::WrongCount { .. } => ErrorCode::ModelFailed,
            Self::Output(_) => ErrorCode::FileFailed,
            Self::EmptyText | Self::EmptyQuery => ErrorCode::EmptyText,
            Self::Line(_) => ErrorCode::InvalidLine,
            Self::Refused { .. } => ErrorCode::RefusedByModeration,
            Self::Moderator(_) => ErrorCode::ModerationFailed,
            Self::UnknownSession { .. } => ErrorCode::UnknownSession,
            Self::AmbiguousSession { .. } => ErrorCode::AmbiguousSession,
            Self::ForgetsEverything => ErrorCode::NothingSelected,
            Self::ChangedMeanwhile => ErrorCode::ChangedMeanwhile,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Store(error) | Self::PartlyDone { source: error, .. } => error.fault(),
            Self::Transcript(error) => error.fault(),
            Self::Embed(error) => error.fault(),
            Self::WrongWidth(_) | Self::WrongCount { .. } => Fault::Bug,
            Self::Output(_) | Self::Moderator(_) => Fault::Environment,
            Self::EmptyText
            | Self::EmptyQuery
            | Self::Line(_)
            | Self::Refused { .. }
            | Self::UnknownSession { .. }
            | Self::AmbiguousSession { .. }
            | Self::ForgetsEverything
            | Self::ChangedMeanwhile => Fault::Caller,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Store(error) | Self::PartlyDone { source: error, .. } => error.remedies(),
            Self::Transcript(error) => error.remedies(),
            Self::Embed(error) => error.remedies(),
            Self::EmptyQuery => vec![Remedy::AskQuestion],
            Self::Line(_) => vec![Remedy::WriteShortLine],
            Self::Moderator(_) => vec![Remedy::CheckModerator],
            Self::UnknownSession { near: sessions, .. }
            | Self::AmbiguousSession { first: sessions, .. } => {
                let named = sessions.iter().map(|session| Remedy::NameSession {
                    session: session.session.clone(),
                    title: session.title.clone(),
                    last: session.end,
                });
                named.chain([Remedy::ListSessions]).collect()
            }
            Self::ForgetsEverything => vec![Remedy::SayWhatToForget],
            Self::ChangedMeanwhile => vec![Remedy::LookAgain],
            Self::WrongWidth(_)
            | Self::WrongCount { .. }
            | Self::Output(_)
            | Self::EmptyText
            | Self::Refused { .. } => Vec::new(),
        }
    }
}
