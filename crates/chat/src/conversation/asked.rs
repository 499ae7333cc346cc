//! What a conversation is asked.

use std::sync::Arc;

/// What is said to the model when its answer is to go on, where it cannot go on behind the answer itself.
/// It is never stored.
const GO_ON: &str = "Your last answer was cut off. Go on exactly where it stopped, and repeat \
                     nothing of it.";

/// What a conversation is asked.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    /// A question outside any session; nothing is stored.
    Outside {
        /// What turns are recalled for.
        question: Arc<str>,
        /// What the model gets: the question, with the text that it is about.
        message: Arc<str>,
    },
    /// A message in the session.
    Message(Arc<str>),
    /// The rest of the session's last answer.
    More,
}

impl Asked {
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Outside { message, .. } | Self::Message(message) => message,
            Self::More => GO_ON,
        }
    }

    /// What turns are recalled for.
    pub(super) fn question(&self) -> &str {
        match self {
            Self::Outside { question, .. } => question,
            Self::Message(_) | Self::More => self.message(),
        }
    }

    pub(super) fn is_in_session(&self) -> bool {
        !matches!(self, Self::Outside { .. })
    }
}
