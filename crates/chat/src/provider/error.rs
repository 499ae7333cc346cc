//! What goes wrong between here and a language model.

use std::fmt;
use std::time::Duration;

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use thiserror::Error;

/// The status that says "overloaded", beside the standard ones.
pub(super) const OVERLOADED: u16 = 529;

/// Which network API a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// The Anthropic Messages API.
    Anthropic,
    /// The chat completions API of OpenAI and many others.
    OpenAiCompatible,
}

/// The server that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The API that it speaks.
    pub api: Api,
    /// Its base URL, without a user name or password that may have been in it.
    pub base_url: String,
    /// Whether a key was sent.
    pub with_key: bool,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base_url)
    }
}

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
pub enum ProviderError {
    /// A base URL that is none.
    #[error("the base URL of the model server is not valid: {reason}")]
    InvalidBaseUrl {
        /// What is wrong with it; not the URL itself, which may hold a password.
        reason: String,
    },
    /// The network client could not be made: the system's certificates cannot be read, for example.
    #[error("the network client cannot start")]
    NoClient(#[source] reqwest::Error),
    /// No connection, or none that lasted until the answer began.
    #[error("{endpoint} cannot be reached")]
    Unreachable {
        /// The server.
        endpoint: Endpoint,
        /// What happened.
        #[source]
        source: reqwest::Error,
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
    /// The server answered with success, but not with a stream.
    #[error("{endpoint} answered with {came} where an event stream was expected")]
    NotAStream {
        /// The server.
        endpoint: Endpoint,
        /// The content type that came.
        came: String,
    },
    /// The answer began and did not come to its end.
    #[error("the answer from {endpoint} broke off: {reason}")]
    Interrupted {
        /// The server.
        endpoint: Endpoint,
        /// What came before.
        partial: String,
        /// What happened.
        reason: String,
    },
}

impl ProviderError {
    /// Says whether the same request may succeed a little later. Never once text has come: it
    /// would come again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Interrupted { partial, .. } => partial.is_empty(),
            Self::Answered { status, advice, .. } => {
                advice.should_retry.unwrap_or(matches!(status, 408 | 409 | 429 | 500..))
            }
            Self::InvalidBaseUrl { .. } | Self::NoClient(_) | Self::NotAStream { .. } => false,
        }
    }

    /// Says whether the model has too much to do, or was asked too often, so that another may
    /// answer: limits are counted for each model.
    pub fn is_overloaded(&self) -> bool {
        matches!(self, Self::Answered { status: 429 | 503 | OVERLOADED, .. })
    }

    /// Says whether the prompt was too long for the model's window. Servers have no common code for
    /// that, so it is known by their words: those of Anthropic, OpenAI and vLLM, llama.cpp.
    pub fn is_too_long(&self) -> bool {
        const WORDS: [&str; 6] = [
            "prompt is too long",
            "exceed context limit",
            "context window",
            "maximum context length",
            "context size",
            "context_length_exceeded",
        ];
        let Self::Answered { status: 400 | 413, message, .. } = self else { return false };
        let message = message.to_lowercase();
        WORDS.iter().any(|words| message.contains(words))
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { advice, .. } => advice.after,
            _ => None,
        }
    }

    /// What came before the answer broke off.
    pub fn partial(&self) -> Option<&str> {
        match self {
            Self::Interrupted { partial, .. } if !partial.is_empty() => Some(partial),
            _ => None,
        }
    }
}

impl Diagnose for ProviderError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidBaseUrl { .. } | Self::NotAStream { .. } => ErrorCode::WrongAddress,
            Self::NoClient(_) | Self::Unreachable { .. } => ErrorCode::ServerUnreachable,
            Self::Answered { .. } if self.is_too_long() => ErrorCode::PromptTooLong,
            Self::Answered { status, .. } => match status {
                401 | 403 => ErrorCode::KeyRefused,
                402 => ErrorCode::NoCredit,
                404 => ErrorCode::UnknownLanguageModel,
                413 => ErrorCode::PromptTooLong,
                429 => ErrorCode::RateLimited,
                408 | 409 | 500.. => ErrorCode::ServerFailed,
                _ => ErrorCode::ServerRefused,
            },
            Self::Interrupted { .. } => ErrorCode::AnswerBrokeOff,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::InvalidBaseUrl { .. } => Fault::Caller,
            Self::Answered { status, .. } if !matches!(status, 408 | 409 | 429 | 500..) => {
                Fault::Caller
            }
            _ => Fault::Environment,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::InvalidBaseUrl { .. } => vec![Remedy::WriteScheme],
            Self::NoClient(_) => vec![Remedy::InstallCertificates],
            Self::Unreachable { endpoint, .. } => vec![unreachable_remedy(endpoint)],
            Self::Answered { endpoint, status, advice, .. } => {
                answered_remedies(endpoint, *status, *advice)
            }
            Self::NotAStream { endpoint, .. } => vec![address_remedy(endpoint.api)],
            Self::Interrupted { .. } => vec![Remedy::AskAgain],
        }
    }
}

fn unreachable_remedy(endpoint: &Endpoint) -> Remedy {
    match endpoint.api {
        Api::Anthropic => Remedy::CheckConnection,
        Api::OpenAiCompatible => Remedy::StartModelServer { address: endpoint.to_string() },
    }
}

fn answered_remedies(endpoint: &Endpoint, status: u16, advice: RetryAdvice) -> Vec<Remedy> {
    let provider = match endpoint.api {
        Api::Anthropic => "anthropic",
        Api::OpenAiCompatible => "openai",
    };
    vec![match status {
        401 | 403 if endpoint.with_key => Remedy::ReplaceKey { provider },
        401 | 403 => Remedy::GiveKey { provider },
        402 => Remedy::AddCredit,
        404 => return vec![Remedy::CheckModelName, address_remedy(endpoint.api)],
        413 => Remedy::LowerBudget,
        429 => Remedy::Wait { time: advice.after },
        500.. => Remedy::AskLaterOrFallBack,
        _ => return Vec::new(),
    }]
}

fn address_remedy(api: Api) -> Remedy {
    match api {
        Api::Anthropic => Remedy::CheckBaseUrl { path: "/v1/messages", usual_end: "" },
        Api::OpenAiCompatible => {
            Remedy::CheckBaseUrl { path: "/chat/completions", usual_end: "/v1" }
        }
    }
}
