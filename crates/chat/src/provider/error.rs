//! What goes wrong between here and a language model.

mod too_long;

use std::error::Error as StdError;
use std::time::Duration;

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use thiserror::Error;

use super::{Api, Endpoint};

/// HTTP status of an overloaded server, in addition to the standard ones.
pub(super) const OVERLOADED: u16 = 529;

/// What a server says about asking again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryAdvice {
    /// How long to wait first.
    pub after: Option<Duration>,
    /// Whether to ask again at all.
    pub should_retry: Option<bool>,
}

/// Why a language model did not answer, or not to the end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The base URL is not an address that requests can go to.
    #[error("the base URL of the model server is not valid: {reason}")]
    InvalidBaseUrl {
        /// What is wrong with it; not the URL itself, which may hold a password.
        reason: String,
    },
    /// The network client could not be made: the system's certificates cannot be read, for example.
    #[error("the network client cannot start")]
    NoClient {
        /// What happened.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The connection could not be made, or ended before the answer began.
    #[error("{endpoint} cannot be reached")]
    Unreachable {
        /// The server.
        endpoint: Endpoint,
        /// What happened.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server answered with an error.
    #[error("{endpoint} answered {status}: {message}")]
    Answered {
        /// The server.
        endpoint: Endpoint,
        /// The HTTP status; for an error inside a stream, the one that stands for it.
        status: u16,
        /// What the server says, without the key.
        message: String,
        /// The server's name for the request, to ask its owner with.
        request_id: Option<String>,
        /// What it says about asking again.
        advice: RetryAdvice,
    },
    /// The server answered with success, but what it sent is no answer of its API.
    #[error(
        "{endpoint} answered with {content_type} where the answer of a model server was expected{}",
        said.as_ref().map(|said| format!(": {said}")).unwrap_or_default()
    )]
    NotAStream {
        /// The server.
        endpoint: Endpoint,
        /// Its content type.
        content_type: String,
        /// What it says instead, without the key: the words of an error, the title of a page, the
        /// beginning of a text.
        said: Option<String>,
    },
    /// The server sent more than any answer has, so the rest was not read.
    #[error("{endpoint} sent {what} of more than {limit} bytes; the rest was not read")]
    TooMuch {
        /// The server.
        endpoint: Endpoint,
        /// The text that came before.
        partial: String,
        /// What was too long: a line, an answer.
        what: &'static str,
        /// The most that is read of it, in bytes.
        limit: usize,
    },
    /// The answer began and did not come to its end.
    #[error("the answer from {endpoint} broke off: {reason}")]
    Interrupted {
        /// The server.
        endpoint: Endpoint,
        /// The text that came before.
        partial: String,
        /// What happened.
        reason: String,
    },
}

impl ProviderError {
    /// Says whether the same request may succeed a little later. False once text has come, which
    /// would come a second time.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Interrupted { partial, .. } => partial.is_empty(),
            Self::Answered { .. } if self.is_too_long() || self.is_out_of_quota() => false,
            Self::Answered { message, .. } if too_long::is_one_request(message) => false,
            Self::Answered { status, advice, .. } => {
                advice.should_retry.unwrap_or(is_transient_status(*status))
            }
            Self::InvalidBaseUrl { .. }
            | Self::NoClient { .. }
            | Self::NotAStream { .. }
            | Self::TooMuch { .. } => false,
        }
    }

    /// Says whether the model has too much to do, or was asked too often, so that another may
    /// answer: limits are counted for each model.
    pub fn is_overloaded(&self) -> bool {
        matches!(self, Self::Answered { status: 429 | 503 | OVERLOADED, .. })
    }

    /// Says whether the prompt was too long for the model's window. Servers have no common code for
    /// it, so it is read from their words.
    pub fn is_too_long(&self) -> bool {
        let Self::Answered { status, message, .. } = self else { return false };
        match status {
            400 | 422 | 424 | 500 => too_long::is_said(message),
            413 => !too_long::is_about_time(message),
            _ => false,
        }
    }

    /// Says whether the server has nothing at the address that was asked.
    pub(super) fn is_unknown_path(&self) -> bool {
        matches!(self, Self::Answered { status: 404 | 405 | 501, .. })
    }

    /// The tokens of the model's window, if the prompt was too long for it and the server names it.
    pub fn window(&self) -> Option<usize> {
        let Self::Answered { message, .. } = self else { return None };
        too_long::window(message).filter(|_| self.is_too_long())
    }

    /// Whether the account behind the key may ask no more, so that waiting a little is of no use.
    fn is_out_of_quota(&self) -> bool {
        let Self::Answered { status: 429, message, .. } = self else { return false };
        let message = message.to_lowercase();
        ["insufficient_quota", "current quota", "billing", "credit"]
            .iter()
            .any(|phrase| message.contains(phrase))
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { advice, .. } => advice.after,
            _ => None,
        }
    }

    /// The text that came before the answer broke off; none if nothing came.
    pub fn partial(&self) -> Option<&str> {
        match self {
            Self::Interrupted { partial, .. } | Self::TooMuch { partial, .. } => {
                Some(partial.as_str()).filter(|partial| !partial.is_empty())
            }
            _ => None,
        }
    }
}

/// Whether the same request may succeed after an answer with this status.
fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..)
}

impl Diagnose for ProviderError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidBaseUrl { .. } | Self::NotAStream { .. } => ErrorCode::WrongAddress,
            Self::NoClient { .. } | Self::Unreachable { .. } => ErrorCode::ServerUnreachable,
            Self::Answered { .. } if self.is_too_long() => ErrorCode::PromptTooLong,
            Self::Answered { .. } if self.is_out_of_quota() => ErrorCode::NoCredit,
            Self::Answered { status, .. } => match status {
                401 | 403 => ErrorCode::KeyRefused,
                402 => ErrorCode::NoCredit,
                404 => ErrorCode::UnknownLanguageModel,
                413 | 429 => ErrorCode::RateLimited,
                status if is_transient_status(*status) => ErrorCode::ServerFailed,
                _ => ErrorCode::ServerRefused,
            },
            Self::Interrupted { .. } | Self::TooMuch { .. } => ErrorCode::AnswerBrokeOff,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::InvalidBaseUrl { .. } => Fault::Caller,
            Self::Answered { .. } if self.is_too_long() => Fault::Caller,
            Self::Answered { status, .. } if !is_transient_status(*status) => Fault::Caller,
            _ => Fault::Environment,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::InvalidBaseUrl { .. } => vec![Remedy::WriteScheme],
            Self::NoClient { .. } => vec![Remedy::InstallCertificates],
            Self::Unreachable { endpoint, .. } => vec![match endpoint.api {
                Api::Anthropic => Remedy::CheckConnection,
                Api::OpenAiCompatible => Remedy::StartModelServer { address: endpoint.to_string() },
            }],
            Self::Answered { .. } if self.is_too_long() => vec![Remedy::LowerBudget],
            Self::Answered { .. } if self.is_out_of_quota() => vec![Remedy::AddCredit],
            Self::Answered { endpoint, status, advice, message, .. } => {
                remedies_by_status(endpoint, *status, message, *advice)
            }
            Self::NotAStream { endpoint, .. } | Self::TooMuch { endpoint, .. } => {
                vec![endpoint.api.check_base_url()]
            }
            Self::Interrupted { .. } => vec![Remedy::AskAgain],
        }
    }
}

fn remedies_by_status(
    endpoint: &Endpoint,
    status: u16,
    message: &str,
    advice: RetryAdvice,
) -> Vec<Remedy> {
    let provider = endpoint.api.as_str();
    vec![match status {
        300..=399 => endpoint.api.check_base_url(),
        401 | 403 if endpoint.with_key => Remedy::ReplaceKey { provider },
        401 | 403 => Remedy::GiveKey { provider },
        402 => Remedy::AddCredit,
        404 => return vec![Remedy::CheckModelName, endpoint.api.check_base_url()],
        // A limit of tokens a minute that a single prompt exceeds.
        413 => Remedy::LowerBudget,
        429 if too_long::is_one_request(message) => Remedy::LowerBudget,
        429 => Remedy::Wait { time: advice.after },
        500.. => Remedy::AskLaterOrFallBack,
        _ => return Vec::new(),
    }]
}
