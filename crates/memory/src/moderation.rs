//! Asks somebody else whether a text may be stored, sent or shown.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use longmem_core::{Role, SessionName, UserName, closed_words};
use thiserror::Error;

use crate::MemoryError;

/// Judges texts: a program of one's own, or a closure.
///
/// # Examples
/// ```
/// use longmem_memory::{Moderator, ModeratorFailure, Statement, Verdict};
///
/// let rule = |statement: &Statement<'_>| -> Result<Verdict, ModeratorFailure> {
///     if statement.text.contains("project bluebird") {
///         return Ok(Verdict::Refuse("this is not to be kept".to_owned()));
///     }
///     Ok(Verdict::Allow)
/// };
/// let moderator: &dyn Moderator = &rule;
/// # let user = "ana".parse()?;
/// # let statement = Statement::note(&user, "project bluebird begins");
/// assert!(matches!(moderator.judge(&statement), Ok(Verdict::Refuse(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Moderator: Send + Sync {
    /// Judges a text. It may be called from several threads, and may take its time: whoever waits for
    /// the text waits for it.
    ///
    /// # Errors
    /// [`ModeratorFailure`] if it cannot judge.
    fn judge(&self, statement: &Statement<'_>) -> Result<Verdict, ModeratorFailure>;
}

impl<F> Moderator for F
where
    F: Fn(&Statement<'_>) -> Result<Verdict, ModeratorFailure> + Send + Sync,
{
    fn judge(&self, statement: &Statement<'_>) -> Result<Verdict, ModeratorFailure> {
        self(statement)
    }
}

closed_words! {
    /// What is about to happen to a text.
    pub enum Stage: "a stage" {
        /// It is stored, and sent nowhere.
        Store = "store",
        /// It is sent to a language model; said in a session, it is stored too.
        Send = "send",
        /// A language model answered it; it is shown, and in a session stored.
        Answer = "answer",
    }
}

closed_words! {
    /// What sort of text is judged.
    #[non_exhaustive]
    pub enum StatementKind: "a kind of statement" {
        /// What somebody said.
        Turn = "turn",
        /// The title of a session.
        Title = "title",
        /// What is noted of the user, or whom or what that is about.
        Fact = "fact",
        /// A summary that a language model made.
        Summary = "summary",
    }
}

/// A text to be judged.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Statement<'a> {
    /// What is about to happen to it.
    pub stage: Stage,
    /// What it is.
    pub kind: StatementKind,
    /// Whose memory it is for.
    pub user: &'a UserName,
    /// The session that it belongs to, if it does to one.
    pub session: Option<&'a SessionName>,
    /// Who says it.
    pub role: Role,
    /// The name of who says it, if an import gives one.
    pub speaker: Option<&'a str>,
    /// The text itself. Where secrets are redacted, they are so here.
    pub text: &'a str,
}

impl<'a> Statement<'a> {
    /// What a user says to have it stored, outside any session.
    pub fn note(user: &'a UserName, text: &'a str) -> Self {
        let (stage, kind, role) = (Stage::Store, StatementKind::Turn, Role::User);
        Self { stage, kind, user, session: None, role, speaker: None, text }
    }
}

/// What becomes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays as it is.
    Allow,
    /// Another text takes its place everywhere.
    Replace(String),
    /// It is neither stored nor sent nor shown, for this reason.
    Refuse(String),
}

/// Why a text could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ModeratorFailure(pub String);

/// What becomes of a text that could not be judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It is refused.
    #[default]
    Refuse,
    /// It is allowed.
    Allow,
}

/// Who judges texts, and when.
#[derive(Clone)]
#[non_exhaustive]
pub struct Moderation {
    /// Who judges.
    pub moderator: Arc<dyn Moderator>,
    /// What is judged; everything by default.
    pub stages: Vec<Stage>,
    /// What becomes of a text that could not be judged; it is refused by default.
    pub on_failure: OnFailure,
    /// Told why a text that could not be judged is allowed; nobody by default.
    pub on_unjudged: Arc<dyn Fn(&ModeratorFailure) + Send + Sync>,
}

impl fmt::Debug for Moderation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stages, on_failure, .. } = self;
        let mut shown = f.debug_struct("Moderation");
        shown.field("stages", stages).field("on_failure", on_failure).finish_non_exhaustive()
    }
}

impl Moderation {
    /// Everything is judged by this, and refused if it cannot be.
    pub fn new(moderator: impl Moderator + 'static) -> Self {
        Self {
            moderator: Arc::new(moderator),
            stages: Stage::ALL.to_vec(),
            on_failure: OnFailure::Refuse,
            on_unjudged: Arc::new(|_| {}),
        }
    }

    /// The text that takes the place of the statement's: the same where it is allowed.
    ///
    /// # Errors
    /// [`MemoryError::Refused`]; [`MemoryError::Moderator`] if it could not be judged.
    pub(crate) fn judged<'t>(
        &self,
        statement: &Statement<'t>,
    ) -> Result<Cow<'t, str>, MemoryError> {
        if !self.stages.contains(&statement.stage) {
            return Ok(Cow::Borrowed(statement.text));
        }
        let failure = match self.moderator.judge(statement) {
            Ok(Verdict::Allow) => return Ok(Cow::Borrowed(statement.text)),
            Ok(Verdict::Replace(text)) if !text.trim().is_empty() => return Ok(Cow::Owned(text)),
            Ok(Verdict::Replace(_)) => {
                ModeratorFailure("it replaced a text by an empty one".to_owned())
            }
            Ok(Verdict::Refuse(reason)) => {
                return Err(MemoryError::Refused { stage: statement.stage, reason });
            }
            Err(failure) => failure,
        };
        match self.on_failure {
            OnFailure::Refuse => Err(MemoryError::Moderator(failure)),
            OnFailure::Allow => {
                (self.on_unjudged)(&failure);
                Ok(Cow::Borrowed(statement.text))
            }
        }
    }
}
