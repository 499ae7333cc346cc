//! A message to be answered, and its answer.

use longmem_chat::{Completion, QuotedAnswer, Reply};
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{FactId, SessionName, Timestamp, TurnId, UserName};
use serde::{Deserialize, Serialize};

use crate::{Context, Usage};

/// Asks for a message to be answered, or for the prompt that would be sent for it. Only `user` and
/// `message` are needed.
///
/// ```json
/// { "user": "ana", "message": "Where do I live?", "session": "move", "budget": 4000 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct MessageRequest {
    /// Whose memory it is.
    pub user: UserName,
    /// The message, as a person writes it.
    pub message: String,
    /// The session that goes on with it; without one, an answer is stored nowhere.
    #[serde(default)]
    pub session: Option<SessionName>,
    /// Tokens of the prompt at most; the server's own budget if it is left out.
    #[serde(default)]
    pub budget: Option<usize>,
}

impl MessageRequest {
    /// A message outside any session.
    pub fn new(user: UserName, message: impl Into<String>) -> Self {
        Self { user, message: message.into(), session: None, budget: None }
    }
}

/// An answer: a language model's, or quotes from memory if there is none. `quotes` is absent in the
/// former, `stop_reason`, `usage` and `context` in the latter.
///
/// ```json
/// {
///   "answer": "In Lisbon, since March.", "model": "claude-haiku-5-5", "stop_reason": "end_turn",
///   "usage": { "input": 310, "cache_read": 0, "cache_write": 0, "output": 9 },
///   "context": { "system": [], "messages": [], "tokens": 290, "budget": 4000, "trace": [] },
///   "notices": []
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The answer as a text to read.
    pub answer: String,
    /// The language model that answered, as its provider names it; none if memory is quoted.
    pub model: Option<String>,
    /// The quotes, nearest to the question first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotes: Option<Vec<Quote>>,
    /// The facts that are quoted; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<QuotedFact>,
    /// Why the answer ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The prompt that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// What is not as it should be, in words: memory could not be written, for example.
    pub notices: Vec<String>,
    /// The facts that the message's standing instructions became; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noted: Vec<FactId>,
    /// False if the answer should have been stored and could not be; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<bool>,
}

impl Answer {
    /// A reply, with what a person should be told beside it.
    pub fn new(reply: Reply, notices: Vec<String>) -> Self {
        match reply {
            Reply::Quotes(quoted) => Self::quoted(quoted, notices),
            Reply::Answer { completion, context } => {
                Self { context: Some(context.into()), ..Self::completed(completion, notices) }
            }
        }
    }

    /// An answer that could not be stored and is nowhere else.
    pub fn not_stored(completion: Completion, notices: Vec<String>) -> Self {
        Self { stored: Some(false), ..Self::completed(completion, notices) }
    }

    fn completed(completion: Completion, notices: Vec<String>) -> Self {
        Self {
            answer: completion.text,
            model: Some(completion.model),
            quotes: None,
            facts: Vec::new(),
            stop_reason: Some(completion.stop_reason.into()),
            usage: Some(completion.usage.into()),
            context: None,
            notices,
            noted: Vec::new(),
            stored: None,
        }
    }

    fn quoted(quoted: QuotedAnswer, notices: Vec<String>) -> Self {
        Self {
            answer: quoted.text,
            model: None,
            quotes: Some(quoted.quotes.into_iter().map(Quote::from).collect()),
            facts: quoted.facts.into_iter().map(QuotedFact::from).collect(),
            stop_reason: None,
            usage: None,
            context: None,
            notices,
            noted: Vec::new(),
            stored: None,
        }
    }
}

/// A fact that is quoted.
///
/// ```json
/// { "fact": 4, "since": "2026-03-08T18:30:00Z", "until": null, "text": "lives in Lisbon" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedFact {
    /// The fact's number.
    pub fact: FactId,
    /// Since when it holds.
    pub since: Timestamp,
    /// Until when it held; none while it holds.
    pub until: Option<Timestamp>,
    /// What is known, on one line.
    pub text: String,
}

impl From<longmem_chat::QuotedFact> for QuotedFact {
    fn from(fact: longmem_chat::QuotedFact) -> Self {
        let longmem_chat::QuotedFact { fact, since, until, text } = fact;
        Self { fact, since, until, text }
    }
}

/// A part of a turn, with its source.
///
/// ```json
/// {
///   "turn": 17, "session": "move", "session_title": null, "time": "2026-03-08T18:30:00Z",
///   "speaker": "Ana", "text": "I live in Lisbon now!"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// The turn that is quoted.
    pub turn: TurnId,
    /// The turn's session.
    pub session: SessionName,
    /// The session's title, if it has one.
    pub session_title: Option<String>,
    /// When it was said.
    pub time: Timestamp,
    /// Who said it: the name, or else the role.
    pub speaker: String,
    /// What was said, on one line; of a long turn the sentences nearest to the question.
    pub text: String,
}

impl From<longmem_chat::Quote> for Quote {
    fn from(quote: longmem_chat::Quote) -> Self {
        Self {
            turn: quote.turn,
            session: quote.session,
            session_title: quote.session_title,
            time: quote.time,
            speaker: quote.speaker,
            text: quote.text,
        }
    }
}

/// Why an answer ends: a word, or for the last two an object with what is known more.
///
/// ```json
/// { "refusal": { "explanation": "It asks for a password." } }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The model had said what it wanted to say.
    EndTurn,
    /// The answer reached its longest length and is cut off.
    MaxTokens,
    /// Prompt and answer together reached the end of the model's window; the answer is cut off.
    ContextWindowExceeded,
    /// The model or a filter before it refused.
    Refusal {
        /// Why, if the provider says.
        explanation: Option<String>,
    },
    /// Anything else, by the provider's name for it.
    Other(String),
}

impl From<longmem_chat::StopReason> for StopReason {
    fn from(reason: longmem_chat::StopReason) -> Self {
        match reason {
            longmem_chat::StopReason::EndTurn => Self::EndTurn,
            longmem_chat::StopReason::MaxTokens => Self::MaxTokens,
            longmem_chat::StopReason::ContextWindowExceeded => Self::ContextWindowExceeded,
            longmem_chat::StopReason::Refusal { explanation } => Self::Refusal { explanation },
            longmem_chat::StopReason::Other(name) => Self::Other(name),
        }
    }
}
