//! A conversation that remembers.

mod about_text;
mod answering;
mod asked;
mod gathering;
mod going_on;
mod live;
mod prompts;
mod safeguarding;
mod session_turns;
mod settings;
mod storing;
mod title;
mod token_costs;
mod window;

pub use settings::ConversationSettings;
pub(crate) use storing::SAID;
pub(crate) use title::UNNAMED;
pub use title::session_title;

use std::sync::Arc;

use longmem_core::{EstimatedTokens, SessionName, TokenCounter, UserName};
use longmem_memory::{NotedInstruction, PROMPT_THRESHOLD};

use self::asked::Asked;
use self::live::LiveState;
use crate::{
    AsyncMemory, CalibratedTokens, ChatError, Completion, Context, LanguageModel, Notice, OnText,
    QuotedAnswer, Spool, TokenCounting,
};

/// Number of turns that a recall brings for a prompt, whether all of them fit or not.
pub const RECALLED_TURNS: usize = 100;

/// One user's conversation with a language model in one session, with everything that is remembered
/// of the user behind it. Clones share what it keeps in mind.
///
/// [`TalkSettings::conversation`](crate::TalkSettings::conversation) builds one from settings.
#[derive(Clone)]
#[non_exhaustive]
pub struct Conversation {
    /// Where it is remembered.
    pub memory: AsyncMemory,
    /// Whose memory it is.
    pub user: UserName,
    /// The session that it continues or begins.
    pub session: SessionName,
    /// Who answers; without one, the default, memory is quoted.
    pub model: Option<LanguageModel>,
    /// Counts tokens as the model does; by default they are estimated.
    pub counter: Arc<dyn TokenCounter>,
    /// Who counts the tokens of prompts; by default they are estimated.
    pub counting: TokenCounting,
    /// The counter, if it learns from what answers cost; none by default.
    pub calibrated: Option<Arc<CalibratedTokens>>,
    /// How prompts are made.
    pub settings: ConversationSettings,
    /// Where turns wait that cannot be stored; without one, the default, a turn that cannot be
    /// stored is an error.
    pub spool: Option<Spool>,
    live: LiveState,
}

/// What a message gets in return.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The language model's answer, stored in a session.
    Answer {
        /// The answer.
        completion: Completion,
        /// The prompt that led to it.
        context: Context,
    },
    /// Quotes from memory. They are not stored: they are there already.
    Quotes(QuotedAnswer),
}

impl Conversation {
    /// A conversation in which memory is quoted.
    pub fn new(memory: AsyncMemory, user: UserName, session: SessionName) -> Self {
        Self {
            memory,
            user,
            session,
            model: None,
            counter: Arc::new(EstimatedTokens),
            counting: TokenCounting::default(),
            calibrated: None,
            settings: ConversationSettings::default(),
            spool: None,
            live: LiveState::default(),
        }
    }

    /// Answers a question from memory, outside any session, and stores nothing.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn consult(&self, question: &str, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        let question: Arc<str> = question.into();
        self.reply(&Asked::Outside { message: Arc::clone(&question), question }, on_text).await
    }

    /// Answers a message, handing on the text as it comes.
    ///
    /// The memory's safeguards come first: secrets in the message are replaced, and a message that who
    /// moderates refuses is neither stored nor sent. Where answers are moderated, an answer is held back
    /// until it was judged, and handed on as a whole.
    ///
    /// The message is stored before the model is asked, the answer after it. If that fails in
    /// between, or the future is dropped, the same message can be asked again and is not stored
    /// twice; another message is asked together with it. The part of an answer that came before it
    /// broke off is stored, marked as such.
    ///
    /// Where the settings allow learning, the standing instructions in the message are noted as facts
    /// when it is stored: see [`take_noted`](Self::take_noted).
    ///
    /// With a [`spool`](Self::spool), the conversation goes on while memory cannot be written or
    /// read: see [`take_notices`](Self::take_notices).
    ///
    /// A prompt that the model's server finds too long is made smaller, until it fits the window that
    /// the server names, or else by halves, down to the message alone.
    ///
    /// # Errors
    /// [`ChatError`]; a message that cannot be asked at all is not stored. A model that says nothing is
    /// [`ChatError::NoAnswer`].
    pub async fn ask(&self, message: &str, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        self.reply(&Asked::Message(message.into()), on_text).await
    }

    /// Lets the session's last answer, which was cut off or broke off, go on. What comes is stored
    /// as a turn of its own behind it.
    ///
    /// # Errors
    /// [`ChatError::NothingToContinue`] if the session does not end with an answer; [`ChatError`].
    pub async fn go_on(&self, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        self.reply(&Asked::More, on_text).await
    }

    /// Breaks off the answer that is being given, from a clone of the conversation or while the future
    /// of [`ask`](Self::ask) or [`go_on`](Self::go_on) is polled: that ends with
    /// [`ChatError::BrokenOff`], and in a session, what came of the answer is stored, marked as broken
    /// off, so that `go_on` goes on from there. Where no answer is being given, nothing happens.
    pub fn break_off(&self) {
        self.live.break_off();
    }

    /// Makes the prompt that [`ask`](Self::ask) would send, and stores nothing.
    ///
    /// # Errors
    /// [`ChatError`] if memory cannot be read or no prompt can be made.
    pub async fn context_for(&self, message: &str) -> Result<Context, ChatError> {
        let asked = Asked::Message(self.memory.safeguards().redacted(message).into());
        self.read_calibration().await;
        self.check_length(asked.message(), self.budget())?;
        let inputs = self.gather(&asked, None, PROMPT_THRESHOLD).await?;
        Ok(self.prompt(&asked, &inputs)?)
    }

    /// Takes the notices that came since the last call, for a person to read.
    pub fn take_notices(&self) -> Vec<Notice> {
        self.live.take_notices()
    }

    /// Takes the standing instructions ("always answer in metric") that were noted as facts since the
    /// last call, in the order in which they were said.
    pub fn take_noted(&self) -> Vec<NotedInstruction> {
        self.live.take_noted()
    }
}
