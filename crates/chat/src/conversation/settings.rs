//! How a conversation makes its prompts.

use jiff::tz::TimeZone;

use crate::{DEFAULT_BUDGET, TokenBudget};

/// How a conversation makes its prompts.
///
/// # Examples
/// ```
/// use longmem_chat::ConversationSettings;
///
/// let mut settings = ConversationSettings::default();
/// settings.system = Some("You are helpful.".to_owned());
/// assert_eq!(settings.budget.tokens(), 4_000);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[non_exhaustive]
pub struct ConversationSettings {
    /// The persona or other standing instructions; none by default.
    pub system: Option<String>,
    /// The most tokens that a prompt may have; [`DEFAULT_BUDGET`] by default.
    pub budget: TokenBudget,
    /// Whether a [`Learner`](crate::Learner) may look at what is said, and standing instructions in it
    /// are noted as facts at once, which needs no model; both by default.
    pub learns: bool,
    /// Whether a prompt in a session continues the one before it wherever it can, so that a
    /// provider's cache serves that. Then a session's first prompt leaves three eighths of the
    /// budget free, so it is for conversations of several messages. Off by default.
    pub continued: bool,
    /// Whether the model's server is asked, once in a conversation, how large the model's window is, so
    /// that the first prompt and its answer fit it. Off by default: then the server's refusal of a
    /// prompt that is too long says so.
    pub fits_window: bool,
    /// Whether a session that bears no name of its own ("chat 2026-03-02 10:00:00") and no title gets
    /// one: the first words of the message that is stored, unless it is small talk. Off by default.
    pub gives_titles: bool,
    /// Where days begin and end; UTC by default.
    pub time_zone: TimeZone,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self {
            system: None,
            budget: DEFAULT_BUDGET,
            learns: true,
            continued: false,
            fits_window: false,
            gives_titles: false,
            time_zone: TimeZone::UTC,
        }
    }
}
